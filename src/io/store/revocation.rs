//! Revocations: a TOML file beside the ledger entry, `SERIAL.revoked-HASH.toml`, never changed.
//!
//! HASH is that of its content: two branches that revoke one certificate, each with its own words, write two
//! files, which merge. Of several for one certificate the earliest counts.

use std::fmt::Write as _;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::layout;
use super::ledger::quoted;
use crate::pki::crl::RevocationReason;
use crate::pki::request::{Holder, Issuer, SerialNumber};
use crate::store::{NewRevocation, Revocation};
use crate::time::Timestamp;

/// Separates serial and hash in the names of these files.
const MARK: &str = ".revoked-";
/// Octets of the hash in a name.
const HASH_LENGTH: usize = 8;

/// Path below the store, and text, of the file of `new`.
pub(super) fn file(new: &NewRevocation) -> (String, String) {
    let text = text(&new.revocation);
    let mut hash = String::new();
    for octet in &Sha256::digest(text.as_bytes())[..HASH_LENGTH] {
        write!(hash, "{octet:02x}").expect("a String takes everything");
    }
    let issuer = Issuer::Authority(new.authority.clone());
    let ledger = layout::ledger_folder(&issuer, &Holder::Authority(new.authority.clone()));
    let name = format!("{}{MARK}{hash}{}", new.serial, layout::ENTRY_EXTENSION);
    (format!("{ledger}/{name}"), text)
}

fn text(revocation: &Revocation) -> String {
    let mut text = format!(
        "# A certificate that was revoked, beside its entry. Such files are added, never changed.\n\
         reason = \"{}\"\nrevokedAt = {}\n",
        revocation.reason, revocation.at
    );
    if let Some(comment) = &revocation.comment {
        writeln!(text, "comment = {}", quoted(comment)).expect("a String takes everything");
    }
    text
}

/// The serial that a file of that name is about; `None` for other files.
pub(super) fn serial(name: &str) -> Option<SerialNumber> {
    let (serial, hash) = name.strip_suffix(layout::ENTRY_EXTENSION)?.split_once(MARK)?;
    let is_hash = hash.len() == 2 * HASH_LENGTH
        && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let number = SerialNumber::from_hexadecimal(serial).filter(|_| is_hash)?;
    (number.to_string() == serial).then_some(number)
}

/// What a file says.
///
/// # Errors
/// What makes the text no revocation, as the end of a sentence that starts with the file.
pub(super) fn read(text: &str) -> Result<Revocation, String> {
    let table: Table = toml::from_str(text)
        .map_err(|error| format!("is not a revocation: {}", error.message()))?;
    let reason = RevocationReason::of_word(&table.reason)
        .ok_or_else(|| format!("names the unknown reason `{}`", table.reason.escape_debug()))?;
    let at = Timestamp::parse(&table.revoked_at.to_string())
        .ok_or("is not a revocation: `revokedAt` cannot be read")?;
    Ok(Revocation { at, reason, comment: table.comment })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Table {
    reason: String,
    revoked_at: toml::value::Datetime,
    comment: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(comment: Option<&str>) -> NewRevocation {
        let revocation = Revocation {
            at: Timestamp::from_unix(60),
            reason: RevocationReason::KeyCompromise,
            comment: comment.map(str::to_owned),
        };
        NewRevocation {
            authority: "issuing".into(),
            serial: SerialNumber(vec![0x0A, 0xBC]),
            holder: None,
            revocation,
        }
    }

    #[test]
    fn revocations_come_back_with_any_comment() {
        for comment in [None, Some(""), Some("laptop stolen\n\"'''\u{7f}\0名")] {
            let new = new(comment);
            let (path, text) = file(&new);
            let name = path.strip_prefix("cas/issuing/ledger/").unwrap();
            assert!(name.starts_with("0ABC.revoked-"), "{name}");
            assert_eq!(serial(name), Some(new.serial));
            assert_eq!(read(&text), Ok(new.revocation));
        }
        assert_ne!(file(&new(None)).0, file(&new(Some("x"))).0);
    }

    #[test]
    fn other_files_are_none() {
        for name in [
            "0ABC.toml",
            "0ABC.revoked.toml",
            "0ABC.revoked-0011223344556677.toml.orig",
            "0abc.revoked-0011223344556677.toml",
            "0ABC.revoked-00112233445566zz.toml",
            "x.revoked-0011223344556677.toml",
        ] {
            assert_eq!(serial(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_no_revocation_says_why() {
        let (_, text) = file(&new(None));
        assert!(read("<<<<<<< HEAD\n").unwrap_err().starts_with("is not a revocation"));
        assert!(read(&text[..text.len() - 20]).is_err());
        assert!(read(&format!("{text}more = 1\n")).unwrap_err().contains("more"));
        let strange = text.replace("keyCompromise", "removeFromCRL");
        assert_eq!(read(&strange).unwrap_err(), "names the unknown reason `removeFromCRL`");
    }
}
