//! Files as people may see them in a diff: certificates and revocation lists as facts, private keys as fingerprints.

use std::fmt::Write as _;

use super::redaction::{Content, Facts, Reader, decode, replace_base64};
use crate::diagnostic::visible_lines;
use crate::manifest::data::PublicPem;
use crate::pki::certificate::Certificate;
use crate::pki::crl::RevocationList;
use crate::pki::key::PrivateKey;

/// Who wrote a file, and whether it holds a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It holds none.
    Public,
    /// It does, and a built-in template printed it just now, with as much of the key as is to be seen.
    AsMade,
    /// It does, and any user may have changed it.
    Sensitive,
}

/// Shows a file: no private key, certificates as facts. Of one with a key, only what is known to be public.
pub fn readable(text: &str, origin: Origin) -> String {
    READER.readable(text, origin)
}

/// The octets of a Secret with fingerprints (`spki-sha256:` and hexadecimal digits, or `unreadable`) in the
/// place of private keys, and with marks in the place of everything that may be one; certificates stay. What is as made
/// shows fingerprints already.
pub fn fingerprinted(octets: &[u8], is_as_made: bool) -> String {
    let text = String::from_utf8_lossy(octets);
    if is_as_made { READER.hide_outside(&text) } else { READER.hide_secrets(&text) }
}

/// A manifest for a person's terminal: private keys, in PEM or base64 of it, become fingerprints,
/// wherever a patch or a template has put them. All else stays.
pub fn mask_keys(text: &str) -> String {
    let mask = |line| {
        replace_base64(line, |run| match READER.content(run) {
            Content::Key(fingerprint) => Some(fingerprint),
            Content::Public(_) | Content::Other => None,
        })
    };
    READER.hide_pem_keys(text).split_inclusive('\n').map(mask).collect()
}

const READER: Reader = Reader { facts: facts_of, key: key_fingerprint };

fn key_fingerprint(pem: &[u8]) -> Option<String> {
    let hash = PrivateKey::from_pem(pem).ok()?.spki_hash();
    Some(hexadecimal(&hash.0, "", false))
}

fn facts_of(what: PublicPem, pem: &[u8]) -> Option<Facts> {
    match what {
        PublicPem::Certificates => {
            Some(Certificate::from_pem(pem).ok()?.iter().map(facts).collect())
        }
        PublicPem::RevocationLists => {
            Some(RevocationList::from_pem(pem).ok()?.iter().map(list_facts).collect())
        }
    }
}

fn list_facts(list: &RevocationList) -> Vec<String> {
    let number = list.number.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
    vec![
        format!("issuer       {}", list.issuer.rfc2253()),
        format!("number       {number}"),
        format!("valid        {} to {}", list.this_update, list.end()),
        format!("revoked      {}", counted(list.revoked.len(), "certificate")),
        format!("fingerprint  {}", hexadecimal(&list.fingerprint().0, ":", true)),
    ]
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn facts(certificate: &Certificate) -> Vec<String> {
    let names = &certificate.names;
    let all: Vec<_> = names
        .dns
        .iter()
        .cloned()
        .chain(names.ip.iter().map(ToString::to_string))
        .chain(names.email.iter().cloned())
        .chain(names.uri.iter().cloned())
        .collect();
    let mut facts = vec![
        format!("subject      {}", certificate.subject.rfc2253()),
        format!("issuer       {}", certificate.issuer.rfc2253()),
        format!("serial       {}", certificate.serial),
        format!("valid        {} to {}", certificate.not_before, certificate.not_after),
        format!("fingerprint  {}", hexadecimal(&certificate.fingerprint().0, ":", true)),
    ];
    if !all.is_empty() {
        facts.insert(1, format!("names        {}", all.join(", ")));
    }
    facts
}

fn hexadecimal(bytes: &[u8], separator: &str, upper: bool) -> String {
    let octet = |b: &u8| if upper { format!("{b:02X}") } else { format!("{b:02x}") };
    bytes.iter().map(octet).collect::<Vec<_>>().join(separator)
}

impl Reader {
    /// See the function of that name.
    pub fn readable(&self, text: &str, origin: Origin) -> String {
        let hidden = match origin {
            Origin::Public => self.hide_pem_keys(text),
            Origin::AsMade => self.hide_outside(text),
            Origin::Sensitive => self.hide_secrets(text),
        };
        let lines = hidden.split_inclusive('\n').map(|line| self.readable_line(line));
        visible_lines(&lines.collect::<String>())
    }

    /// A line with keys as fingerprints, and the facts of its certificates or lists below it.
    fn readable_line(&self, line: &str) -> String {
        let indent = line.len() - line.trim_start().len() + 2;
        let mut below = String::new();
        let shown = replace_base64(line, |run| match self.content(run) {
            Content::Key(fingerprint) => Some(fingerprint),
            Content::Public(what) => {
                let all = (self.facts)(what, &decode(run)?)?;
                let what = match what {
                    PublicPem::Certificates => "certificate",
                    PublicPem::RevocationLists => "revocation list",
                };
                below += &fact_lines(&all, what, indent);
                Some(format!("[{}]", counted(all.len(), what)))
            }
            Content::Other => None,
        });
        let newline = if below.is_empty() || shown.ends_with('\n') { "" } else { "\n" };
        format!("{shown}{newline}{below}")
    }
}

fn fact_lines(all: &[Vec<String>], what: &str, indent: usize) -> String {
    let mut lines = String::new();
    for (at, facts) in all.iter().enumerate() {
        let _ = writeln!(lines, "{:indent$}# {what} {} of {}", "", at + 1, all.len());
        for fact in facts {
            let _ = writeln!(lines, "{:indent$}#   {fact}", "");
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    use super::super::redaction::tests::{
        KEY_BODY, READER, certificate_base64, fingerprint, key_pem,
    };
    use super::*;

    #[test]
    fn public_files_show_everything_but_keys() {
        let digest = "image: httpd@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n";
        assert_eq!(READER.readable(digest, Origin::Public), digest);
        let hidden = READER.readable(
            &format!("x: {}\n", BASE64_STANDARD.encode(key_pem(KEY_BODY))),
            Origin::Public,
        );
        assert_eq!(hidden, format!("x: {}\n", fingerprint(KEY_BODY)));
        assert!(!READER.readable(&key_pem(KEY_BODY), Origin::Public).contains(KEY_BODY));
    }

    #[test]
    fn certificates_are_shown_as_facts() {
        let text = format!("data:\n  ca.crt: {}\ntype: Opaque\n", certificate_base64());
        let expected = "data:\n  ca.crt: [1 certificate]\n    # certificate 1 of 1\n    #   subject CN=a\ntype: Opaque\n";
        assert_eq!(READER.readable(&text, Origin::Public), expected);
        assert_eq!(READER.readable(&text, Origin::Sensitive), expected);
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(READER.readable("a\u{1b}[2Jb\tc\r\n", Origin::Public), "a\\u{1b}[2Jb\tc\\r\n");
    }

    #[test]
    fn keys_have_the_hash_that_the_pki_gives() {
        let key = PrivateKey::from_pem(key_pem(KEY_BODY).as_bytes()).unwrap();
        let hash = hexadecimal(&key.spki_hash().0, "", false);
        let text = format!("data:\n  tls.key: {}\n", BASE64_STANDARD.encode(key_pem(KEY_BODY)));
        assert_eq!(
            fingerprinted(text.as_bytes(), false),
            format!("data:\n  tls.key: spki-sha256:{hash}\n")
        );
    }
}
