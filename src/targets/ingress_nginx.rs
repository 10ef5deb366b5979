//! ingress-nginx (<https://github.com/kubernetes/ingress-nginx>): client authentication by annotations.

mod acceptance;
mod allowed;
mod amend;
mod arrange;
mod check;
mod conventions;
mod explain;
mod hygiene;
mod one_host;
mod own_annotations;
mod served;
mod subject;
mod support;

use std::borrow::Cow;
use std::collections::BTreeMap;

use self::arrange::Judged;
use self::conventions::CONVENTIONS;
use self::own_annotations::Annotations;
use super::{
    Amendment, Arrangement, Existing, Explanation, Feature, FinalObjects, Support, Target, misread,
};
use crate::diagnostic::Diagnostic;
use crate::identity::Identity;
use crate::manifest::kinds::{
    Backend, BackendPort, BackendService, Http, Ingress, IngressRule, IngressSpec, IngressTls,
    Kind, Metadata, Path,
};
use crate::manifest::texts::Texts;
use crate::manifest::{Body, Object, ObjectSet};
use crate::model::{Conventions, Exposure, Model, Route};
use crate::specification::PathType;
use crate::specification::document::{Locate, Places, Step};
use crate::specification::value::PortReference;
use crate::store::Material;

pub use crate::controllers::ingress_nginx::PREFIX;

/// The target `ingress-nginx`.
pub struct IngressNginx;

impl Target for IngressNginx {
    fn name(&self) -> &'static str {
        "ingress-nginx"
    }

    fn conventions(&self) -> &'static Conventions {
        &CONVENTIONS
    }

    fn support(&self, feature: Feature) -> Support {
        support::of(feature)
    }

    fn arrange<'m>(
        &self,
        model: &'m Model,
        places: &dyn Places,
    ) -> Result<Arrangement<'m>, Vec<Diagnostic>> {
        arrange::arrange(model, places)
    }

    fn check(&self, model: &Model, places: &dyn Places) -> Vec<Diagnostic> {
        let locate = &|path: &[Step]| places.value(path);
        let Judged { mut found, refused } = arrange::judge(model, places);
        one_host::refuse_disagreement(model, places, &mut found);
        one_host::refuse_different_permissions(model, places, &mut found);
        found.extend(check::check(model, &refused, locate));
        found.extend(served::of_model(model, locate));
        found
    }

    fn objects(
        &self,
        model: &Model,
        arrangement: &Arrangement<'_>,
        _: &dyn Material,
        add: &mut dyn FnMut(Object),
    ) -> Result<(), Vec<Diagnostic>> {
        let own = model.exposures.iter().filter(|exposure| exposure.existing_ingress.is_none());
        let mut errors = Vec::new();
        for exposure in own {
            match own_annotations::of(exposure, arrangement.host(&exposure.key)) {
                Ok(ours) => add(ingress(exposure, ours)),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn amend(
        &self,
        model: &Model,
        arrangement: &Arrangement<'_>,
        existing: &Existing<'_>,
        locate: Locate<'_>,
    ) -> Amendment {
        amend::amend(model, arrangement, existing, locate)
    }

    fn entrusted(&self, _: &Model, _: Locate<'_>) -> Vec<super::Entrusted> {
        Vec::new()
    }

    fn check_objects(
        &self,
        model: &Model,
        objects: &ObjectSet<'_>,
        locate: Locate<'_>,
    ) -> Vec<Diagnostic> {
        if objects.is_as_made() {
            // The checks of the spec have said it all.
            return Vec::new();
        }
        let (objects, malformed) = FinalObjects::of(objects);
        let views = objects.views();
        let mut found = misread(malformed);
        found.extend(hygiene::check(model, &views, locate));
        found.extend(served::of_objects(model, &views, locate));
        found
    }

    fn explain(&self, model: &Model, exposure: &Exposure, objects: &ObjectSet<'_>) -> Explanation {
        explain::explain(model, exposure, arrange::one_of(model, exposure).as_ref(), objects)
    }

    fn ways_out(&self, refused: Diagnostic, annotation: &str) -> Diagnostic {
        allowed::ways_out(refused, annotation)
    }
}

/// Versions of ingress-nginx that the spec says read the objects.
fn ingress_nginx_versions(model: &Model) -> Vec<&str> {
    let own = model.controllers.iter().filter(|reader| reader.name == IngressNginx.name());
    own.filter_map(|reader| reader.declared.version.as_deref()).collect()
}

/// One Ingress a host: the controller keeps client authentication by host, and gives every host of an
/// Ingress the same.
fn ingress(exposure: &Exposure, ours: Annotations) -> Object {
    let Exposure {
        key,
        host,
        namespace,
        name,
        ingress_class_name,
        gateway: _,
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
    annotations.extend(ours.into_iter().map(|(name, value)| (name.to_owned(), value)));
    let tls = tls.iter().map(|tls| IngressTls {
        hosts: vec![host.to_string()],
        secret_name: Some(tls.secret_name.to_string()),
    });
    let paths = routes.iter().map(path).collect();
    let rule = IngressRule { host: Some(host.to_string()), http: Some(Http { paths }) };
    let spec = IngressSpec {
        ingress_class_name: Some(ingress_class_name.to_string()),
        default_backend: None,
        tls: tls.collect(),
        rules: vec![rule],
    };
    let metadata =
        Metadata { labels: Texts::of(labels), annotations: annotations.into_iter().collect() };
    Object {
        identity: Identity {
            api_version: "networking.k8s.io/v1".to_owned(),
            kind: "Ingress".to_owned(),
            namespace: Some(namespace.to_string()),
            name: name.to_string(),
        },
        exposures: vec![key.clone()],
        sensitive: false,
        template: Cow::Borrowed("ingress-nginx/ingress.yaml.j2"),
        body: Body::Typed(Kind::Ingress(Ingress { metadata, spec })),
    }
}

fn path(route: &Route) -> Path {
    let Route { path, path_type, service, port } = route;
    let path_type = match path_type {
        PathType::Prefix => "Prefix",
        PathType::Exact => "Exact",
        PathType::ImplementationSpecific => "ImplementationSpecific",
    };
    let port = match port {
        PortReference::Number(port) => {
            BackendPort { number: Some(port.0.into()), ..BackendPort::default() }
        }
        PortReference::Name(name) => {
            BackendPort { name: Some(name.to_string()), ..BackendPort::default() }
        }
    };
    let service = BackendService { name: service.to_string(), port };
    Path {
        path: Some(path.clone()),
        path_type: Some(path_type.to_owned()),
        backend: Backend { service: Some(service), ..Backend::default() },
    }
}

#[cfg(test)]
mod tests;
