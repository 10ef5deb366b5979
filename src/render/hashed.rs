//! Names of Secrets that end in a hash of their content, and the objects that refer to them.

use super::finish::{Content, Finished, Finisher};
use crate::diagnostic::Diagnostic;
use crate::manifest::Disclosure;
use crate::manifest::name_suffix_hash;
use crate::model::{Model, Reference, Secret, ServerCertificateSource};
use crate::render::objects::Secrets;
use crate::render::references::{self, Names};
use crate::yaml;

impl<'a> Finisher<'a> {
    /// Renders a Secret and enters its final name. The name is of the whole object, however little of its
    /// private key is shown.
    pub(super) fn finish_hashed_secret<'m>(
        &mut self,
        secret: &'m Secret,
        secrets: &mut Secrets<'m>,
        names: &mut Names,
    ) -> Option<Finished<'a>> {
        let shown = std::mem::replace(&mut self.disclosure, Disclosure::Whole);
        let whole = self.finish_secret(secret, secrets);
        self.disclosure = shown;
        let whole = whole?;
        let suffix = match &whole.content {
            Content::Object(object) => name_suffix_hash::of_secret(object),
            Content::Facts(_) => {
                name_suffix_hash::of_secret(&self.only_object(&whole.manifest, whole.template)?)
            }
        };
        let reference = &secret.reference;
        names.insert(reference.clone(), format!("{}-{suffix}", reference.name));
        if shown == Disclosure::Whole { Some(whole) } else { self.finish_secret(secret, secrets) }
    }
}

/// Gives Secrets their final names, and puts these in the place of the names without suffix.
pub(super) fn rename(objects: &mut [Finished<'_>], names: &Names) -> Vec<Diagnostic> {
    if names.is_empty() {
        return Vec::new();
    }
    let failed = |object| rename_one(object, names).err().map(|error| *error);
    objects.iter_mut().filter_map(failed).collect()
}

fn rename_one(finished: &mut Finished<'_>, names: &Names) -> Result<(), Box<Diagnostic>> {
    let identity = &mut finished.manifest.identity;
    let reference = Reference {
        namespace: identity.namespace.clone().unwrap_or_default(),
        name: identity.name.clone(),
    };
    let own = if identity.kind == "Secret" && identity.group().is_empty() {
        names.get(&reference)
    } else {
        None
    };
    let mut object = match &mut finished.content {
        Content::Object(object) => std::mem::take(object),
        Content::Facts(facts) if own.is_none() && !facts.may_refer() => return Ok(()),
        Content::Facts(_) => yaml::parse(&finished.manifest.yaml)
            .ok()
            .and_then(|objects| objects.into_iter().next())
            .expect("a built-in template prints one object"),
    };
    let mut changed = references::rewrite(identity, &mut object, names)?;
    if let Some(name) = own {
        identity.name.clone_from(name);
        object["metadata"]["name"] = name.as_str().into();
        changed = true;
    }
    if changed {
        finished.manifest.yaml = yaml::emit(&object);
    }
    // What mtlsgen knows of its own Secret holds under every name.
    if own.is_none() || matches!(finished.content, Content::Object(_)) {
        finished.content = Content::Object(object);
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
