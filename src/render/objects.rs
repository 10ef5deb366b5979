//! Deployments, Services and Secrets: the same whatever the target.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::Value;

use crate::diagnostic::Diagnostic;
use crate::identity::Identity;
use crate::manifest::Disclosure;
use crate::manifest::values::{fields, texts};
use crate::model::{Deployment, Secret, SecretContent, Service, ServicePort};
use crate::pki::request::Holder;
use crate::secret_format::{Content, Entry, KeyEntry, SecretFormat, StandIn};
use crate::specification::{Environment, PodSecurity, Protocol};
use crate::store::Material;
use crate::targets::draft::{Draft, Facts};

/// The objects of a service that are not there already; `exposures` are the keys of the hosts that lead to it.
pub(super) fn of_service(service: &Service, exposures: &[String]) -> Vec<Draft> {
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
    let has_env_list =
        |deployment: &Deployment| matches!(deployment.env, Some(Environment::List(_)));
    let foreign = deployment.as_ref().is_some_and(has_env_list);
    // As `kubectl create deployment` and `kubectl expose` label what they make.
    let labels_of_kubectl = selector.iter().filter(|_| deployment.is_some());
    let all_labels: BTreeMap<_, _> = labels_of_kubectl.chain(labels).collect();
    let (all_labels, annotations) = (texts(all_labels), texts(annotations));
    let selector = texts(selector);
    let draft = |api_version: &str, kind: &str, template, context| {
        let identity = Identity {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: Some(namespace.to_string()),
            name: name.to_string(),
        };
        let draft = Draft {
            identity,
            exposures: exposures.to_vec(),
            sensitive: false,
            foreign,
            template,
            context,
            facts: Facts::None,
        };
        draft.with_metadata(all_labels.clone(), annotations.clone())
    };
    let mut drafts = Vec::new();
    if *rendered {
        let context = vec![
            ("ports", ports.iter().map(service_port).collect()),
            ("selector", selector.clone()),
        ];
        drafts.push(draft("v1", "Service", "service.yaml.j2", context));
    }
    if let Some(deployment) = deployment {
        let context = deployment_context(deployment, ports, selector);
        drafts.push(draft("apps/v1", "Deployment", "deployment.yaml.j2", context));
    }
    drafts
}

fn service_port(port: &ServicePort) -> Value {
    let ServicePort { name, port, container_port, protocol } = port;
    fields([
        ("name", Value::from(name.as_deref())),
        ("port", Value::from(*port)),
        ("protocol", Value::from(protocol_word(*protocol))),
        ("targetPort", Value::from(*container_port)),
    ])
}

fn protocol_word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    }
}

fn deployment_context(
    deployment: &Deployment,
    ports: &[ServicePort],
    selector: Value,
) -> Vec<(&'static str, Value)> {
    let Deployment { replicas, container_name, image, env, requests, limits, pod_security } =
        deployment;
    let restricted = *pod_security == Some(PodSecurity::Restricted);
    let resources: Vec<_> = [("limits", limits), ("requests", requests)]
        .into_iter()
        .filter(|(_, map)| !map.is_empty())
        .map(|(key, map)| (key, texts(map.iter().map(|(name, amount)| (name, amount.as_str())))))
        .collect();
    let container = fields([
        ("name", Value::from(container_name.as_str())),
        ("image", Value::from(image.as_str())),
        ("ports", container_ports(ports)),
        ("env", env.as_ref().map_or(Value::from(()), environment)),
        ("resources", fields(resources)),
        ("securityContext", if restricted { restricted_container() } else { Value::from(()) }),
    ]);
    vec![
        ("replicas", Value::from(*replicas)),
        ("selector", selector),
        ("container", container),
        ("securityContext", if restricted { restricted_pod() } else { Value::from(()) }),
    ]
}

/// Each port and protocol once; TCP is not said, as `kubectl create deployment` does not.
fn container_ports(ports: &[ServicePort]) -> Value {
    let mut seen = BTreeSet::new();
    ports
        .iter()
        .filter(|port| seen.insert((port.container_port, port.protocol)))
        .map(|port| {
            let mut entry = vec![("containerPort", Value::from(port.container_port))];
            if port.protocol != Protocol::Tcp {
                entry.push(("protocol", Value::from(protocol_word(port.protocol))));
            }
            fields(entry)
        })
        .collect()
}

fn environment(environment: &Environment) -> Value {
    match environment {
        Environment::Table(table) => table
            .iter()
            .map(|(name, value)| {
                fields([
                    ("name", Value::from(name.as_str())),
                    ("value", Value::from(value.as_str())),
                ])
            })
            .collect(),
        Environment::List(list) => Value::from(minijinja::value::Serde(list)),
    }
}

/// What the Pod Security Standard `restricted` asks of a Pod
/// (<https://kubernetes.io/docs/concepts/security/pod-security-standards/>).
fn restricted_pod() -> Value {
    fields([
        ("runAsNonRoot", Value::from(true)),
        ("seccompProfile", fields([("type", Value::from("RuntimeDefault"))])),
    ])
}

/// What it asks of a container.
fn restricted_container() -> Value {
    let all: Value = [Value::from("ALL")].into_iter().collect();
    fields([
        ("allowPrivilegeEscalation", Value::from(false)),
        ("capabilities", fields([("drop", all)])),
    ])
}

/// Most bytes in the values of a Secret (`MaxSecretSize`, `pkg/apis/core/types.go`).
const LARGEST_SECRET: usize = 1 << 20;

/// Makes the objects that hand Secrets over.
pub(super) struct Secrets<'a> {
    material: &'a dyn Material,
    format: &'static dyn SecretFormat,
    /// What templates are given for a trust bundle, by its authorities: many hosts trust the same.
    bundles: BTreeMap<&'a [String], Context>,
}

type Context = Vec<(&'static str, Value)>;

impl<'a> Secrets<'a> {
    pub(super) fn new(material: &'a dyn Material, format: &'static dyn SecretFormat) -> Self {
        Self { material, format, bundles: BTreeMap::new() }
    }

    /// The template of the objects.
    pub(super) fn template(&self) -> &'static str {
        self.format.template()
    }

    /// The object that hands a Secret over.
    pub(super) fn object(
        &mut self,
        secret: &'a Secret,
        disclosure: Disclosure,
    ) -> Result<Draft, Diagnostic> {
        let Secret { reference, content, exposures, labels, annotations } = secret;
        let (context, authorities) = match content {
            SecretContent::KeyPair(holder) => (self.key_pair(holder, disclosure), Vec::new()),
            SecretContent::TrustBundle(authorities) => {
                (self.trust_bundle(authorities), authorities.clone())
            }
        };
        let context = context.map_err(|what| {
            Diagnostic::error(
                "secret-incomplete",
                format!("the Secret `{reference}` cannot be filled: {what}"),
            )
        })?;
        let has_private_key = matches!(content, SecretContent::KeyPair(_));
        let (api_version, kind) = self.format.kind();
        let draft = Draft {
            identity: Identity {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
                namespace: Some(reference.namespace.clone()),
                name: reference.name.clone(),
            },
            exposures: exposures.clone(),
            sensitive: has_private_key,
            foreign: false,
            template: self.format.template(),
            context,
            facts: Facts::Secret { authorities, has_private_key },
        };
        Ok(draft.with_metadata(texts(labels), texts(annotations)))
    }

    fn key_pair(&self, holder: &Holder, disclosure: Disclosure) -> Result<Context, String> {
        if matches!(holder, Holder::Authority(_)) {
            return Err(format!("the key of {holder} belongs in no Secret"));
        }
        let material = self.material;
        let chain = material
            .certificate_chain(holder)
            .ok_or_else(|| format!("the certificate of {holder} is not at hand"))?;
        let stand_in;
        let key = match disclosure {
            Disclosure::Whole => material.private_key(holder).map(KeyEntry::Whole),
            Disclosure::StandIn => {
                stand_in = material.private_key(holder).map(StandIn::of);
                stand_in.as_ref().map(|key| KeyEntry::Whole(key))
            }
            Disclosure::Masked => Some(KeyEntry::Masked),
            Disclosure::Fingerprint => material.key_fingerprint(holder).map(KeyEntry::Fingerprint),
        };
        let key = key.ok_or_else(|| format!("the private key of {holder} is not at hand"))?;
        Ok(self.format.context(&Content {
            type_name: "kubernetes.io/tls",
            entries: vec![("tls.crt", Entry::Public(chain)), ("tls.key", Entry::PrivateKey(key))],
        }))
    }

    fn trust_bundle(&mut self, authorities: &'a [String]) -> Result<Context, String> {
        if let Some(context) = self.bundles.get(authorities) {
            return Ok(context.clone());
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
        let mut entries = vec![("ca.crt", Entry::Public(bundle))];
        entries.extend(lists.map(|lists| ("ca.crl", Entry::Public(lists))));
        let context = self.format.context(&Content { type_name: "Opaque", entries });
        self.bundles.insert(authorities, context.clone());
        Ok(context)
    }
}
