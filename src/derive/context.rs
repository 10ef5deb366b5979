//! Octets from the seed, each for one purpose: HKDF with SHA-256 (RFC 5869).
//!
//! The salt names this version of the derivation. Its purpose is in `info` as a list of fields, each behind
//! its length (32 bits, big-endian), so that no two purposes have the same. Nothing here may ever change: a change
//! would be another salt, and another value of `store.kind`.

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use zeroize::Zeroizing;

use super::seed::Seed;
use crate::pki::key::sha256;
use crate::pki::request::Holder;

/// What every derivation of this version begins with.
const VERSION: &[u8] = b"mtlsgen derived v1";

/// The seed, ready to derive from.
pub struct Root(Prk);

/// How many octets are wanted.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl Root {
    /// Extracts.
    #[must_use]
    pub fn of(seed: &Seed) -> Self {
        Self(Salt::new(HKDF_SHA256, VERSION).extract(seed.octets()))
    }

    /// Expands to `length` octets, 8160 at most, for the purpose that the fields name.
    #[must_use]
    pub fn octets(&self, fields: &[&[u8]], length: usize) -> Zeroizing<Vec<u8>> {
        let mut octets = Zeroizing::new(vec![0; length]);
        let info = joined(fields);
        let info = [info.as_slice()];
        let expanded = self.0.expand(&info, Length(length));
        expanded
            .and_then(|expanded| expanded.fill(&mut octets))
            .expect("HKDF gives up to 255 times 32 octets");
        octets
    }
}

/// A hash without any secret, of fields in the same form.
pub fn public_hash(fields: &[&[u8]]) -> [u8; 32] {
    sha256(&[VERSION, &joined(fields)].concat())
}

/// Each field behind its length.
fn joined(fields: &[&[u8]]) -> Vec<u8> {
    let mut joined = Vec::new();
    for field in fields {
        let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
        joined.extend_from_slice(&length.to_be_bytes());
        joined.extend_from_slice(field);
    }
    joined
}

/// The word for a kind of holder.
pub fn kind(holder: &Holder) -> &'static [u8] {
    match holder {
        Holder::Authority(_) => b"authority",
        Holder::Host(_) => b"host",
        Holder::Client(_) => b"client",
    }
}
