//! The system's randomness, for keys, serial numbers and passwords.
#![expect(clippy::disallowed_methods, reason = "this is where randomness enters")]

use crate::pki::issue::Entropy;
use crate::pki::key::{KeyError, PrivateKey};
use crate::pki::request::{CertificateRequest, SerialNumber};

/// Takes keys and serial numbers from the system's random number generator, through aws-lc.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

/// Fills `octets` at random: salts, initialization vectors, passwords.
#[expect(clippy::missing_panics_doc, reason = "aws-lc ends the process instead")]
pub fn fill(octets: &mut [u8]) {
    aws_lc_rs::rand::fill(octets)
        .expect("aws-lc ends the process where the system has no randomness");
}

impl Entropy for SystemEntropy {
    fn private_key(&self, request: &CertificateRequest) -> Result<PrivateKey, KeyError> {
        PrivateKey::generate(request.key_kind)
    }

    /// Draws 16 octets without the highest bit until the first is from 1 to 127: positive, and of the
    /// same length for all.
    fn serial(&self, _request: &CertificateRequest) -> SerialNumber {
        let mut octets = [0; 16];
        loop {
            aws_lc_rs::rand::fill(&mut octets)
                .expect("aws-lc ends the process where the system has no randomness");
            octets[0] &= 0x7F;
            if octets[0] != 0 {
                return SerialNumber(octets.to_vec());
            }
        }
    }
}
