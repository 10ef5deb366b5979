//! What stands around the Ingresses: Services that they may lead to, objects that must not be overwritten.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::identity::Identity;
use crate::kustomize::annotation::PATHS;
use crate::kustomize::annotation_of;
use crate::kustomize::previous::{self, Place};
use crate::manifest::{Extent, Namespace, Object, ObjectSet, Shown, identity_within};
use crate::render::Rendered;
use crate::specification::value::SpecName;

/// What prefixes of annotations tools keep for themselves.
const INTERNAL: [&str; 5] = [
    "postrenderer.helm.sh/",
    "internal.config.kubernetes.io/",
    "config.kubernetes.io/",
    "config.k8s.io/",
    "kustomize.config.k8s.io/",
];

/// What an Ingress can rely on.
pub(super) struct Surroundings<'a> {
    objects: ObjectSet<'a>,
    /// Services that exist, as the spec says.
    existing: BTreeSet<Place>,
    namespace: Namespace<'a>,
}

impl<'a> Surroundings<'a> {
    pub(super) fn of(
        items: &'a [Value],
        rendered: &'a Rendered<'_>,
        namespace: Namespace<'a>,
    ) -> Self {
        let mut objects = ObjectSet::within(namespace, Extent::Part);
        for item in items {
            for identity in previous::identities(item, namespace.name()) {
                objects.add_other(identity, item);
            }
        }
        for object in rendered.objects() {
            objects.add(object);
        }
        let existing = rendered.model().services.values().filter(|service| !service.rendered);
        let existing =
            existing.map(|service| (service.namespace.to_string(), service.name.to_string()));
        Self { objects, existing: existing.collect(), namespace }
    }

    /// Whether there is such a Service, or the spec says that it exists.
    pub(super) fn service(&self, namespace: &str, name: &str) -> Shown {
        let service = Identity {
            api_version: "v1".to_owned(),
            kind: "Service".to_owned(),
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        };
        if self.existing.contains(&(namespace.to_owned(), name.to_owned())) {
            return Shown::Found(());
        }
        self.objects.get(&service)
    }

    /// An object's identity.
    pub(super) fn identity(&self, item: &Value) -> Option<Identity> {
        identity_within(item, self.namespace.name())
    }

    /// Whether an object that says no namespace may end up in another one than it is taken for.
    pub(super) fn is_elsewhere_perhaps(&self) -> bool {
        matches!(self.namespace, Namespace::Assumed(_))
    }
}

/// Objects that came in and that mtlsgen would put its own in the place of. Its own of an earlier run, by
/// their label, and equal ones may be replaced; so may files where the spec has no name to tell them by.
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

/// An object of that name came in, and another one is to be added.
pub(super) fn twice(identity: &Identity) -> Diagnostic {
    let title = format!(
        "{identity} is among the objects already, and mtlsgen would put its own in its place"
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
