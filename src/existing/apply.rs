//! What the API server would refuse: changes of Secrets that cannot be changed.

use super::reading::Secrets;
use crate::diagnostic::Diagnostic;
use crate::manifest::Object;
use crate::manifest::kinds::Secret;
use crate::model::Reference;

/// Warnings about objects with which `kubectl apply` cannot update what exists: the type of a
/// Secret never changes, and the content of an immutable one does not either (`ValidateSecretUpdate`,
/// `pkg/apis/core/validation/validation.go`).
#[must_use]
pub fn refusals(objects: &[&Object], secrets: &Secrets) -> Vec<Diagnostic> {
    objects.iter().filter_map(|object| refusal(object, secrets)).collect()
}

fn refusal(object: &Object, secrets: &Secrets) -> Option<Diagnostic> {
    let identity = &object.identity;
    let secret = object.read::<Secret>().ok()??;
    let namespace = identity.namespace.clone().unwrap_or_default();
    let reference = Reference { namespace, name: identity.name.clone() };
    let existing = secrets.get(&reference)?;
    let type_name = secret.type_name.as_deref().unwrap_or("Opaque");
    if type_name == existing.type_name && !existing.is_immutable {
        return None;
    }
    let delete = format!(
        "delete it first: kubectl delete secret -n {} {}",
        reference.namespace, reference.name
    );
    if type_name != existing.type_name {
        let title = format!(
            "the Secret `{reference}` has the type `{}` and would become `{type_name}`: `kubectl apply` refuses to change it",
            existing.type_name.escape_debug()
        );
        return Some(Diagnostic::warning("secret-type", title).help(delete));
    }
    // Where the key is not shown, nothing is known of it.
    let wanted = secret.data.iter().filter_map(|(name, datum)| Some((name, datum.octets()?)));
    let mut wanted = wanted.chain(
        secret.string_data.iter().map(|(name, text)| (name, text.as_bytes().to_vec().into())),
    );
    let is_same = wanted.all(|(name, want)| {
        existing.value(name).and_then(Result::ok).is_some_and(|have| have == want)
    });
    (!is_same).then(|| {
        let title = format!(
            "the Secret `{reference}` is immutable and its data would change: `kubectl apply` refuses that"
        );
        Diagnostic::warning("secret-immutable", title)
            .help(delete)
            .help("with `secrets.nameSuffixHash = true`, every change creates another Secret")
    })
}
