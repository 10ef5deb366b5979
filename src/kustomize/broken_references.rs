//! References that Kustomize has broken: an annotation that names a Secret with its namespace keeps saying
//! what `namespace`, `namePrefix`, `nameSuffix` or a hash suffix has changed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::annotation::set;
use super::annotation_of;
use crate::diagnostic::Diagnostic;
use crate::identity::Identity;
use crate::kustomize::previous::{self, Place};

/// Annotations that ingress-nginx reads as `namespace/name` of a Secret.
const ANNOTATIONS: [&str; 3] = [
    "nginx.ingress.kubernetes.io/auth-secret",
    "nginx.ingress.kubernetes.io/auth-tls-secret",
    "nginx.ingress.kubernetes.io/proxy-ssl-secret",
];
/// What Kustomize marks objects with whose names it will end in a hash, after all transformers.
const NEEDS_HASH: &str = "internal.config.kubernetes.io/needsHashSuffix";
/// What mtlsgen's objects are known by.
const NAME_LABEL: &str = "/metadata/labels/mtlsgen.dev~1name";

/// References that lead nowhere because a kustomization changed the name or namespace of a Secret: errors where
/// mtlsgen made one of both objects, warnings elsewhere.
///
/// Only the objects of a running build say what they were called before.
#[must_use]
pub fn check(items: &[Value]) -> Vec<Diagnostic> {
    find(items).into_iter().map(|found| found.diagnostic).collect()
}

/// Makes such references say what the Secret is called now. Gives those that cannot be mended yet: a hash
/// suffix comes after all transformers.
pub fn mend(items: &mut [Value]) -> Vec<Diagnostic> {
    let mut left = Vec::new();
    for Broken { at, annotation, mended, diagnostic } in find(items) {
        match mended {
            Some(mended) => set(&mut items[at], annotation, &mended),
            None => left.push(diagnostic),
        }
    }
    left
}

/// A reference that leads nowhere.
struct Broken {
    /// Position of the Ingress.
    at: usize,
    annotation: &'static str,
    /// What would lead to the Secret, where that is known.
    mended: Option<String>,
    diagnostic: Diagnostic,
}

fn find(items: &[Value]) -> Vec<Broken> {
    let secrets = Secrets::of(items);
    let ingresses = items.iter().enumerate().filter(|(_, item)| item["kind"] == "Ingress");
    let of_ingress = |(at, item)| {
        let found = ANNOTATIONS.iter().filter_map(|name| {
            let (mended, diagnostic) = broken(item, name, &secrets)?;
            Some(Broken { at, annotation: name, mended, diagnostic })
        });
        found.collect::<Vec<_>>()
    };
    ingresses.flat_map(of_ingress).collect()
}

/// Secrets by what they are called, and by what they were called.
#[derive(Default)]
struct Secrets<'a> {
    present: BTreeMap<Place, &'a Value>,
    former: BTreeMap<Place, &'a Value>,
}

impl<'a> Secrets<'a> {
    fn of(items: &'a [Value]) -> Self {
        let mut secrets = Self::default();
        for item in items.iter().filter(|item| item["kind"] == "Secret") {
            secrets.present.extend(place(item).map(|place| (place, item)));
            secrets.former.extend(previous::places(item).into_iter().map(|place| (place, item)));
        }
        secrets
    }
}

fn broken(
    ingress: &Value,
    annotation: &str,
    secrets: &Secrets<'_>,
) -> Option<(Option<String>, Diagnostic)> {
    let reference = annotation_of(ingress, annotation)?;
    let (namespace, name) = reference.split_once('/')?;
    let wanted = (namespace.to_owned(), name.to_owned());
    let present = secrets.present.get(&wanted);
    let secret = present.or_else(|| secrets.former.get(&wanted))?;
    let hashed = annotation_of(secret, NEEDS_HASH).is_some();
    if present.is_some() && !hashed {
        return None;
    }
    let identity = Identity::of(ingress)?;
    let (namespace, name) = place(secret)?;
    let (called, help) = if hashed {
        (format!("`{namespace}/{name}-HASH` in the end"), HASHED)
    } else {
        (format!("`{namespace}/{name}` now"), RENAMED)
    };
    let title = format!(
        "{identity} names the Secret `{reference}` in `{annotation}`, and Kustomize has made it {called}: it does not rewrite such names, and the controller answers 403 to every client"
    );
    let is_ours = |object: &Value| object.pointer(NAME_LABEL).is_some();
    let diagnostic = if is_ours(ingress) || is_ours(secret) {
        Diagnostic::error("reference-broken", title)
    } else {
        Diagnostic::warning("reference-broken", title)
    };
    let mended = (!hashed).then(|| format!("{namespace}/{name}"));
    let path = format!("metadata.annotations[{}]", Value::from(annotation));
    let diagnostic = diagnostic.help(help).about(&identity);
    Some((mended.clone(), diagnostic.field(path, reference, mended)))
}

const HASHED: &str = "let mtlsgen make such names: `secrets.nameSuffixHash: true` in the spec, instead of `plugin.needsHash`";
const RENAMED: &str = "say `namespace` and names in the spec, and take `namespace`, `namePrefix` and `nameSuffix` off the kustomization; or let this transformer carry them over: `plugin.mendReferences: true`";

/// Namespace and name.
fn place(object: &Value) -> Option<Place> {
    let identity = Identity::of(object)?;
    Some((identity.namespace_or_default().to_owned(), identity.name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::diagnostic::Severity;

    const AUTH: &str = "nginx.ingress.kubernetes.io/auth-tls-secret";

    fn ingress(reference: &str) -> Value {
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {
                "name": "pre-shop", "namespace": "prod",
                "labels": {"mtlsgen.dev/name": "site"},
                "annotations": {AUTH: reference},
            },
        })
    }

    /// As Kustomize 5.8 writes it with `namePrefix: pre-`, `nameSuffix: -suf` and `namespace: prod`.
    fn secret() -> Value {
        json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "pre-ca-suf", "namespace": "prod", "annotations": {
                "internal.config.kubernetes.io/prefixes": "pre-",
                "internal.config.kubernetes.io/previousKinds": "Secret,Secret,Secret",
                "internal.config.kubernetes.io/previousNames": "ca,ca,pre-ca",
                "internal.config.kubernetes.io/previousNamespaces": "default,prod,prod",
            }},
        })
    }

    #[test]
    fn names_and_namespaces_that_kustomize_changed_are_found() {
        for reference in ["default/ca", "prod/ca", "prod/pre-ca"] {
            let found = check(&[ingress(reference), secret()]);
            assert_eq!(found.len(), 1, "{reference}");
            assert_eq!((found[0].code, found[0].severity), ("reference-broken", Severity::Error));
            assert!(found[0].title.starts_with(&format!("Ingress `prod/pre-shop` names the Secret `{reference}` in `{AUTH}`, and Kustomize has made it `prod/pre-ca-suf` now")), "{}", found[0].title);
            let field = found[0].subject.clone().unwrap().field.unwrap();
            assert_eq!(field.path, format!("metadata.annotations[\"{AUTH}\"]"));
            assert_eq!(
                (field.current, field.proposed),
                (reference.into(), "prod/pre-ca-suf".into())
            );
        }
    }

    #[test]
    fn what_leads_to_a_secret_or_elsewhere_is_left_alone() {
        for reference in ["prod/pre-ca-suf", "elsewhere/ca", "prod/other", "ca", ""] {
            assert_eq!(check(&[ingress(reference), secret()]), [], "{reference}");
        }
        let mut two = vec![ingress("prod/ca"), secret(), secret()];
        two[2]["metadata"] = json!({"name": "ca", "namespace": "prod"});
        assert_eq!(check(&two), [], "another one has that name now");
    }

    #[test]
    fn what_can_be_mended_is_mended() {
        let mut items = vec![ingress("default/ca"), secret(), ingress("elsewhere/ca")];
        assert_eq!(mend(&mut items), []);
        assert_eq!(items, [ingress("prod/pre-ca-suf"), secret(), ingress("elsewhere/ca")]);
        items[1]["metadata"]["annotations"][NEEDS_HASH] = "enabled".into();
        let before = items.clone();
        assert_eq!(mend(&mut items).len(), 1);
        assert_eq!(items, before);
    }

    #[test]
    fn a_hash_that_is_yet_to_come_is_found() {
        let mut secret = secret();
        secret["metadata"]["annotations"] = json!({NEEDS_HASH: "enabled"});
        let found = check(&[ingress("prod/pre-ca-suf"), secret]);
        assert!(found[0].title.contains("`prod/pre-ca-suf-HASH` in the end"), "{}", found[0].title);
        assert!(found[0].help[0].contains("secrets.nameSuffixHash"));
    }

    #[test]
    fn objects_of_others_give_a_warning() {
        let mut ingress = ingress("default/ca");
        ingress["metadata"]["labels"] = Value::Null;
        let found = check(&[ingress.clone(), secret()]);
        assert_eq!((found[0].code, found[0].severity), ("reference-broken", Severity::Warning));
        let mut ours = secret();
        ours["metadata"]["labels"] = json!({"mtlsgen.dev/name": "site"});
        assert_eq!(check(&[ingress, ours])[0].severity, Severity::Error);
    }
}
