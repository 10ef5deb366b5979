//! What the API server would refuse: changes of Secrets that cannot be changed.

use serde_json::Value;

use super::reading::Secrets;
use crate::diagnostic::Diagnostic;
use crate::manifest::{Manifest, data};
use crate::model::Reference;
use crate::yaml;

/// Warnings about manifests that `kubectl apply` cannot bring into the place of what exists: the type of a
/// Secret never changes, and the content of an immutable one does not either (`ValidateSecretUpdate`,
/// `pkg/apis/core/validation/validation.go`).
#[must_use]
pub fn refusals(manifests: &[&Manifest], secrets: &Secrets) -> Vec<Diagnostic> {
    manifests.iter().filter_map(|manifest| refusal(manifest, secrets)).collect()
}

fn refusal(manifest: &Manifest, secrets: &Secrets) -> Option<Diagnostic> {
    let identity = &manifest.identity;
    if identity.kind != "Secret" {
        return None;
    }
    let namespace = identity.namespace.clone().unwrap_or_default();
    let reference = Reference { namespace, name: identity.name.clone() };
    let existing = secrets.get(&reference)?;
    // Most Secrets of ours are of their type and can be changed: they need not be read again.
    let is_usual = manifest.yaml.contains(&existing.type_name);
    if is_usual && !existing.is_immutable {
        return None;
    }
    let object = yaml::parse(&manifest.yaml).ok()?.into_iter().next()?;
    let type_name = object["type"].as_str().unwrap_or("Opaque");
    let delete = format!(
        "delete it first: kubectl delete secret -n {} {}",
        reference.namespace, reference.name
    );
    if type_name != existing.type_name {
        let title = format!(
            "the Secret `{reference}` has the type `{}` and shall have `{type_name}`: `kubectl apply` refuses to change it",
            existing.type_name.escape_debug()
        );
        return Some(Diagnostic::warning("secret-type", title).help(delete));
    }
    let same = |(key, value): (&String, &Value)| {
        let want = value.as_str().and_then(|text| data::decoded(text, true));
        let have = existing.value(key).and_then(Result::ok);
        // Where the key is not shown, nothing is known of it.
        want.is_none_or(|want| have.is_some_and(|have| have == want))
    };
    let is_same = object["data"].as_object().is_some_and(|data| data.iter().all(same));
    (!is_same).then(|| {
        let title = format!(
            "the Secret `{reference}` is immutable and shall change: `kubectl apply` refuses that"
        );
        Diagnostic::warning("secret-immutable", title)
            .help(delete)
            .help("with `secrets.nameSuffixHash = true`, every change is another Secret")
    })
}
