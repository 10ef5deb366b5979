//! Names of parts, as Traefik composes them.

use super::reading::{paths, service};
use crate::controllers::ingress_nginx::PREFIX;
use crate::identity::Identity;
use crate::manifest::kinds::Ingress;

/// `Normalize` of `pkg/provider/configuration.go`: each run of signs that are neither letters nor digits is one dash.
pub(super) fn normalized(name: &str) -> String {
    let parts = name.split(|sign: char| !sign.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-")
}

/// What names of routers begin with in [`of_parts`].
pub(super) const ROUTERS: &str = "routers";

/// Names of the parts of an Ingress as any version may compose them, with any separator; each with the part that it names.
pub(super) fn of_parts(identity: &Identity, ingress: &Ingress) -> Vec<(String, String)> {
    let namespace = identity.namespace_or_default();
    let own = format!("{namespace}/{}", identity.name);
    let services = paths(ingress).filter_map(|(_, _, path)| service(&path.backend));
    let services = services.map(|(service, port)| ("service", format!("{own}/{service}/{port}")));
    let secret = ingress.metadata.annotations.get(&format!("{PREFIX}auth-tls-secret"));
    let settings = secret.into_iter().flat_map(|secret| {
        [("settings", secret.to_owned()), ("settings", format!("{own}/{secret}"))]
    });
    let parts = std::iter::once((ROUTERS, own.clone())).chain(services).chain(settings);
    parts.map(|(kind, of)| (format!("{kind} {}", normalized(&of)), of)).collect()
}

/// Whether TLS settings can be chosen by that name (`hostSNI` of `pkg/muxer/tcp/matcher.go`).
pub(super) fn is_server_name(name: &str) -> bool {
    let rest = name.strip_prefix("*.").unwrap_or(name);
    let is_word = |sign: char| sign.is_ascii_alphanumeric() || "_.-:".contains(sign);
    !rest.is_empty() && rest.chars().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_meet() {
        assert_eq!(normalized("a.b-c/d"), "a-b-c-d");
        assert_eq!(normalized("-a--b-"), "a-b");
    }

    #[test]
    fn server_names() {
        assert!(is_server_name("a.test") && is_server_name("*.test"));
        assert!(!is_server_name("") && !is_server_name("*") && !is_server_name("~^a$"));
    }
}
