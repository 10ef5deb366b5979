use minijinja::Value as View;
use minijinja::value::Serde;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Api, Kind, Metadata, null_is_absent};
use crate::manifest::texts::Texts;
use crate::manifest::values::fields;

/// A Deployment (`apps/v1`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// Labels and annotations.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub metadata: Metadata,
    /// What runs.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub spec: DeploymentSpec,
}

/// What a Deployment runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeploymentSpec {
    /// How many Pods.
    #[serde(default)]
    pub replicas: Option<u32>,
    /// Labels of its Pods.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub selector: LabelSelector,
    /// The Pods.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub template: PodTemplate,
}

/// Which Pods are meant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelSelector {
    /// Labels that they have.
    #[serde(default)]
    pub match_labels: Texts,
}

/// Pods to be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PodTemplate {
    /// Their labels.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub metadata: PodMetadata,
    /// What runs in them.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub spec: PodSpec,
}

/// What is said of Pods to be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PodMetadata {
    /// Labels.
    #[serde(default)]
    pub labels: Texts,
}

/// What runs in a Pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodSpec {
    /// What the Pod may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_context: Option<Value>,
    /// Its containers.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub containers: Vec<Container>,
}

/// A container.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    /// Its name.
    pub name: String,
    /// What it runs.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub image: String,
    /// Ports that it listens on.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub ports: Vec<ContainerPort>,
    /// Environment variables, as Kubernetes has them.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<Value>,
    /// What it needs and may take.
    #[serde(
        default,
        deserialize_with = "null_is_absent",
        skip_serializing_if = "Resources::is_empty"
    )]
    pub resources: Resources,
    /// What it may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_context: Option<Value>,
}

/// A port of a container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerPort {
    /// Its number.
    pub container_port: u16,
    /// `TCP`, `UDP` or `SCTP`; TCP where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
}

/// Amounts by resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resources {
    /// What a container may take.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub limits: Texts,
    /// What it needs.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub requests: Texts,
}

impl Resources {
    fn is_empty(&self) -> bool {
        self.limits.is_empty() && self.requests.is_empty()
    }

    fn view(&self) -> View {
        let both = [("limits", &self.limits), ("requests", &self.requests)];
        let some = both.into_iter().filter(|(_, amounts)| !amounts.is_empty());
        fields(some.map(|(name, amounts)| (name, amounts.view())).collect::<Vec<_>>())
    }
}

impl Deployment {
    /// The template prints one container: what mtlsgen makes has no more.
    pub(super) fn view(&self) -> Vec<(&'static str, View)> {
        let DeploymentSpec { replicas, selector, template } = &self.spec;
        let PodSpec { security_context, containers } = &template.spec;
        let container = containers.first().map(Container::view);
        vec![
            ("replicas", View::from(replicas.unwrap_or(1))),
            ("selector", selector.match_labels.view()),
            ("container", container.unwrap_or(View::UNDEFINED)),
            ("securityContext", View::from(Serde(security_context))),
        ]
    }
}

impl Container {
    fn view(&self) -> View {
        let Self { name, image, ports, env, resources, security_context } = self;
        let port = |ContainerPort { container_port, protocol }: &ContainerPort| {
            let number = ("containerPort", View::from(*container_port));
            let protocol = protocol.as_deref().map(|word| ("protocol", View::from(word)));
            fields([number].into_iter().chain(protocol).collect::<Vec<_>>())
        };
        fields([
            ("name", View::from(name.as_str())),
            ("image", View::from(image.as_str())),
            ("ports", ports.iter().map(port).collect()),
            ("env", View::from(Serde(env))),
            ("resources", resources.view()),
            ("securityContext", View::from(Serde(security_context))),
        ])
    }
}

impl Api for Deployment {
    const GROUPS: &'static [&'static str] = &["apps"];
    const KIND: &'static str = "Deployment";

    fn of(kind: &Kind) -> Option<&Self> {
        if let Kind::Deployment(deployment) = kind { Some(deployment) } else { None }
    }
}
