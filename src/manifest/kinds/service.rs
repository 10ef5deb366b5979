use minijinja::Value as View;
use serde::{Deserialize, Serialize};

use super::{Api, Kind, Metadata, null_is_absent};
use crate::manifest::texts::Texts;
use crate::manifest::values::fields;

/// A Service (`v1`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Labels and annotations.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub metadata: Metadata,
    /// What it leads to.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub spec: ServiceSpec,
}

/// What a Service leads to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceSpec {
    /// Its ports.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub ports: Vec<ServicePort>,
    /// Labels of the Pods behind it.
    #[serde(default)]
    pub selector: Texts,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePort {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its number.
    pub port: u16,
    /// `TCP`, `UDP` or `SCTP`; TCP where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Number or name of the Pod's port; the same number where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_port: Option<serde_json::Value>,
}

impl Service {
    pub(super) fn view(&self) -> Vec<(&'static str, View)> {
        let port = |ServicePort { name, port, protocol, target_port }: &ServicePort| {
            fields([
                ("name", View::from(name.as_deref())),
                ("port", View::from(*port)),
                ("protocol", View::from(protocol.as_deref())),
                ("targetPort", View::from(minijinja::value::Serde(target_port))),
            ])
        };
        let ServiceSpec { ports, selector } = &self.spec;
        vec![("ports", ports.iter().map(port).collect()), ("selector", selector.view())]
    }
}

impl Api for Service {
    const GROUPS: &'static [&'static str] = &[""];
    const KIND: &'static str = "Service";

    fn of(kind: &Kind) -> Option<&Self> {
        if let Kind::Service(service) = kind { Some(service) } else { None }
    }
}
