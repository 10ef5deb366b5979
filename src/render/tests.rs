mod name_suffix;
mod objects;
mod patches;
mod protection;
mod templates;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use zeroize::Zeroizing;

use super::{prepare, render};
use crate::diagnostic::{Diagnostic, Source};
use crate::manifest::{Disclosure, Object, schema};
use crate::model::{Model, Patch, Secret, SecretContent, ServicePort};
use crate::pki::request::Holder;
use crate::render::template::TemplateSet;
use crate::secret_format::Handed;
use crate::specification::{Environment, PatchTarget, PodSecurity, Protocol};
use crate::targets::fixture::{
    self, FakeMaterial, annotations, exposure, labels, model, protected, walkthrough,
};
use crate::yaml;

fn render_with(model: &Model, templates: &TemplateSet) -> Result<Vec<Object>, Vec<Diagnostic>> {
    checked(model, templates, Disclosure::Whole)
}

fn checked(
    model: &Model,
    templates: &TemplateSet,
    disclosure: Disclosure,
) -> Result<Vec<Object>, Vec<Diagnostic>> {
    render(model, &FakeMaterial, templates, disclosure, &|_| None).map(|checked| checked.manifests)
}

fn rendered(model: &Model) -> Vec<Object> {
    render_with(model, &TemplateSet::built_in()).unwrap()
}

fn titles(result: Result<Vec<Object>, Vec<Diagnostic>>) -> Vec<String> {
    match result {
        Ok(manifests) => panic!("{} manifests", manifests.len()),
        Err(found) => found.into_iter().map(|diagnostic| diagnostic.title).collect(),
    }
}

fn codes(result: Result<Vec<Object>, Vec<Diagnostic>>) -> Vec<&'static str> {
    match result {
        Ok(manifests) => panic!("{} manifests", manifests.len()),
        Err(found) => found.iter().map(|diagnostic| diagnostic.code).collect(),
    }
}

/// Messages with everything that is said of them.
fn sayings(result: Result<Vec<Object>, Vec<Diagnostic>>) -> Vec<String> {
    match result {
        Ok(manifests) => panic!("{} manifests", manifests.len()),
        Err(found) => found.iter().map(|diagnostic| diagnostic.sayings().join("\n")).collect(),
    }
}

fn object(manifests: &[Object], kind: &str, name: &str) -> Value {
    let found =
        manifests.iter().find(|m| m.identity.kind == kind && m.identity.name == name).unwrap();
    yaml::parse(&text(found)).unwrap().remove(0)
}

fn text(object: &Object) -> Zeroizing<String> {
    super::text(&Handed::AsIs(object))
}

fn templates(files: &[(&str, &str)]) -> TemplateSet {
    TemplateSet::new(files.iter().map(|(name, text)| source(name, text)).collect()).unwrap()
}

fn source(name: &str, text: &str) -> (String, Arc<Source>) {
    let source = Source {
        name: format!("templates/{name}"),
        directory: "templates".into(),
        text: text.to_owned(),
    };
    (name.to_owned(), Arc::new(source))
}

fn patched(mut model: Model, patches: &[(Value, Value)]) -> Model {
    model.patches = patches
        .iter()
        .enumerate()
        .map(|(index, (target, patch))| Patch {
            index,
            target: serde_json::from_value::<Option<PatchTarget>>(target.clone()).unwrap(),
            patch: patch.clone(),
        })
        .collect();
    model
}
