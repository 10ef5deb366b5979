//! What the model takes from ingress-nginx: names of trust bundles, and how nginx validates certificates.
//!
//! Where a cluster has `annotation-value-word-blocklist` as the controller's documentation proposes it, an Ingress with one of
//! its words in any annotation value is skipped as a whole (`docs/user-guide/nginx-configuration/configmap.md`; a plain test for
//! substrings). Names of Secrets are part of annotation values.

use crate::enforcement::{CheckedLists, Library, Refusal, UnknownStatus, Verifier};
use crate::model::Conventions;
use crate::model::names::with_suffix;

/// nginx with OpenSSL: a bundle needs the root, and where it has one list, it needs all (`X509_V_FLAG_CRL_CHECK_ALL`,
/// which `ssl_crl` sets).
pub(super) const CONVENTIONS: Conventions = Conventions {
    // `--ingress-class` of the default set-up (`pkg/flags/flags.go`).
    ingress_class: "nginx",
    trust_secret,
    trust_bundle: trust_file,
    verifier: Verifier {
        library: Library::OpenSsl,
        lists: Some((CheckedLists::Chain, UnknownStatus::Deny)),
        refusal: Refusal::Later,
    },
};

/// Words of the proposed list.
const BLOCKED_WORDS: [&str; 7] =
    ["load_module", "lua_package", "_by_lua", "location", "root", "proxy_pass", "serviceaccount"];

/// Signs on the same list.
const BLOCKED_SIGNS: [&str; 4] = ["{", "}", "'", "\""];

/// A word of the list that the text contains.
#[must_use]
pub fn blocked(text: &str) -> Option<&'static str> {
    BLOCKED_WORDS.into_iter().chain(BLOCKED_SIGNS).find(|word| text.contains(word))
}

/// Where words of the list start in the text.
pub(super) fn starts_of_blocked_words(text: &str) -> Vec<usize> {
    BLOCKED_WORDS.into_iter().flat_map(|word| text.match_indices(word).map(|(at, _)| at)).collect()
}

/// The name of a trust bundle: the one that Istio and Higress expect too. A blocked word in it loses its vowels.
fn trust_secret(server_secret: &str) -> String {
    let mut base = std::borrow::Cow::Borrowed(server_secret);
    for word in BLOCKED_WORDS {
        if base.contains(word) {
            let broken: String = word.chars().filter(|c| !"aeiou".contains(*c)).collect();
            base = base.replace(word, &broken).into();
        }
    }
    with_suffix(&base, "-cacert")
}

/// The file in which the controller keeps a trust bundle (`ConfigureCACert` of `internal/net/ssl/ssl.go`).
pub(super) fn trust_file(namespace: &str, secret: &str) -> String {
    ["ca-", namespace, "-", secret, ".pem"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_names_contain_no_blocked_word() {
        for host in ["root-example-com", "location", "serviceaccount-rooted"] {
            let name = trust_secret(&format!("{host}-tls"));
            assert!(BLOCKED_WORDS.iter().all(|word| !name.contains(word)), "{name}");
        }
        assert_eq!(trust_secret("web-tls"), "web-tls-cacert");
        let long = trust_secret(&"a".repeat(253));
        assert_eq!((long.len(), long.ends_with("-cacert")), (253, true));
    }
}
