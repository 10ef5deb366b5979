//! What came in beside what mtlsgen makes: as targets look at it, and where it must not be overwritten.

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::identity::Identity;
use crate::kustomize::annotation::{LOCAL, PATHS, is_local};
use crate::kustomize::annotation_of;
use crate::kustomize::previous;
use crate::manifest::{Extent, Namespace, Object, ObjectSet, identity_within};
use crate::render::Rendered;
use crate::specification::value::SpecName;
use crate::targets::existing::{Existing, Item};

/// What prefixes of annotations tools keep for themselves.
const INTERNAL: [&str; 6] = [
    "postrenderer.helm.sh/",
    "alpha.config.kubernetes.io/",
    "internal.config.kubernetes.io/",
    "config.kubernetes.io/",
    "config.k8s.io/",
    "kustomize.config.k8s.io/",
];

/// Kinds of objects that hosts need, or whose settings decide which clients are admitted.
const NEEDED: [&str; 14] = [
    "ClientTrafficPolicy",
    "ConfigMap",
    "EnvoyPatchPolicy",
    "EnvoyProxy",
    "Gateway",
    "GatewayClass",
    "HTTPRoute",
    "Ingress",
    "IngressClass",
    "ListenerSet",
    "Namespace",
    "ReferenceGrant",
    "Secret",
    "Service",
];

/// Objects that came in, and what they can rely on; those that are not `applied` are not objects for anyone.
pub(super) fn existing<'a>(
    items: &'a [Value],
    rendered: &'a Rendered<'_>,
    namespace: Namespace<'a>,
    applied: impl Fn(&Value) -> bool,
) -> Existing<'a> {
    let mut objects = ObjectSet::within(namespace, Extent::Part);
    let of = |value| Item {
        value,
        identities: if applied(value) {
            previous::identities(value, namespace.name())
        } else {
            Vec::new()
        },
    };
    let items: Vec<Item<'_>> = items.iter().map(of).collect();
    for Item { value, identities } in &items {
        for identity in identities {
            objects.add_other(identity.clone(), value);
        }
    }
    for object in rendered.objects() {
        objects.add(object);
    }
    Existing { items, objects, namespace }
}

/// Findings with a note about objects that they name and that a build leaves out; `namespace` is that of
/// objects that say none.
#[must_use]
pub fn with_local(found: Vec<Diagnostic>, items: &[Value], namespace: &str) -> Vec<Diagnostic> {
    let local = items.iter().filter(|item| is_local(item));
    let local = local.filter_map(|item| identity_within(item, namespace));
    let local: Vec<Identity> =
        local.filter(|identity| NEEDED.contains(&identity.kind.as_str())).collect();
    let with_words = |diagnostic: Diagnostic| {
        let speaks_of = |identity: &&Identity| {
            diagnostic.sayings().iter().any(|saying| saying.contains(&identity.name))
        };
        let words = local.iter().filter(speaks_of).map(|identity| {
            format!("{identity} is among the objects, but its annotation `{LOCAL}` keeps it from being applied")
        });
        words.collect::<Vec<_>>().into_iter().fold(diagnostic, Diagnostic::help)
    };
    found.into_iter().map(with_words).collect()
}

/// Objects of the input that mtlsgen would replace with its own. Its own of an earlier run, by
/// their label, and equal ones may be replaced; so may files where the spec has no name to identify them.
pub(super) fn taken(items: &[Value], rendered: &Rendered<'_>, namespace: &str) -> Vec<Diagnostic> {
    let name = rendered.model().name.as_ref().map(SpecName::as_str);
    let refuse = |item: &Value| {
        let identity = identity_within(item, namespace)?;
        let ours =
            rendered.objects().iter().find(|ours| ours.identity.is_same_object(&identity))?;
        let label = item.pointer("/metadata/labels/mtlsgen.dev~1name").and_then(Value::as_str);
        if (label.is_some() && label == name)
            || (name.is_none() && is_file(item))
            || is_equal(item, ours)
        {
            return None;
        }
        Some(twice(&identity))
    };
    items.iter().filter_map(refuse).collect()
}

/// An object of that name is in the input, and another one would be added.
pub(super) fn twice(identity: &Identity) -> Diagnostic {
    let title = format!(
        "{identity} is among the objects already, and mtlsgen would replace it with its own"
    );
    Diagnostic::error("object-twice", title)
        .help("give one of them another name, or remove the one that is there")
        .about(identity)
        .field("metadata.name", identity.name.as_str(), Value::Null)
}

/// Whether it was read from a file that is written back, as kpt does.
fn is_file(item: &Value) -> bool {
    PATHS.iter().any(|name| annotation_of(item, name).is_some())
}

/// Equal but for what tools note down for themselves.
fn is_equal(item: &Value, ours: &Object) -> bool {
    *ours.value() == without_notes(item)
}

fn without_notes(item: &Value) -> Value {
    let mut item = item.clone();
    let Some(metadata) = item.get_mut("metadata").and_then(Value::as_object_mut) else {
        return item;
    };
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.retain(|name, _| !INTERNAL.iter().any(|prefix| name.starts_with(prefix)));
        if annotations.is_empty() {
            metadata.shift_remove("annotations");
        }
    }
    item
}
