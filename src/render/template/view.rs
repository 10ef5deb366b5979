//! The model as templates of users see it: in the spec's words, and without any private key.

use serde_json::{Map, Value, json};

use crate::model::{
    AuthoritySource, ClientAuthentication, Exposure, Model, Route, Secret, Service, ServicePort,
};
use crate::specification::value::PortReference;
use crate::specification::{PathType, Protocol, Verify};
use crate::store::Material;
use crate::targets::{Arrangement, HostArrangement};

/// The whole model: `name`, `target`, `labels`, `annotations`, `hosts` and `secrets` (lists), `services`,
/// `cas` and `clients` (by name). What is not set is null, so that templates can ask for it.
pub(crate) fn model_view(
    model: &Model,
    arrangement: &Arrangement<'_>,
    material: &dyn Material,
) -> Value {
    let clients = model.clients.iter();
    json!({
        "name": model.name.as_ref().map(ToString::to_string),
        "target": model.target,
        "labels": texts(&model.labels),
        "annotations": texts(&model.annotations),
        "hosts": model.exposures.iter().map(|one| exposure(one, arrangement.host(&one.key))).collect::<Vec<_>>(),
        "services": model.services.iter().map(|(key, value)| (key.clone(), service(value))).collect::<Map<_, _>>(),
        "secrets": model.secrets.iter().map(secret).collect::<Vec<_>>(),
        "cas": authorities(model, material),
        "clients": clients
            .map(|(key, client)| (key.clone(), json!({ "subject": client.request.subject.rfc2253() })))
            .collect::<Map<_, _>>(),
    })
}

/// Subject and trust bundle of each authority.
fn authorities(model: &Model, material: &dyn Material) -> Map<String, Value> {
    let view = |(name, authority): (&String, &crate::model::Authority)| {
        let subject = match &authority.source {
            AuthoritySource::Issued(request) => Some(request.subject.rfc2253()),
            AuthoritySource::Supplied(chain) => chain.first().map(|first| first.subject.rfc2253()),
        };
        let bundle = material.trust_bundle(std::slice::from_ref(name));
        (name.clone(), json!({ "subject": subject, "bundle": bundle }))
    };
    model.authorities.iter().map(view).collect()
}

fn exposure(exposure: &Exposure, arranged: Option<&HostArrangement<'_>>) -> Value {
    json!({
        "key": exposure.key,
        "host": exposure.host.as_str(),
        "namespace": exposure.namespace.as_str(),
        "name": exposure.name.as_str(),
        "ingressClassName": exposure.ingress_class_name.as_str(),
        "tls": exposure.tls.as_ref().map(|tls| json!({ "secretName": tls.secret_name.as_str() })),
        "clientAuth": exposure.client_auth.as_ref().map(|auth| client_auth(auth, arranged)),
        "existingIngress": exposure.existing_ingress.is_some(),
        "routes": exposure.routes.iter().map(route).collect::<Vec<_>>(),
        "labels": texts(&exposure.labels),
        "annotations": texts(&exposure.annotations),
    })
}

fn client_auth(auth: &ClientAuthentication, arranged: Option<&HostArrangement<'_>>) -> Value {
    let verify = match auth.verify {
        Verify::On => "on",
        Verify::Optional => "optional",
        Verify::OptionalNoCa => "optional_no_ca",
        Verify::Off => "off",
    };
    json!({
        "secretName": auth.secret.to_string(),
        "existing": auth.existing,
        "cas": auth.authorities,
        "verify": verify,
        "verifyDepth": arranged.and_then(|host| host.depth),
        "passCertificateToUpstream": auth.pass_certificate_to_upstream,
        "errorPage": auth.error_page.as_ref().map(ToString::to_string),
        "allow": arranged.and_then(|host| host.subjects.as_ref()),
    })
}

fn route(route: &Route) -> Value {
    let port = match &route.port {
        PortReference::Number(port) => json!(port.0),
        PortReference::Name(name) => json!(name.as_str()),
    };
    let path_type = match route.path_type {
        PathType::Prefix => "Prefix",
        PathType::Exact => "Exact",
        PathType::ImplementationSpecific => "ImplementationSpecific",
    };
    json!({ "path": route.path, "pathType": path_type, "service": route.service.as_str(), "port": port })
}

fn service(service: &Service) -> Value {
    json!({
        "name": service.name.as_str(),
        "namespace": service.namespace.as_str(),
        "ports": service.ports.iter().map(port).collect::<Vec<_>>(),
        "selector": texts(&service.selector),
        "existing": !service.rendered,
        "image": service.deployment.as_ref().map(|deployment| &deployment.image),
        "replicas": service.deployment.as_ref().map(|deployment| deployment.replicas),
        "labels": texts(&service.labels),
        "annotations": texts(&service.annotations),
    })
}

fn port(port: &ServicePort) -> Value {
    let protocol = match port.protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    };
    json!({
        "name": port.name,
        "port": port.port,
        "containerPort": port.container_port,
        "protocol": protocol,
    })
}

fn secret(secret: &Secret) -> Value {
    json!({
        "namespace": secret.reference.namespace,
        "name": secret.reference.name,
        "hosts": secret.exposures,
    })
}

fn texts<K: ToString, V: ToString>(map: &std::collections::BTreeMap<K, V>) -> Value {
    Value::Object(
        map.iter().map(|(key, value)| (key.to_string(), value.to_string().into())).collect(),
    )
}
