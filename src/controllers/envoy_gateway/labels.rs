//! Label selectors (`LabelSelectorAsSelector` of `k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go`).

use crate::enforcement::Missing;
use crate::identity::{DEFAULT_NAMESPACE, Identity};
use crate::manifest::kinds::gateway::{Allowed, Labels};
use crate::manifest::kinds::{Metadata, Namespace};
use crate::manifest::{Extent, ObjectSet, Shown};

/// Label that the API server gives to each namespace.
const NAME: &str = "kubernetes.io/metadata.name";

/// Whether labels are those that a selector wants; an operator that is not known fits none.
pub(super) fn fits(selector: &Labels, get: impl Fn(&str) -> Option<String>) -> bool {
    let is_there = |(key, value): (&String, &String)| get(key).as_ref() == Some(value);
    selector.match_labels.iter().all(is_there)
        && selector.match_expressions.iter().all(|one| {
            let value = get(&one.key);
            match one.operator.as_str() {
                "In" => value.is_some_and(|value| one.values.contains(&value)),
                "NotIn" => value.is_none_or(|value| !one.values.contains(&value)),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        })
}

/// Labels of an object.
pub(super) fn of(metadata: &Metadata) -> impl Fn(&str) -> Option<String> + '_ {
    |key| metadata.labels.get(key).map(str::to_owned)
}

/// Whether objects of a namespace may attach to something in namespace `own`; `default`: where that is not said.
pub(super) fn allows(
    objects: &ObjectSet<'_>,
    allowed: &Allowed,
    (own, other): (&str, &str),
    default: &str,
) -> Result<bool, Missing> {
    let namespaces = allowed.namespaces.as_ref();
    match namespaces.and_then(|all| all.from.as_deref()).unwrap_or(default) {
        "All" => Ok(true),
        "Same" => Ok(own == other),
        "Selector" => match namespaces.and_then(|all| all.selector.as_ref()) {
            Some(selector) => selects(objects, selector, other),
            None => Ok(false),
        },
        "None" => Ok(false),
        _ => Ok(default == "Same" && own == other),
    }
}

/// Whether a selector selects a namespace.
fn selects(objects: &ObjectSet<'_>, selector: &Labels, namespace: &str) -> Result<bool, Missing> {
    // What lives in no namespace is found in the one of those that say none.
    let shown = objects.read::<Namespace>(DEFAULT_NAMESPACE, namespace);
    let metadata = match &shown {
        Shown::Found(Ok(seen)) => Some(&seen.object.metadata),
        _ => None,
    };
    let keys = selector.match_labels.keys();
    let mut keys = keys.chain(selector.match_expressions.iter().map(|one| &one.key));
    if metadata.is_none() && keys.any(|key| key != NAME) {
        // A namespace that does not exist is not selected, and neither is anything in it.
        return if objects.extent() == Extent::Cluster && objects.has::<Namespace>() {
            Ok(false)
        } else {
            Err(Missing::NotShown(Identity {
                api_version: "v1".to_owned(),
                kind: "Namespace".to_owned(),
                namespace: None,
                name: namespace.to_owned(),
            }))
        };
    }
    Ok(fits(selector, |key| match (key, metadata) {
        (NAME, _) => Some(namespace.to_owned()),
        (key, Some(metadata)) => metadata.labels.get(key).map(str::to_owned),
        (_, None) => None,
    }))
}
