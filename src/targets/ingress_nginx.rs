//! ingress-nginx (<https://github.com/kubernetes/ingress-nginx>): client authentication by annotations.

mod allowed;
mod annotation_table;
mod annotations;
mod check;
mod judged;
mod protect;
mod served;
mod subject;
mod trust;
mod values;
mod words;

use std::collections::BTreeMap;

use minijinja::Value;

use super::{FinalObject, Target};
use crate::diagnostic::Diagnostic;
use crate::identity::Identity;
use crate::manifest::values::{fields, texts};
use crate::model::{Exposure, Model, Route};
use crate::specification::PathType;
use crate::specification::document::Locate;
use crate::specification::value::PortReference;
use crate::store::Material;
use crate::targets::draft::{Draft, Facts};

pub use words::blocked as blocked_word;

/// What all annotations of the controller start with.
pub const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// The target `ingress-nginx`.
pub struct IngressNginx;

impl Target for IngressNginx {
    fn name(&self) -> &'static str {
        "ingress-nginx"
    }

    fn check(&self, model: &Model, locate: Locate<'_>) -> Vec<Diagnostic> {
        let mut found = check::check(model, locate);
        found.extend(served::of_model(model, locate));
        found
    }

    fn expose(&self, exposure: &Exposure) -> Result<Vec<Draft>, Vec<Diagnostic>> {
        Ok(vec![ingress(exposure, self.annotations(exposure)?)])
    }

    fn annotations(
        &self,
        exposure: &Exposure,
    ) -> Result<BTreeMap<String, String>, Vec<Diagnostic>> {
        let ours = annotations::of(exposure).map_err(|error| vec![error])?;
        Ok(ours.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    fn protects(
        &self,
        model: &Model,
        material: &dyn Material,
        objects: &[FinalObject<'_>],
        locate: Locate<'_>,
    ) -> Vec<Diagnostic> {
        let mut found = protect::check(model, material, objects, locate);
        found.extend(served::of_objects(model, objects, locate));
        found
    }
}

/// One Ingress a host: the controller keeps client authentication by host, and gives every host of an
/// Ingress the same.
fn ingress(exposure: &Exposure, ours: BTreeMap<String, String>) -> Draft {
    let Exposure {
        key,
        host,
        namespace,
        name,
        ingress_class_name,
        routes,
        tls,
        client_auth: _,
        existing_ingress: _,
        covered_by: _,
        labels,
        annotations: own,
        allowed_annotations: _,
    } = exposure;
    let mut annotations: BTreeMap<String, String> =
        own.iter().map(|(key, value)| (key.to_string(), value.clone())).collect();
    annotations.extend(ours);
    let tls_secret = tls.as_ref().map(|tls| tls.secret_name.to_string());
    let tls = tls_secret.as_deref().map(|name| fields([("secretName", Value::from(name))]));
    let draft = Draft {
        identity: Identity {
            api_version: "networking.k8s.io/v1".to_owned(),
            kind: "Ingress".to_owned(),
            namespace: Some(namespace.to_string()),
            name: name.to_string(),
        },
        exposures: vec![key.clone()],
        sensitive: false,
        foreign: false,
        template: "ingress-nginx/ingress.yaml.j2",
        context: vec![
            ("ingressClassName", Value::from(ingress_class_name.as_str())),
            ("host", Value::from(host.as_str())),
            ("tls", tls.unwrap_or(Value::from(()))),
            ("routes", routes.iter().map(route).collect()),
        ],
        facts: Facts::None,
    };
    let mut draft = draft.with_metadata(texts(labels), texts(&annotations));
    draft.facts = Facts::Ingress {
        class: ingress_class_name.to_string(),
        host: host.to_string(),
        routes: routes.clone(),
        tls: tls_secret,
        annotations,
    };
    draft
}

fn route(route: &Route) -> Value {
    let Route { path, path_type, service, port } = route;
    let path_type = match path_type {
        PathType::Prefix => "Prefix",
        PathType::Exact => "Exact",
        PathType::ImplementationSpecific => "ImplementationSpecific",
    };
    let port = match port {
        PortReference::Number(port) => fields([("number", Value::from(port.0))]),
        PortReference::Name(name) => fields([("name", Value::from(name.as_str()))]),
    };
    fields([
        ("path", Value::from(path.as_str())),
        ("pathType", Value::from(path_type)),
        ("service", Value::from(service.as_str())),
        ("port", port),
    ])
}

#[cfg(test)]
mod tests;
