//! Files in the format of age (<https://age-encryption.org/v1>): sealed for recipients, opened by identities.
//!
//! The format is the `age` crate's; what is added is a stanza that names the recipients.

mod header;
mod identities;
mod sealing;
mod sources;

pub use header::Header;
pub use identities::{Identities, IdentityError, OpenError};
pub use sealing::{Recipients, to_armored};
pub use sources::Sources;

/// First line of every age file.
const MAGIC: &str = "age-encryption.org/v1";
/// First line of an armored age file.
const ARMOR_BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
/// Kind of the stanza that names the recipients, which age itself keeps to itself. Readers pass over kinds that
/// they do not know (<https://c2sp.org/age#recipient-stanza>).
const RECIPIENTS_STANZA: &str = "mtlsgen.dev/recipients";

/// Whether `octets` begin as an age file does, binary or armored.
#[must_use]
pub fn is_age(octets: &[u8]) -> bool {
    let octets = octets.trim_ascii_start();
    octets.starts_with(MAGIC.as_bytes()) || octets.starts_with(ARMOR_BEGIN.as_bytes())
}

#[cfg(test)]
mod tests;
