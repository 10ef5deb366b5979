//! Names of the files of objects: readable, stable regardless of what else is rendered, safe on every file system.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::layout::SECRETS;
use crate::identity::Identity;

/// Longest part of a path without `.yaml`; file systems allow 255 bytes.
const MAX_LENGTH: usize = 200;
/// What a longer or stranger part keeps of its text before the hash.
const KEPT_LENGTH: usize = 100;

/// Path of an object's file: `NAMESPACE/KIND-NAME.yaml`, or `KIND-NAME.yaml` without a namespace.
///
/// Parts hold only `a-z`, `0-9`, `-`, `.` and `_`; any other character of the object's name becomes `_`,
/// followed by a hash of the whole.
pub fn object_path(identity: &Identity) -> String {
    in_folder(identity, &stem(identity))
}

/// Path of an object whose [`object_path`] another one has already.
pub fn distinct_object_path(identity: &Identity) -> String {
    let hash = short_hash(&format!("{identity:?}"));
    in_folder(identity, &format!("{}_{hash}", stem(identity)))
}

/// SHA-256 as lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn stem(identity: &Identity) -> String {
    let kind = identity.kind.to_ascii_lowercase();
    safe(&format!("{kind}-{}", identity.name), |c| matches!(c, '-' | '.'))
}

fn in_folder(identity: &Identity, stem: &str) -> String {
    match &identity.namespace {
        None => format!("{stem}.yaml"),
        Some(namespace) => format!("{}/{stem}.yaml", folder(namespace)),
    }
}

fn folder(namespace: &str) -> String {
    // The folder of the Secrets has that name; `_` starts no other folder.
    if namespace == SECRETS {
        return format!("_{SECRETS}");
    }
    // Names that Windows keeps for devices.
    let reserved = ["con", "prn", "aux", "nul"].contains(&namespace)
        || ["com", "lpt"].iter().any(|device| namespace.strip_prefix(device).is_some_and(is_digit));
    if reserved { format!("_{namespace}") } else { safe(namespace, |c| c == '-') }
}

fn is_digit(text: &str) -> bool {
    text.len() == 1 && text.bytes().all(|b| b.is_ascii_digit())
}

/// `text` where it is safe as it is, else what is safe of it and a hash: `_` is never part of the former.
fn safe(text: &str, punctuation: impl Fn(char) -> bool) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let starts_well = text.chars().next().is_some_and(plain);
    if starts_well && text.len() <= MAX_LENGTH && text.chars().all(|c| plain(c) || punctuation(c)) {
        return text.to_owned();
    }
    let kept: String = text
        .chars()
        .take(KEPT_LENGTH)
        .enumerate()
        .map(|(at, c)| if plain(c) || (at > 0 && punctuation(c)) { c } else { '_' })
        .collect();
    format!("{kept}_{}", short_hash(text))
}

fn short_hash(text: &str) -> String {
    sha256_hex(text.as_bytes())[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(kind: &str, namespace: Option<&str>, name: &str) -> Identity {
        Identity {
            api_version: "v1".to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
        }
    }

    #[test]
    fn usual_names_are_readable() {
        for (kind, namespace, name, path) in [
            ("Ingress", Some("default"), "test-localhost", "default/ingress-test-localhost.yaml"),
            ("Secret", Some("prod"), "a.b.c", "prod/secret-a.b.c.yaml"),
            ("Namespace", None, "prod", "namespace-prod.yaml"),
            ("Service", Some("secrets"), "s", "_secrets/service-s.yaml"),
            ("Service", Some("aux"), "s", "_aux/service-s.yaml"),
            ("Service", Some("com1"), "s", "_com1/service-s.yaml"),
            ("Service", Some("com10"), "s", "com10/service-s.yaml"),
        ] {
            assert_eq!(object_path(&identity(kind, namespace, name)), path);
        }
    }

    #[test]
    fn odd_names_become_safe_and_stay_different() {
        let mut seen = std::collections::BTreeSet::new();
        let long = "n".repeat(253);
        let longer = format!("{long}n");
        for name in ["..", "a/b", "a_b", "A", "a", "ü", "\u{0}", "", &long, &longer, "a:b", "a b"]
        {
            for namespace in
                [None, Some("default"), Some(".."), Some("A"), Some("a/../.."), Some("")]
            {
                let path = object_path(&identity("Role", namespace, name));
                assert!(seen.insert(path.to_lowercase()), "{path} twice");
                for part in path.split('/') {
                    assert!(!part.starts_with('.') && part.len() <= 255, "{path}");
                    assert!(part.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)));
                }
            }
        }
    }

    #[test]
    fn objects_of_one_kind_and_name_in_two_groups_get_different_files() {
        let mut other = identity("Service", Some("a"), "b");
        let first = distinct_object_path(&other);
        other.api_version = "serving.knative.dev/v1".to_owned();
        assert_ne!(first, distinct_object_path(&other));
        assert_ne!(first, object_path(&other));
    }
}
