//! Names of Secrets that end in a hash of their content, and the objects that refer to them.

use super::finish::Finisher;
use crate::diagnostic::Diagnostic;
use crate::manifest::kinds::{Api as _, Kind, Secret as SecretKind};
use crate::manifest::{Body, Disclosure, Object, name_suffix_hash};
use crate::model::{Model, Reference, Secret, ServerCertificateSource};
use crate::render::objects::Secrets;
use crate::render::references::{self, Names};

impl Finisher<'_> {
    /// Finishes a Secret and enters its final name. The name is of the whole object, however little of its
    /// private key is shown.
    pub(super) fn finish_hashed_secret<'m>(
        &mut self,
        secret: &'m Secret,
        secrets: &mut Secrets<'m>,
        names: &mut Names,
    ) -> Option<Object> {
        let shown = std::mem::replace(&mut self.disclosure, Disclosure::Whole);
        let whole = self.finish_secret(secret, secrets);
        self.disclosure = shown;
        let whole = whole?;
        let suffix = name_suffix_hash::of_secret(&whole.value());
        let reference = &secret.reference;
        names.insert(reference.clone(), format!("{}-{suffix}", reference.name));
        if shown == Disclosure::Whole { Some(whole) } else { self.finish_secret(secret, secrets) }
    }
}

/// Gives Secrets their final names, and puts these in the place of the names without suffix.
pub(super) fn rename(objects: &mut [Object], names: &Names) -> Vec<Diagnostic> {
    if names.is_empty() {
        return Vec::new();
    }
    let failed = |object| rename_one(object, names).err().map(|error| *error);
    objects.iter_mut().filter_map(failed).collect()
}

fn rename_one(object: &mut Object, names: &Names) -> Result<(), Box<Diagnostic>> {
    let identity = &object.identity;
    let own = SecretKind::is(identity).then(|| Reference {
        namespace: identity.namespace.clone().unwrap_or_default(),
        name: identity.name.clone(),
    });
    let own = own.and_then(|reference| names.get(&reference));
    // Of the objects of ours, these alone name Secrets.
    let may_refer = match &object.body {
        Body::Typed(kind) => matches!(
            kind,
            Kind::Ingress(_)
                | Kind::Gateway(_)
                | Kind::ListenerSet(_)
                | Kind::ClientTrafficPolicy(_)
                | Kind::ReferenceGrant(_)
        ),
        Body::Value(_) => true,
    };
    if may_refer {
        let mut value = object.value();
        let mut is_changed = references::rewrite(identity, &mut value, names)?;
        if let Some(name) = own {
            value["metadata"]["name"] = name.as_str().into();
            is_changed = true;
        }
        if is_changed {
            object.body = Body::Value(value);
        }
    }
    if let Some(name) = own {
        object.identity.name.clone_from(name);
    }
    Ok(())
}

/// The model with the final names of Secrets: what the final objects are held against.
pub(super) fn model(model: &Model, names: &Names) -> Model {
    let mut model = model.clone();
    for secret in &mut model.secrets {
        if let Some(name) = names.get(&secret.reference) {
            secret.reference.name.clone_from(name);
        }
    }
    for exposure in &mut model.exposures {
        if let Some(auth) = exposure.client_auth.as_mut().filter(|auth| !auth.existing)
            && let Some(name) = names.get(&auth.secret)
        {
            auth.secret.name.clone_from(name);
        }
        let Some(tls) = &mut exposure.tls else { continue };
        let namespace = exposure.namespace.to_string();
        let reference = Reference { namespace, name: tls.secret_name.to_string() };
        if let Some(name) = names.get(&reference)
            && matches!(tls.source, ServerCertificateSource::Held(_))
        {
            tls.secret_name = name.parse().expect("names leave room for the suffix");
        }
    }
    model
}
