//! Keys from passwords: PKCS#12's own way (RFC 7292, appendix B) and PBKDF2 (RFC 8018).

use std::num::NonZeroU32;

use aws_lc_rs::digest::{self, Algorithm};
use aws_lc_rs::pbkdf2;
use x509_cert::der::asn1::ObjectIdentifier;
use zeroize::Zeroizing;

use super::{Pkcs12Error, object_identifier as oid};

/// More rounds than any file needs, except one that is made to keep the machine busy.
const MOST_ROUNDS: u32 = 10_000_000;
/// The same for all that is in one file: a file may have any number of bags.
const MOST_IN_FILE: u32 = 12_000_000;

/// Rounds that one file may still ask for.
pub(super) struct Allowance(u32);

impl Allowance {
    pub(super) fn new() -> Self {
        Self(MOST_IN_FILE)
    }
}

/// What a derived key is for (RFC 7292, appendix B.3).
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Encryption = 1,
    InitializationVector = 2,
    Mac = 3,
}

/// Salt and number of rounds.
pub(super) struct Derivation {
    pub(super) salt: Vec<u8>,
    pub(super) rounds: NonZeroU32,
}

impl Derivation {
    /// What a file asks for.
    pub(super) fn asked(
        salt: Vec<u8>,
        rounds: u32,
        allowance: &mut Allowance,
    ) -> Result<Self, Pkcs12Error> {
        let derivation = Self::new(salt, rounds)?;
        allowance.0 = allowance.0.checked_sub(derivation.rounds.get()).ok_or_else(|| {
            let all = format!("more than {MOST_IN_FILE} rounds of key derivation in one file");
            Pkcs12Error::Unsupported(all)
        })?;
        Ok(derivation)
    }

    pub(super) fn new(salt: Vec<u8>, rounds: u32) -> Result<Self, Pkcs12Error> {
        let rounds = NonZeroU32::new(rounds.max(1)).filter(|rounds| rounds.get() <= MOST_ROUNDS);
        let rounds = rounds.ok_or_else(|| {
            Pkcs12Error::Unsupported(format!("more than {MOST_ROUNDS} rounds of key derivation"))
        })?;
        Ok(Self { salt, rounds })
    }

    /// PKCS#12's own derivation from a password in UTF-16 with its terminator.
    pub(super) fn pkcs12(
        &self,
        hash: &'static Algorithm,
        password: &[u8],
        purpose: Purpose,
        length: usize,
    ) -> Zeroizing<Vec<u8>> {
        let block = hash.block_len();
        let diversifier = vec![purpose as u8; block];
        let mut input = Zeroizing::new(stretched(&self.salt, block));
        input.extend_from_slice(&Zeroizing::new(stretched(password, block)));
        let mut key = Zeroizing::new(Vec::with_capacity(length + hash.output_len()));
        while key.len() < length {
            let mut sum =
                digest::digest(hash, &Zeroizing::new([&diversifier[..], &input].concat()));
            for _ in 1..self.rounds.get() {
                sum = digest::digest(hash, sum.as_ref());
            }
            key.extend_from_slice(sum.as_ref());
            add_to_blocks(&mut input, sum.as_ref(), block);
        }
        key.truncate(length);
        key
    }

    /// PBKDF2.
    pub(super) fn pbkdf2(
        &self,
        function: pbkdf2::Algorithm,
        password: &[u8],
        length: usize,
    ) -> Zeroizing<Vec<u8>> {
        let mut key = Zeroizing::new(vec![0; length]);
        pbkdf2::derive(function, self.rounds, &self.salt, password, &mut key);
        key
    }
}

/// `text` repeated to a multiple of `block`; nothing stays nothing.
fn stretched(text: &[u8], block: usize) -> Vec<u8> {
    text.iter().copied().cycle().take(text.len().div_ceil(block) * block).collect()
}

/// Adds `sum`, repeated to a block, and one to each block of `input`, as big-endian numbers.
fn add_to_blocks(input: &mut [u8], sum: &[u8], block: usize) {
    let addend: Zeroizing<Vec<u8>> =
        Zeroizing::new(sum.iter().copied().cycle().take(block).collect());
    for block in input.chunks_exact_mut(block) {
        let mut carry = 1;
        for (octet, add) in block.iter_mut().zip(addend.iter()).rev() {
            let total = u16::from(*octet) + u16::from(*add) + carry;
            *octet = total.to_be_bytes()[1];
            carry = total >> 8;
        }
    }
}

/// The hash function of a MAC, with its name.
pub(super) fn hash(
    named: ObjectIdentifier,
) -> Result<(&'static Algorithm, &'static str), Pkcs12Error> {
    match named {
        oid::SHA1 => Ok((&digest::SHA1_FOR_LEGACY_USE_ONLY, "SHA-1")),
        oid::SHA256 => Ok((&digest::SHA256, "SHA-256")),
        oid::SHA384 => Ok((&digest::SHA384, "SHA-384")),
        oid::SHA512 => Ok((&digest::SHA512, "SHA-512")),
        other => Err(Pkcs12Error::Unsupported(format!("the hash function `{other}`"))),
    }
}

/// The pseudorandom function of PBKDF2.
pub(super) fn pseudorandom(named: ObjectIdentifier) -> Result<pbkdf2::Algorithm, Pkcs12Error> {
    match named {
        oid::HMAC_SHA1 => Ok(pbkdf2::PBKDF2_HMAC_SHA1),
        oid::HMAC_SHA256 => Ok(pbkdf2::PBKDF2_HMAC_SHA256),
        oid::HMAC_SHA384 => Ok(pbkdf2::PBKDF2_HMAC_SHA384),
        oid::HMAC_SHA512 => Ok(pbkdf2::PBKDF2_HMAC_SHA512),
        other => Err(Pkcs12Error::Unsupported(format!("PBKDF2 with the function `{other}`"))),
    }
}
