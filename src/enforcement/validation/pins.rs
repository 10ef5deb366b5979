//! Certificates that are admitted by name or hash (`verifyCertificate` of Envoy's
//! `source/common/tls/cert_validator/default_validator.cc`).

use regex_lite::Regex;

use crate::enforcement::clients::{Comparison, NameKind, NamePin, Pins};
use crate::pki::certificate::Certificate;

impl Pins {
    /// Whether a certificate fits: one of the names, and one of the hashes, where there are some.
    #[must_use]
    pub fn fit(&self, certificate: &Certificate) -> bool {
        let Self { names, hashes, keys } = self;
        let has_name = names.is_empty() || names.iter().any(|pin| has(pin, certificate));
        let has_hash = hashes.is_empty() && keys.is_empty()
            || hashes.contains(&certificate.fingerprint())
            || keys.contains(&certificate.spki_hash);
        has_name && has_hash
    }
}

/// Whether one fits that need not exist and has these names and hashes.
pub(super) fn supposed_fit(pins: &Pins, own: &Pins) -> bool {
    let is_it = |pin: &NamePin| {
        let is_own = |one: &NamePin| {
            one == pin
                || one.comparison == Comparison::Exact
                    && one.kind == pin.kind
                    && is_name(pin, &one.text)
        };
        own.names.iter().any(is_own)
    };
    let has_name = pins.names.is_empty() || pins.names.iter().any(is_it);
    let has_hash = pins.hashes.is_empty() && pins.keys.is_empty()
        || !pins.hashes.is_disjoint(&own.hashes)
        || !pins.keys.is_disjoint(&own.keys);
    has_name && has_hash
}

/// Whether a certificate has that name, or may have it: names of other kinds are not read.
fn has(pin: &NamePin, certificate: &Certificate) -> bool {
    let names = &certificate.names;
    match pin.kind {
        NameKind::Dns => names.dns.iter().any(|name| is_name(pin, name)),
        NameKind::Email => names.email.iter().any(|name| is_name(pin, name)),
        NameKind::Uri => names.uri.iter().any(|name| is_name(pin, name)),
        NameKind::Ip => names.ip.iter().any(|address| is_name(pin, &address.to_string())),
        NameKind::Other => true,
    }
}

/// Whether a name of that kind is the pinned one.
fn is_name(NamePin { kind, comparison, text }: &NamePin, name: &str) -> bool {
    match (comparison, kind) {
        (Comparison::Exact, NameKind::Dns) => is_dns(name, text),
        (Comparison::Exact, _) => name == text,
        (Comparison::Prefix, _) => name.starts_with(text.as_str()),
        (Comparison::Suffix, _) => name.ends_with(text.as_str()),
        (Comparison::Expression, _) => {
            Regex::new(&format!("^(?:{text})$")).is_ok_and(|one| one.is_match(name))
        }
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
