//! Names that mtlsgen chooses for objects.

use sha2::{Digest, Sha256};

use crate::specification::value::{HostName, ObjectName};

/// What ingress-nginx's documentation proposes to block in annotation values: an Ingress whose
/// values contain one of these is skipped (`docs/user-guide/nginx-configuration/configmap.md`,
/// `annotation-value-word-blocklist`).
pub const BLOCKED_WORDS: [&str; 7] =
    ["load_module", "lua_package", "_by_lua", "location", "root", "proxy_pass", "serviceaccount"];

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

/// The name of a host's trust bundle: the one that Istio and Higress expect too. Where it would
/// contain a blocked word, which the annotation value must not, the word loses its vowels.
#[must_use]
pub fn trust_secret(server_secret: &str) -> String {
    let mut base = server_secret.to_owned();
    for word in BLOCKED_WORDS {
        if base.contains(word) {
            let broken: String = word.chars().filter(|c| !"aeiou".contains(*c)).collect();
            base = base.replace(word, &broken);
        }
    }
    with_suffix(&base, "-cacert")
}

/// Another name for a trust bundle, where the first would meet that of another namespace inside the controller.
#[must_use]
pub fn parted_trust_secret(server_secret: &str, namespace: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(format!("{namespace}/{server_secret}")).into();
    let [a, b, c, d, ..] = digest;
    let digits = u32::from_be_bytes([a, b, c, d]);
    trust_secret(&with_suffix(server_secret, &format!("-{digits:08x}")))
}

/// The file in which the controller keeps a trust bundle (`ConfigureCACert` of `internal/net/ssl/ssl.go` of
/// ingress-nginx): two Secrets of different namespaces may share it.
#[must_use]
pub fn trust_file(namespace: &str, secret: &str) -> String {
    format!("ca-{namespace}-{secret}.pem")
}

/// `name` and `suffix` within the 253 characters that a name may have.
fn with_suffix(name: &str, suffix: &str) -> String {
    let kept: String = name.chars().take(253 - suffix.len()).collect();
    format!("{}{suffix}", kept.trim_end_matches(['-', '.']))
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
    fn chosen_names_contain_no_blocked_word() {
        for host in ["root-example-com", "location", "serviceaccount-rooted"] {
            let name = trust_secret(&server_secret(host));
            assert!(BLOCKED_WORDS.iter().all(|word| !name.contains(word)), "{name}");
        }
        assert_eq!(trust_secret("web-tls"), "web-tls-cacert");
    }

    #[test]
    fn long_names_keep_their_suffix() {
        let name = trust_secret(&"a".repeat(253));
        assert_eq!(name.len(), 253);
        assert!(name.ends_with("-cacert"));
    }
}
