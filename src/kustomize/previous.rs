//! Names that an object had before Kustomize changed them.
//!
//! While a build runs, objects carry them in annotations (Kustomize's `api/resource/resource.go`,
//! `PrevIds`), and references still say the old names: those are changed last.

use serde_json::Value;

use super::annotation_of;
use crate::identity::Identity;
use crate::manifest::identity_within;

const NAMES: &str = "internal.config.kubernetes.io/previousNames";
const NAMESPACES: &str = "internal.config.kubernetes.io/previousNamespaces";

/// Namespace and name.
pub type Place = (String, String);

/// Namespaces and names that the object had, the oldest first.
#[must_use]
pub fn places(object: &Value) -> Vec<Place> {
    let list = |name: &str| annotation_of(object, name).unwrap_or_default().split(',');
    let places = list(NAMESPACES).zip(list(NAMES));
    let places = places.map(|(namespace, name)| (namespace.to_owned(), name.to_owned()));
    let mut places: Vec<_> = places.filter(|(_, name)| !name.is_empty()).collect();
    places.dedup();
    places
}

/// The object under its present name and under those that it had; what says no namespace is in the given one.
#[must_use]
pub fn identities(object: &Value, namespace: &str) -> Vec<Identity> {
    let Some(present) = identity_within(object, namespace) else { return Vec::new() };
    let former = places(object).into_iter().map(|(namespace, name)| Identity {
        namespace: Some(namespace),
        name,
        ..present.clone()
    });
    let former: Vec<_> = former.filter(|former| *former != present).collect();
    std::iter::once(present).chain(former).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn kustomizes_lists_are_read_in_pairs() {
        let object = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": {
            "name": "pre-ca-suf", "namespace": "prod", "annotations": {
                NAMES: "ca,ca,pre-ca", NAMESPACES: "default,prod,prod",
            },
        } });
        let place = |namespace: &str, name: &str| (namespace.to_owned(), name.to_owned());
        assert_eq!(
            places(&object),
            [place("default", "ca"), place("prod", "ca"), place("prod", "pre-ca")]
        );
        let names: Vec<_> = identities(&object, "x").iter().map(ToString::to_string).collect();
        assert_eq!(
            names,
            [
                "Secret `prod/pre-ca-suf`",
                "Secret `default/ca`",
                "Secret `prod/ca`",
                "Secret `prod/pre-ca`"
            ]
        );
        assert_eq!(places(&json!({ "metadata": { "name": "a" } })), []);
    }
}
