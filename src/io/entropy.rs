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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::key::KeyKind;
    use crate::pki::openssl::request;
    use crate::pki::request::Usage;

    #[test]
    fn the_system_gives_different_keys_and_serials() {
        let request = request(Usage::Client, "CN=c", &[]);
        let [one, two] = [0, 1].map(|_| SystemEntropy.private_key(&request).unwrap());
        assert_eq!(one.kind(), Some(KeyKind::EcdsaP256));
        assert_ne!(one.spki_hash(), two.spki_hash());
        let serials: std::collections::BTreeSet<_> =
            (0..1000).map(|_| SystemEntropy.serial(&request).0).collect();
        assert_eq!(serials.len(), 1000);
        assert_eq!(SystemEntropy.serial(&request).to_string().len(), 32);
        assert!(serials.iter().all(|octets| octets.len() == 16 && (1..=0x7F).contains(&octets[0])));
    }
}
