//! Ledger entries: one TOML file for each certificate, never changed once written.
//!
//! Two branches that issue write two files, so they merge. Whatever is known later about a
//! certificate (its revocation) is to be a further file beside the entry, for the same reason; that
//! a certificate was superseded follows from the holder's `tls.crt`. The PEM block stands on lines
//! of its own, so that `openssl x509 -in ENTRY` reads it.

use std::fmt::{self, Write as _};

use serde::Deserialize;

use super::layout;
use crate::pki::request::{Holder, Issuer};
use crate::time::Timestamp;

/// What a ledger entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Who holds the certificate.
    pub(super) holder: Holder,
    /// Who signed it.
    pub(super) issuer: Issuer,
    /// Upper-case hexadecimal.
    pub(super) serial: String,
    /// RFC 2253.
    pub(super) subject: String,
    /// First second of validity.
    pub(super) not_before: Timestamp,
    /// Last second of validity.
    pub(super) not_after: Timestamp,
    /// When it was issued.
    pub(super) issued_at: Timestamp,
    /// SHA-256 of the public key.
    pub(super) spki: [u8; 32],
    /// SHA-256 of the certificate.
    pub(super) fingerprint: [u8; 32],
    /// PEM, with a newline at its end.
    pub(super) certificate: String,
}

impl fmt::Display for Entry {
    /// The file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuer = match &self.issuer {
            Issuer::SelfSigned => "selfSigned = true".to_owned(),
            Issuer::Authority(name) => format!("authority = {}", quoted(name)),
        };
        writeln!(f, "# A certificate that mtlsgen issued. Entries are added, never changed.")?;
        let (kind, name) = (layout::kind(&self.holder).word, quoted(self.holder.name()));
        writeln!(f, "holder = {{ kind = \"{kind}\", name = {name} }}")?;
        writeln!(f, "issuer = {{ {issuer} }}")?;
        writeln!(f, "serial = {}", quoted(&self.serial))?;
        writeln!(f, "subject = {}", quoted(&self.subject))?;
        writeln!(f, "notBefore = {}", self.not_before)?;
        writeln!(f, "notAfter = {}", self.not_after)?;
        writeln!(f, "issuedAt = {}", self.issued_at)?;
        writeln!(f, "spkiSha256 = \"{}\"", hexadecimal(&self.spki))?;
        writeln!(f, "fingerprintSha256 = \"{}\"", hexadecimal(&self.fingerprint))?;
        writeln!(f, "certificate = '''\n{}'''", self.certificate)
    }
}

/// The holder that an entry names.
///
/// # Errors
/// What makes the text no ledger entry, as the end of a sentence that starts with the file.
pub(super) fn holder(text: &str) -> Result<Holder, String> {
    let header: Header = toml::from_str(text)
        .map_err(|error| format!("is not a ledger entry: {}", error.message()))?;
    let kind = layout::KINDS.iter().find(|kind| kind.word == header.holder.kind);
    match kind {
        Some(kind) => Ok((kind.holder)(header.holder.name)),
        None => Err(format!("names a holder of the unknown kind `{}`", header.holder.kind)),
    }
}

/// What an index needs; the rest of an entry is not looked at.
#[derive(Deserialize)]
struct Header {
    holder: HolderTable,
    #[serde(rename = "certificate")]
    _certificate: String,
}

#[derive(Deserialize)]
struct HolderTable {
    kind: String,
    name: String,
}

/// A basic string of TOML, which is one of JSON with DEL escaped as well.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\x7f', "\\u007F")
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a String takes everything");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(holder: Holder) -> Entry {
        Entry {
            holder,
            issuer: Issuer::Authority("issuing".into()),
            serial: "0ABC".into(),
            subject: "CN=alice,O=\\\"My\\\" Organization".into(),
            not_before: Timestamp::from_unix(0),
            not_after: Timestamp::MAX,
            issued_at: Timestamp::from_unix(60),
            spki: [0xAB; 32],
            fingerprint: [1; 32],
            certificate: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".into(),
        }
    }

    #[test]
    fn an_entry_is_plain_toml() {
        let text = entry(Holder::Client("alice".into())).to_string();
        let table: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(table["holder"]["kind"].as_str(), Some("client"));
        assert_eq!(table["issuer"]["authority"].as_str(), Some("issuing"));
        assert_eq!(table["serial"].as_str(), Some("0ABC"));
        assert_eq!(table["subject"].as_str(), Some("CN=alice,O=\\\"My\\\" Organization"));
        assert_eq!(table["notAfter"].as_datetime().unwrap().to_string(), "9999-12-31T23:59:59Z");
        assert_eq!(table["spkiSha256"].as_str(), Some(&*"ab".repeat(32)));
        assert!(
            table["certificate"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----\n")
        );
        assert!(text.lines().any(|line| line == "-----END CERTIFICATE-----"));
    }

    #[test]
    fn a_self_signed_entry_says_so() {
        let own = Entry { issuer: Issuer::SelfSigned, ..entry(Holder::Host("a".into())) };
        let table: toml::Table = toml::from_str(&own.to_string()).unwrap();
        assert_eq!(table["issuer"]["selfSigned"].as_bool(), Some(true));
    }

    #[test]
    fn holders_come_back_whatever_they_are_called() {
        let names =
            ["alice", "", "\"", "\\", "a\nb", "\0\u{1f}\x7f\u{85}\u{2028}", "名", "'''", "#"];
        for name in names {
            for kind in &layout::KINDS {
                let holder_of = (kind.holder)(name.into());
                assert_eq!(holder(&entry(holder_of.clone()).to_string()), Ok(holder_of));
            }
        }
    }

    #[test]
    fn what_is_no_entry_says_why() {
        let text = entry(Holder::Client("alice".into())).to_string();
        let cut = &text[..text.len() - 20];
        assert!(holder(cut).unwrap_err().starts_with("is not a ledger entry: "));
        assert!(holder("").unwrap_err().contains("holder"));
        let strange = text.replace("\"client\"", "\"robot\"");
        assert_eq!(holder(&strange).unwrap_err(), "names a holder of the unknown kind `robot`");
    }
}
