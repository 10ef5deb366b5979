//! Words for names, times and octets.

use crate::pki::crl::RevocationReason;
use crate::pki::name::DistinguishedName;
use crate::time::{Seconds, Timestamp};

/// Text of others as it may stand on a terminal: control characters escaped.
pub(super) fn visible(text: &str) -> String {
    text.chars().flat_map(crate::diagnostic::visible).collect()
}

/// A name as openssl prints it with `-nameopt RFC2253`, but with letters instead of their octets.
pub(super) fn name(name: &DistinguishedName) -> String {
    let exact = name.rfc2253();
    if exact.is_empty() {
        return "(empty)".to_owned();
    }
    let mut octets = Vec::with_capacity(exact.len());
    let mut rest = exact.as_str();
    while let Some((plain, escaped)) = rest.split_once('\\') {
        octets.extend_from_slice(plain.as_bytes());
        let octet = escaped.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let length = if let Some(octet) = octet.filter(|octet| !octet.is_ascii()) {
            octets.push(octet);
            2
        } else {
            // Any other character after a backslash keeps it; it may be another one.
            let length = escaped.chars().next().map_or(0, char::len_utf8);
            octets.push(b'\\');
            octets.extend_from_slice(&escaped.as_bytes()[..length]);
            length
        };
        rest = &escaped[length..];
    }
    octets.extend_from_slice(rest.as_bytes());
    String::from_utf8(octets).map_or(exact, |letters| visible(&letters))
}

/// Why a certificate was revoked; `None` where its issuer does not say.
pub(super) fn revocation_reason(reason: RevocationReason) -> Option<&'static str> {
    Some(reason.word()).filter(|_| reason != RevocationReason::Unspecified)
}

/// A length of time in its largest sensible unit: `364 days`, `5 hours`.
pub(super) fn span(length: Seconds) -> String {
    let (count, unit) = match length.0 {
        seconds if seconds >= 2 * 86_400 => (seconds / 86_400, "day"),
        seconds if seconds >= 2 * 3_600 => (seconds / 3_600, "hour"),
        seconds if seconds >= 2 * 60 => (seconds / 60, "minute"),
        seconds => (seconds, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// How long something still lasts, or since when it is over.
pub(super) fn remaining(not_before: Timestamp, not_after: Timestamp, now: Timestamp) -> String {
    if now > not_after {
        format!("over since {}", span(now.since(not_after)))
    } else if now < not_before {
        format!("begins in {}", span(not_before.since(now)))
    } else {
        format!("{} left", span(not_after.since(now)))
    }
}

/// Octets as openssl prints identifiers: upper-case hexadecimal with colons.
pub(super) fn colons(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect::<Vec<_>>().join(":")
}

/// Names of keyUsage bits (RFC 5280, section 4.2.1.3), lowest bit first.
const KEY_USAGES: [(&str, &str); 9] = [
    ("digitalSignature", "digital signature"),
    ("nonRepudiation", "content commitment"),
    ("keyEncipherment", "key encipherment"),
    ("dataEncipherment", "data encipherment"),
    ("keyAgreement", "key agreement"),
    ("keyCertSign", "cert sign"),
    ("cRLSign", "crl sign"),
    ("encipherOnly", "encipher only"),
    ("decipherOnly", "decipher only"),
];

/// The names of key usage bits: RFC 5280's, and cert-manager's `usages`.
pub(super) fn key_usages(bits: u16) -> Vec<(&'static str, &'static str)> {
    let named = KEY_USAGES.into_iter().enumerate();
    named.filter(|(bit, _)| bits & (1 << bit) != 0).map(|(_, names)| names).collect()
}

/// The names of a purpose: RFC 5280's, and cert-manager's `usages`; the object identifier for others.
pub(super) fn purpose(purpose: &crate::pki::certificate::ExtendedKeyUsage) -> (String, String) {
    let oid = purpose.to_string();
    let (name, usage) = match oid.as_str() {
        "anyExtendedKeyUsage" => ("anyExtendedKeyUsage", "any"),
        "serverAuth" => ("serverAuth", "server auth"),
        "clientAuth" => ("clientAuth", "client auth"),
        "1.3.6.1.5.5.7.3.3" => ("codeSigning", "code signing"),
        "1.3.6.1.5.5.7.3.4" => ("emailProtection", "email protection"),
        "1.3.6.1.5.5.7.3.8" => ("timeStamping", "timestamping"),
        "1.3.6.1.5.5.7.3.9" => ("OCSPSigning", "ocsp signing"),
        other => (other, other),
    };
    (name.to_owned(), usage.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_printed_in_one_unit() {
        let cases = [
            (0, "0 seconds"),
            (1, "1 second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7_199, "119 minutes"),
            (7_200, "2 hours"),
            (86_400, "24 hours"),
            (172_800, "2 days"),
            (31_536_000, "365 days"),
        ];
        for (seconds, words) in cases {
            assert_eq!(span(Seconds(seconds)), words);
        }
        let [one, two, three] = [1_000, 2_000, 3_000].map(Timestamp::from_unix);
        assert_eq!(remaining(one, three, two), "16 minutes left");
        assert_eq!(remaining(one, two, three), "over since 16 minutes");
        assert_eq!(remaining(two, three, one), "begins in 16 minutes");
    }

    #[test]
    fn names_keep_their_letters_and_lose_what_moves_the_cursor() {
        let read = |text: &str| name(&DistinguishedName::parse(text).unwrap());
        assert_eq!(read("CN=alice, O=Example"), "CN=alice,O=Example");
        assert_eq!(read("CN=Zoë, O=Ä\\, B"), "CN=Zoë,O=Ä\\, B");
        // What would look like another attribute stays escaped, as openssl has it.
        for text in [
            r"CN=ë\\,O=B",
            r"CN=ë\,O\=B",
            r"CN=ë\+O\=B+OU=ü",
            r"CN=\\C3\\AB",
            r"CN=ëa\\",
            r"CN=\#ë",
        ] {
            let shown = read(text);
            let again = DistinguishedName::parse(&shown).unwrap();
            assert_eq!(again, DistinguishedName::parse(text).unwrap(), "{text} became {shown}");
        }
        assert_eq!(read("CN=ë\u{202e}"), "CN=ë\\u{202e}");
        assert_eq!(visible("a\u{1b}[31m\u{202e}"), "a\\u{1b}[31m\\u{202e}");
    }

    #[test]
    fn key_usages_have_both_names() {
        assert_eq!(
            key_usages(0b10_0001),
            [("digitalSignature", "digital signature"), ("keyCertSign", "cert sign")]
        );
    }
}
