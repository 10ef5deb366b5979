//! Certificates that are admitted by name or hash (`verifyCertificate` of Envoy's
//! `source/common/tls/cert_validator/default_validator.cc`).

use regex_lite::Regex;

use crate::enforcement::clients::{Comparison, NameKind, NamePin, Pins};
use crate::pki::certificate::Certificate;

/// Whether a certificate fits: one of the names, and one of the hashes, where there are some. `None`: it need not exist, and has
/// none of them.
pub(super) fn fits(pins: &Pins, certificate: Option<&Certificate>) -> bool {
    let Pins { names, hashes, keys } = pins;
    let has_name =
        names.is_empty() || certificate.is_some_and(|own| names.iter().any(|pin| has(pin, own)));
    let has_hash = hashes.is_empty() && keys.is_empty()
        || certificate.is_some_and(|own| {
            hashes.contains(&own.fingerprint()) || keys.contains(&own.spki_hash)
        });
    has_name && has_hash
}

/// Whether a certificate has that name, or may have it: names of other kinds are not read.
fn has(NamePin { kind, comparison, text }: &NamePin, certificate: &Certificate) -> bool {
    let names = &certificate.names;
    let is_it = |name: &str| match comparison {
        Comparison::Exact => name == text,
        Comparison::Prefix => name.starts_with(text.as_str()),
        Comparison::Suffix => name.ends_with(text.as_str()),
        Comparison::Expression => {
            Regex::new(&format!("^(?:{text})$")).is_ok_and(|one| one.is_match(name))
        }
    };
    match kind {
        NameKind::Dns => names.dns.iter().any(|name| match comparison {
            Comparison::Exact => is_dns(name, text),
            _ => is_it(name),
        }),
        NameKind::Email => names.email.iter().any(|name| is_it(name)),
        NameKind::Uri => names.uri.iter().any(|name| is_it(name)),
        NameKind::Ip => names.ip.iter().any(|address| is_it(&address.to_string())),
        NameKind::Other => true,
    }
}

/// As names of hosts are compared: a wildcard in the certificate stands for one label (`dnsNameMatch` of Envoy's
/// `source/common/tls/utility.cc`).
fn is_dns(own: &str, wanted: &str) -> bool {
    let (own, wanted) = (own.to_lowercase(), wanted.to_lowercase());
    let below = own.strip_prefix("*.").zip(wanted.split_once('.'));
    own == wanted
        || below.is_some_and(|(domain, (label, rest))| !label.is_empty() && domain == rest)
}
