//! Ledger entries: one TOML file for each certificate, never changed once written.
//!
//! Two branches that issue write two files, so they merge. That a certificate was revoked is a further
//! file beside the entry ([`super::revocation`]), for the same reason; that it was superseded follows
//! from the holder's `tls.crt`. The PEM block has lines of its own, so that
//! `openssl x509 -in ENTRY` reads it.

use std::fmt::{self, Write as _};

use serde::Deserialize;

use super::layout;
use crate::pki::certificate::Fingerprint;
use crate::pki::key::SpkiHash;
use crate::pki::request::{Holder, Issuer, SerialNumber};
use crate::store::LedgerEntry;
use crate::time::Timestamp;

/// Explains the file to users.
const FIRST_LINE: &str = "# A certificate that mtlsgen issued. Entries are added, never changed.";

/// A ledger entry, as a file.
pub(super) struct Entry<'a>(pub(super) &'a LedgerEntry);

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(entry) = self;
        let issuer = match &entry.issuer {
            Issuer::SelfSigned => "selfSigned = true".to_owned(),
            Issuer::Authority(name) => format!("authority = {}", quoted(name)),
        };
        writeln!(f, "{FIRST_LINE}")?;
        let (kind, name) = (layout::kind(&entry.holder).word, quoted(entry.holder.name()));
        writeln!(f, "holder = {{ kind = \"{kind}\", name = {name} }}")?;
        writeln!(f, "issuer = {{ {issuer} }}")?;
        writeln!(f, "serial = {}", quoted(&entry.serial.to_string()))?;
        writeln!(f, "subject = {}", quoted(&entry.subject))?;
        writeln!(f, "notBefore = {}", entry.not_before)?;
        writeln!(f, "notAfter = {}", entry.not_after)?;
        writeln!(f, "issuedAt = {}", entry.issued_at)?;
        writeln!(f, "spkiSha256 = \"{}\"", hexadecimal(&entry.spki_hash.0))?;
        writeln!(f, "fingerprintSha256 = \"{}\"", hexadecimal(&entry.fingerprint.0))?;
        writeln!(f, "certificate = '''\n{}'''", entry.certificate)
    }
}

/// The holder that an entry names; the rest of it is not looked at.
///
/// # Errors
/// What makes the text no ledger entry, as the end of a sentence that starts with the file.
pub(super) fn holder(text: &str) -> Result<Holder, String> {
    let header: Header = toml::from_str(text).map_err(not_an_entry)?;
    header.holder.read()
}

/// A whole entry.
///
/// # Errors
/// What makes the text no ledger entry, as the end of a sentence that starts with the file.
pub(super) fn read(text: &str) -> Result<LedgerEntry, String> {
    as_written(text).map_or_else(|| as_toml(text), Ok)
}

/// An entry that is just as [`Entry`] writes it: ten thousand of them are read before every render, and
/// this is ten times as fast as TOML in general.
fn as_written(text: &str) -> Option<LedgerEntry> {
    let mut rest = text.strip_prefix(FIRST_LINE)?.strip_prefix('\n')?;
    let mut line = |key: &str| {
        let (line, after) = rest.split_once('\n')?;
        rest = after;
        line.strip_prefix(key)?.strip_prefix(" = ")
    };
    let unquoted = |text: &str| serde_json::from_str::<String>(text).ok();
    let hash = |text: &str| octets(text.strip_prefix('"')?.strip_suffix('"')?);
    let holder = line("holder")?.strip_prefix("{ kind = \"")?.strip_suffix(" }")?;
    let (kind, name) = holder.split_once("\", name = ")?;
    let holder = HolderTable { kind: kind.to_owned(), name: unquoted(name)? }.read().ok()?;
    let issuer = match line("issuer")?.strip_prefix("{ ")?.strip_suffix(" }")? {
        "selfSigned = true" => Issuer::SelfSigned,
        other => Issuer::Authority(unquoted(other.strip_prefix("authority = ")?)?),
    };
    Some(LedgerEntry {
        holder,
        issuer,
        serial: SerialNumber::from_hexadecimal(&unquoted(line("serial")?)?)?,
        subject: unquoted(line("subject")?)?,
        not_before: Timestamp::parse(line("notBefore")?)?,
        not_after: Timestamp::parse(line("notAfter")?)?,
        issued_at: Timestamp::parse(line("issuedAt")?)?,
        spki_hash: SpkiHash(hash(line("spkiSha256")?)?),
        fingerprint: Fingerprint(hash(line("fingerprintSha256")?)?),
        certificate: rest
            .strip_prefix("certificate = '''\n")?
            .strip_suffix("'''\n")
            .filter(|pem| pem.is_ascii() && !pem.contains('\''))?
            .to_owned(),
    })
}

/// An entry in a layout other than mtlsgen's.
fn as_toml(text: &str) -> Result<LedgerEntry, String> {
    let table: Table = toml::from_str(text).map_err(not_an_entry)?;
    let unreadable = |what: &str| format!("is not a ledger entry: `{what}` cannot be read");
    let time = |value: toml::value::Datetime, what| {
        Timestamp::parse(&value.to_string()).ok_or_else(|| unreadable(what))
    };
    let hash = |text: &str, what| octets(text).ok_or_else(|| unreadable(what));
    Ok(LedgerEntry {
        holder: table.holder.read()?,
        issuer: match table.issuer {
            IssuerTable { authority: Some(name), self_signed: false } => Issuer::Authority(name),
            IssuerTable { authority: None, self_signed: true } => Issuer::SelfSigned,
            IssuerTable { .. } => return Err(unreadable("issuer")),
        },
        serial: SerialNumber::from_hexadecimal(&table.serial)
            .ok_or_else(|| unreadable("serial"))?,
        subject: table.subject,
        not_before: time(table.not_before, "notBefore")?,
        not_after: time(table.not_after, "notAfter")?,
        issued_at: time(table.issued_at, "issuedAt")?,
        spki_hash: SpkiHash(hash(&table.spki_sha256, "spkiSha256")?),
        fingerprint: Fingerprint(hash(&table.fingerprint_sha256, "fingerprintSha256")?),
        certificate: table.certificate,
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn not_an_entry(error: toml::de::Error) -> String {
    format!("is not a ledger entry: {}", error.message())
}

/// What an index needs.
#[derive(Deserialize)]
struct Header {
    holder: HolderTable,
    #[serde(rename = "certificate")]
    _certificate: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    holder: HolderTable,
    issuer: IssuerTable,
    serial: String,
    subject: String,
    not_before: toml::value::Datetime,
    not_after: toml::value::Datetime,
    issued_at: toml::value::Datetime,
    spki_sha256: String,
    fingerprint_sha256: String,
    certificate: String,
}

#[derive(Deserialize)]
struct HolderTable {
    kind: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IssuerTable {
    authority: Option<String>,
    #[serde(default)]
    self_signed: bool,
}

impl HolderTable {
    fn read(self) -> Result<Holder, String> {
        match layout::KINDS.iter().find(|kind| kind.word == self.kind) {
            Some(kind) => Ok((kind.holder)(self.name)),
            None => Err(format!("names a holder of the unknown kind `{}`", self.kind)),
        }
    }
}

/// A basic string of TOML, which is one of JSON with DEL escaped as well.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\x7f', "\\u007F")
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a String takes everything");
    }
    text
}

fn octets(text: &str) -> Option<[u8; 32]> {
    let mut octets = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, octet) in octets.iter_mut().enumerate() {
        *octet = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(holder: Holder) -> LedgerEntry {
        LedgerEntry {
            holder,
            issuer: Issuer::Authority("issuing".into()),
            serial: SerialNumber(vec![0x0A, 0xBC]),
            subject: "CN=alice,O=\\\"My\\\" Organization".into(),
            not_before: Timestamp::from_unix(0),
            not_after: Timestamp::MAX,
            issued_at: Timestamp::from_unix(60),
            spki_hash: SpkiHash([0xAB; 32]),
            fingerprint: Fingerprint([1; 32]),
            certificate: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".into(),
        }
    }

    #[test]
    fn an_entry_is_plain_toml() {
        let text = Entry(&entry(Holder::Client("alice".into()))).to_string();
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
        let own = LedgerEntry { issuer: Issuer::SelfSigned, ..entry(Holder::Host("a".into())) };
        let text = Entry(&own).to_string();
        assert_eq!(read(&text), Ok(own));
        let table: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(table["issuer"]["selfSigned"].as_bool(), Some(true));
    }

    #[test]
    fn holders_come_back_with_any_name() {
        let names =
            ["alice", "", "\"", "\\", "a\nb", "\0\u{1f}\x7f\u{85}\u{2028}", "名", "'''", "#"];
        for name in names {
            for kind in &layout::KINDS {
                let holder_of = (kind.holder)(name.into());
                let entry = entry(holder_of.clone());
                let text = Entry(&entry).to_string();
                assert_eq!(holder(&text), Ok(holder_of));
                assert_eq!(as_written(&text).as_ref(), Some(&entry));
                assert_eq!(as_toml(&text).as_ref(), Ok(&entry));
                let edited = text.replace("serial =", "serial  =");
                assert_eq!((as_written(&edited), read(&edited)), (None, Ok(entry)));
            }
        }
    }

    #[test]
    fn what_is_no_entry_says_why() {
        let text = Entry(&entry(Holder::Client("alice".into()))).to_string();
        let cut = &text[..text.len() - 20];
        assert!(holder(cut).unwrap_err().starts_with("is not a ledger entry: "));
        assert!(holder("").unwrap_err().contains("holder"));
        let strange = text.replace("\"client\"", "\"robot\"");
        assert_eq!(holder(&strange).unwrap_err(), "names a holder of the unknown kind `robot`");
        assert_eq!(read(&strange).unwrap_err(), "names a holder of the unknown kind `robot`");
        for (from, to, what) in [
            ("\"0ABC\"", "\"zz\"", "serial"),
            ("authority = \"issuing\"", "", "issuer"),
            ("spkiSha256 = \"ab", "spkiSha256 = \"é", "spkiSha256"),
        ] {
            assert!(text.contains(from), "{from}");
            let error = read(&text.replace(from, to)).map(drop);
            assert!(error.unwrap_err().contains(&format!("`{what}` cannot be read")), "{what}");
        }
    }
}
