//! An object that is about to be rendered: what it will be, and what its template is given.

use std::collections::BTreeMap;

use minijinja::Value;

use crate::identity::Identity;
use crate::model::Route;

/// An object before its template has been rendered.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it must turn out to be.
    pub identity: Identity,
    /// Keys under `hosts` of the exposures that it belongs to.
    pub exposures: Vec<String>,
    /// Whether it holds a private key.
    pub sensitive: bool,
    /// Whether it contains structures of the user's, which Kubernetes may not know.
    pub foreign: bool,
    /// Name of its template.
    pub template: &'static str,
    /// What the template is given beside name, namespace, labels and annotations.
    pub context: Vec<(&'static str, Value)>,
    /// What the check of protection needs to know, so that it need not parse what was just printed.
    pub facts: Facts,
}

/// What protection depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Facts {
    /// Nothing does.
    None,
    /// An Ingress for one host.
    Ingress {
        /// Ingress class.
        class: String,
        /// DNS name.
        host: String,
        /// Paths and the Services behind them.
        routes: Vec<Route>,
        /// Secret of the `tls` entry for the host, if there is one.
        tls: Option<String>,
        /// All annotations.
        annotations: BTreeMap<String, String>,
    },
    /// A Secret.
    Secret {
        /// Names of the authorities whose bundle is `ca.crt`, sorted; empty: there is none.
        authorities: Vec<String>,
        /// Whether `tls.key` holds a private key.
        has_private_key: bool,
    },
}

impl Facts {
    /// Whether the object may name a Secret.
    #[must_use]
    pub fn may_refer(&self) -> bool {
        matches!(self, Self::Ingress { .. })
    }
}

impl Draft {
    /// Adds name, namespace, labels and annotations to what the template is given.
    #[must_use]
    pub fn with_metadata(mut self, labels: Value, annotations: Value) -> Self {
        let namespace = self.identity.namespace.as_deref();
        self.context.extend([
            ("name", Value::from(self.identity.name.as_str())),
            ("namespace", Value::from(namespace)),
            ("labels", labels),
            ("annotations", annotations),
        ]);
        self
    }
}
