//! Deployments, Services and Secrets: the same for every target.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::stand_in::StandIn;
use crate::diagnostic::Diagnostic;
use crate::identity::Identity;
use crate::manifest::kinds::{self, Datum, Key, Kind, Metadata};
use crate::manifest::texts::Texts;
use crate::manifest::{Body, Disclosure, Object};
use crate::model::{Deployment, Secret, SecretContent, Service, ServicePort};
use crate::pki::request::Holder;
use crate::specification::value::{ExtendedKeyName, Quantity};
use crate::specification::{Environment, PodSecurity, Protocol};
use crate::store::Material;

/// The objects of a service that are not there already; `exposures` are the keys of the hosts that lead to it.
pub(super) fn of_service(service: &Service, exposures: &[String]) -> Vec<Object> {
    let Service {
        key: _,
        name,
        namespace,
        ports,
        deployment,
        rendered,
        selector,
        labels,
        annotations,
    } = service;
    // As `kubectl create deployment` and `kubectl expose` label what they make.
    let labels_of_kubectl = selector.iter().filter(|_| deployment.is_some());
    let all_labels: BTreeMap<_, _> = labels_of_kubectl.chain(labels).collect();
    let metadata = Metadata { labels: Texts::of(all_labels), annotations: Texts::of(annotations) };
    let selector = Texts::of(selector);
    let object = |api_version: &str, kind: &str, template, body| Object {
        identity: Identity {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: Some(namespace.to_string()),
            name: name.to_string(),
        },
        exposures: exposures.to_vec(),
        sensitive: false,
        template: Cow::Borrowed(template),
        body: Body::Typed(body),
    };
    let mut objects = Vec::new();
    if *rendered {
        let ports = ports.iter().map(service_port).collect();
        let spec = kinds::ServiceSpec { ports, selector: selector.clone() };
        let service = Kind::Service(kinds::Service { metadata: metadata.clone(), spec });
        objects.push(object("v1", "Service", "service.yaml.j2", service));
    }
    if let Some(deployment) = deployment {
        let spec = deployment_spec(deployment, ports, selector);
        let deployment = Kind::Deployment(kinds::Deployment { metadata, spec });
        objects.push(object("apps/v1", "Deployment", "deployment.yaml.j2", deployment));
    }
    objects
}

/// Whether an object has structures of the user's, which Kubernetes may not know.
pub(super) fn has_structures_of_user(service: &Service) -> bool {
    let env = service.deployment.as_ref().and_then(|deployment| deployment.env.as_ref());
    matches!(env, Some(Environment::List(_)))
}

fn service_port(port: &ServicePort) -> kinds::ServicePort {
    let ServicePort { name, port, container_port, protocol } = port;
    kinds::ServicePort {
        name: name.as_ref().map(ToString::to_string),
        port: *port,
        protocol: Some(protocol_word(*protocol).to_owned()),
        target_port: Some(Value::from(*container_port)),
    }
}

fn protocol_word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    }
}

fn deployment_spec(
    deployment: &Deployment,
    ports: &[ServicePort],
    selector: Texts,
) -> kinds::DeploymentSpec {
    let Deployment { replicas, container_name, image, env, requests, limits, pod_security } =
        deployment;
    let restricted = *pod_security == Some(PodSecurity::Restricted);
    let amounts = |map: &BTreeMap<String, Quantity>| {
        Texts::of(map.iter().map(|(name, amount)| (name, amount.as_str())))
    };
    let container = kinds::Container {
        name: container_name.to_string(),
        image: image.clone(),
        ports: container_ports(ports),
        env: env.as_ref().map(environment).unwrap_or_default(),
        resources: kinds::Resources { limits: amounts(limits), requests: amounts(requests) },
        security_context: restricted.then(restricted_container),
    };
    kinds::DeploymentSpec {
        replicas: Some(*replicas),
        selector: kinds::LabelSelector { match_labels: selector.clone() },
        template: kinds::PodTemplate {
            metadata: kinds::PodMetadata { labels: selector },
            spec: kinds::PodSpec {
                security_context: restricted.then(restricted_pod),
                containers: vec![container],
            },
        },
    }
}

/// Each port and protocol once; TCP is not said, as `kubectl create deployment` does not.
fn container_ports(ports: &[ServicePort]) -> Vec<kinds::ContainerPort> {
    let mut seen = BTreeSet::new();
    let once = |port: &&ServicePort| seen.insert((port.container_port, port.protocol));
    let container_port = |port: &ServicePort| kinds::ContainerPort {
        container_port: port.container_port,
        protocol: (port.protocol != Protocol::Tcp).then(|| protocol_word(port.protocol).to_owned()),
    };
    ports.iter().filter(once).map(container_port).collect()
}

fn environment(environment: &Environment) -> Vec<Value> {
    match environment {
        Environment::Table(table) => {
            let variable = |(name, value): (&ExtendedKeyName, &String)| json!({ "name": name.as_str(), "value": value });
            table.iter().map(variable).collect()
        }
        Environment::List(list) => list.iter().map(sorted).collect(),
    }
}

/// A structure of the user's with its fields in the order of their names, as templates print structures.
fn sorted(map: &Map<String, Value>) -> Value {
    let fields: BTreeMap<&String, &Value> = map.iter().collect();
    let value = |value: &Value| match value {
        Value::Object(map) => sorted(map),
        // A list of structures is none of a variable's fields.
        other => other.clone(),
    };
    fields.into_iter().map(|(name, field)| (name.clone(), value(field))).collect()
}

/// What the Pod Security Standard `restricted` asks of a Pod
/// (<https://kubernetes.io/docs/concepts/security/pod-security-standards/>).
fn restricted_pod() -> Value {
    json!({ "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } })
}

/// What it asks of a container.
fn restricted_container() -> Value {
    json!({ "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } })
}

/// Most bytes in the values of a Secret (`MaxSecretSize`, `pkg/apis/core/types.go`).
const LARGEST_SECRET: usize = 1 << 20;

/// The template of Secrets.
pub(super) const SECRET: &str = "secret.yaml.j2";

/// Makes Secrets.
pub(super) struct Secrets<'a> {
    material: &'a dyn Material,
    /// Trust bundles by their authorities: many hosts trust the same.
    bundles: BTreeMap<&'a [String], kinds::Secret>,
}

impl<'a> Secrets<'a> {
    pub(super) fn new(material: &'a dyn Material) -> Self {
        Self { material, bundles: BTreeMap::new() }
    }

    /// A Secret, with as much of its private key as the disclosure shows.
    pub(super) fn object(
        &mut self,
        secret: &'a Secret,
        disclosure: Disclosure,
    ) -> Result<Object, Diagnostic> {
        let Secret { reference, content, exposures, labels, annotations } = secret;
        let filled = match content {
            SecretContent::KeyPair(holder) => self.key_pair(holder, disclosure),
            SecretContent::TrustBundle(authorities) => self.trust_bundle(authorities),
        };
        let filled = filled.map_err(|what| {
            Diagnostic::error(
                "secret-incomplete",
                format!("the Secret `{reference}` cannot be filled: {what}"),
            )
        })?;
        let metadata = Metadata { labels: Texts::of(labels), annotations: Texts::of(annotations) };
        Ok(Object {
            identity: Identity {
                api_version: "v1".to_owned(),
                kind: "Secret".to_owned(),
                namespace: Some(reference.namespace.clone()),
                name: reference.name.clone(),
            },
            exposures: exposures.clone(),
            sensitive: filled.has_key(),
            template: Cow::Borrowed(SECRET),
            body: Body::Typed(Kind::Secret(kinds::Secret { metadata, ..filled })),
        })
    }

    fn key_pair(&self, holder: &Holder, disclosure: Disclosure) -> Result<kinds::Secret, String> {
        if matches!(holder, Holder::Authority(_)) {
            return Err(format!("the key of {holder} belongs in no Secret"));
        }
        let material = self.material;
        let chain = material
            .certificate_chain(holder)
            .ok_or_else(|| format!("the certificate of {holder} is not at hand"))?;
        let key = match disclosure {
            Disclosure::Whole => material.private_key(holder).map(Key::Whole),
            Disclosure::StandIn => {
                let key = material.private_key(holder);
                key.map(|key| Key::Whole(Arc::new(StandIn::of(&*key))))
            }
            Disclosure::Masked => Some(Key::Masked),
            Disclosure::Fingerprint => material.key_fingerprint(holder).map(Key::Fingerprint),
        };
        let key = key.ok_or_else(|| format!("the private key of {holder} is not at hand"))?;
        let data = [
            ("tls.crt".to_owned(), Datum::public(&chain)),
            ("tls.key".to_owned(), Datum::Key(key)),
        ];
        let type_name = Some("kubernetes.io/tls".to_owned());
        Ok(kinds::Secret {
            type_name,
            data: data.into_iter().collect(),
            ..kinds::Secret::default()
        })
    }

    fn trust_bundle(&mut self, authorities: &'a [String]) -> Result<kinds::Secret, String> {
        if let Some(secret) = self.bundles.get(authorities) {
            return Ok(secret.clone());
        }
        let bundle = self
            .material
            .trust_bundle(authorities)
            .filter(|bundle| bundle.contains("-----BEGIN CERTIFICATE-----"))
            .ok_or_else(|| {
                format!(
                    "the certificates of authorities `{}` are not at hand",
                    authorities.join("`, `")
                )
            })?;
        let lists = self.material.revocation_lists(authorities)?;
        let size = bundle.len() + lists.as_ref().map_or(0, String::len);
        if size > LARGEST_SECRET {
            return Err(format!(
                "it would hold {size} bytes, and Kubernetes takes {LARGEST_SECRET}"
            ));
        }
        let lists = lists.map(|lists| ("ca.crl".to_owned(), Datum::public(&lists)));
        let data = [("ca.crt".to_owned(), Datum::public(&bundle))].into_iter().chain(lists);
        let secret = kinds::Secret {
            type_name: Some("Opaque".to_owned()),
            data: data.collect(),
            bundle: Some(authorities.into()),
            ..kinds::Secret::default()
        };
        self.bundles.insert(authorities, secret.clone());
        Ok(secret)
    }
}
