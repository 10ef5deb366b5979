//! Names that mtlsgen chooses for objects.

use sha2::{Digest, Sha256};

use crate::specification::value::{HostName, ObjectName};

/// The name of a host's Ingress: the host with dashes, `wildcard` for `*`; of the longest hosts, its beginning.
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "names of hosts always make names of objects")]
pub fn ingress(host: &HostName) -> ObjectName {
    let name = host.as_str().replace("*.", "wildcard.").replace('.', "-");
    let name: String = name.chars().take(253).collect();
    let name = name.trim_end_matches('-');
    name.parse().expect("a DNS name with dashes for dots is an RFC 1123 subdomain")
}

/// The name of a host's server Secret.
#[must_use]
pub fn server_secret(ingress: &str) -> String {
    with_suffix(ingress, "-tls")
}

/// What the name of a trust bundle is made of, where the first one would meet that of another namespace.
#[must_use]
pub fn parted(server_secret: &str, namespace: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(format!("{namespace}/{server_secret}")).into();
    let [a, b, c, d, ..] = digest;
    let digits = u32::from_be_bytes([a, b, c, d]);
    with_suffix(server_secret, &format!("-{digits:08x}"))
}

/// `name` and `suffix` within the 253 characters that a name may have.
#[must_use]
pub fn with_suffix(name: &str, suffix: &str) -> String {
    let end = name.char_indices().nth(253 - suffix.len()).map_or(name.len(), |(at, _)| at);
    [name[..end].trim_end_matches(['-', '.']), suffix].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_become_names() {
        for (host, name) in
            [("test.localdev.me", "test-localdev-me"), ("*.example.com", "wildcard-example-com")]
        {
            assert_eq!(ingress(&host.parse().unwrap()).as_str(), name);
        }
    }

    #[test]
    fn long_names_keep_their_suffix() {
        let name = server_secret(&"a".repeat(253));
        assert_eq!(name.len(), 253);
        assert!(name.ends_with("-tls"));
        assert_eq!(
            server_secret(&format!("{}.b", "a".repeat(248))),
            format!("{}-tls", "a".repeat(248))
        );
    }
}
