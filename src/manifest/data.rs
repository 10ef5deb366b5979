//! Values of Secrets and of `ConfigMap`s.

use serde_json::Value;
use zeroize::Zeroizing;

use crate::octets;

/// Keys and values of a Secret or a `ConfigMap`, each with whether it is base64; none of other objects. Where a key is in both
/// fields, the later value counts (`stringData`, Secret API).
pub fn entries(object: &Value) -> impl Iterator<Item = (&str, &Value, bool)> {
    let fields: &[(&str, bool)] = match object["kind"].as_str() {
        Some("Secret") => &[("data", true), ("stringData", false)],
        Some("ConfigMap") => &[("binaryData", true), ("data", false)],
        _ => &[],
    };
    fields.iter().flat_map(|(field, is_base64)| {
        let entries = object[*field].as_object().into_iter().flatten();
        entries.map(|(key, value)| (key.as_str(), value, *is_base64))
    })
}

/// Whether a value of a Secret is public by its name: certificates of authorities, and revocation lists.
#[must_use]
pub fn is_public(name: &str) -> bool {
    matches!(name, "ca.crt" | "ca.crl")
}

/// Whether a text in PEM has certificates, and nothing that is not one.
#[must_use]
pub fn is_certificates(pem: &str) -> bool {
    let blocks = pem.matches("-----BEGIN ").count();
    let certificates = pem.matches("-----BEGIN CERTIFICATE-----").count();
    blocks > 0 && blocks == certificates && pem.starts_with("-----BEGIN ")
}

/// What a text in PEM holds that everyone may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicPem {
    /// Certificates, and nothing that is not one.
    Certificates,
    /// Revocation lists, and nothing that is not one.
    RevocationLists,
}

/// What a text in PEM holds, if everyone may see all of it.
#[must_use]
pub fn public_pem(pem: &str) -> Option<PublicPem> {
    let blocks = pem.matches("-----BEGIN ").count();
    let lists = pem.matches("-----BEGIN X509 CRL-----").count();
    if is_certificates(pem) {
        Some(PublicPem::Certificates)
    } else if blocks > 0 && blocks == lists && pem.starts_with("-----BEGIN ") {
        Some(PublicPem::RevocationLists)
    } else {
        None
    }
}

/// The octets of a value, as the API server reads it: line ends in base64 are passed over (Go's `encoding/base64`). `None`
/// if it is not base64.
#[must_use]
pub fn decoded(text: &str, is_base64: bool) -> Option<Zeroizing<Vec<u8>>> {
    if is_base64 {
        return octets::decoded(text.as_bytes());
    }
    Some(Zeroizing::new(text.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_read_as_the_api_server_reads_them() {
        let read = |text: &str| decoded(text, true).map(|octets| octets.to_vec());
        assert_eq!(read("YWJj\r\nZA==\n"), Some(b"abcd".to_vec()));
        assert_eq!(read(""), Some(Vec::new()));
        for wrong in ["YWJj ZA==", "YWJjZA", "YW-_", "\tYWJj"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
        assert_eq!(&**decoded("YWJj", false).unwrap(), b"YWJj");
    }

    #[test]
    fn both_fields_of_both_kinds_are_entries() {
        let of = |object: Value| {
            let all = entries(&object).map(|(key, _, is_base64)| (key.to_owned(), is_base64));
            all.collect::<Vec<_>>()
        };
        let both = json!({"kind": "Secret", "data": {"a": "x"}, "stringData": {"b": "y"}});
        assert_eq!(of(both), [("a".to_owned(), true), ("b".to_owned(), false)]);
        let both = json!({"kind": "ConfigMap", "data": {"a": "x"}, "binaryData": {"b": "y"}});
        assert_eq!(of(both), [("b".to_owned(), true), ("a".to_owned(), false)]);
        assert!(of(json!({"kind": "Pod", "data": {"a": "x"}})).is_empty());
    }
}
