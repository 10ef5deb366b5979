//! Fields that name a Secret: those that Kustomize follows, and those that it leaves as they are.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::identity::Identity;
use crate::manifest::kinds::{envoy_gateway, gateway};
use crate::model::Reference;

/// Final names of Secrets, suffix included, by namespace and name without it.
pub type Names = BTreeMap<Reference, String>;

/// Fields of a Pod's specification (Kustomize's `builtinpluginconsts/namereference.go`, kind `Secret`).
const OF_POD: [&[&str]; 7] = [
    &["volumes", "secret", "secretName"],
    &["volumes", "projected", "sources", "secret", "name"],
    &["containers", "env", "valueFrom", "secretKeyRef", "name"],
    &["initContainers", "env", "valueFrom", "secretKeyRef", "name"],
    &["containers", "envFrom", "secretRef", "name"],
    &["initContainers", "envFrom", "secretRef", "name"],
    &["imagePullSecrets", "name"],
];

/// Annotations of an Ingress that hold a Secret's name, with its namespace before it or without.
const ANNOTATIONS: [&str; 4] = [
    "ingress.kubernetes.io/auth-secret",
    "nginx.ingress.kubernetes.io/auth-secret",
    "nginx.ingress.kubernetes.io/auth-tls-secret",
    "nginx.ingress.kubernetes.io/proxy-ssl-secret",
];

/// Puts the final names of Secrets in the place of their names without suffix. Gives whether there were any.
///
/// # Errors
/// An object without namespace of its own names Secrets of several namespaces that end differently.
pub fn rewrite(
    identity: &Identity,
    object: &mut Value,
    names: &Names,
) -> Result<bool, Box<Diagnostic>> {
    let referrer = Referrer { identity, names };
    let mut changed = false;
    for path in fields(identity) {
        changed |= referrer.follow(object, &path)?;
    }
    if identity.kind == "Ingress"
        && let Some(annotations) = object.get_mut("metadata").and_then(|m| m.get_mut("annotations"))
    {
        for name in ANNOTATIONS {
            if let Some(value) = annotations.get_mut(name) {
                changed |= referrer.replace(value)?;
            }
        }
    }
    Ok(changed)
}

/// Paths of the fields that hold the name of a Secret; lists on the way are not named.
fn fields(identity: &Identity) -> Vec<Vec<&'static str>> {
    let below = |start: &[&'static str]| {
        OF_POD.iter().map(|path| [start, *path].concat()).collect::<Vec<_>>()
    };
    match (identity.group(), identity.kind.as_str()) {
        (_, "Pod") => below(&["spec"]),
        (_, "PodTemplate") => below(&["template", "spec"]),
        (_, "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet" | "Job") => {
            below(&["spec", "template", "spec"])
        }
        ("serving.knative.dev", "Service") => below(&["spec", "template", "spec"]),
        (_, "CronJob") => below(&["spec", "jobTemplate", "spec", "template", "spec"]),
        (_, "Ingress") => vec![vec!["spec", "tls", "secretName"]],
        (gateway::GROUP, "Gateway" | "ListenerSet") => {
            vec![vec!["spec", "listeners", "tls", "certificateRefs", "name"]]
        }
        (envoy_gateway::GROUP, "ClientTrafficPolicy") => {
            let validation = ["spec", "tls", "clientValidation"];
            [&["caCertificateRefs", "name"][..], &["crl", "refs", "name"]]
                .into_iter()
                .map(|rest| [&validation, rest].concat())
                .collect()
        }
        (_, "ServiceAccount") => vec![vec!["imagePullSecrets", "name"]],
        (_, "Role" | "ClusterRole") => vec![vec!["rules", "resourceNames"]],
        (_, "PersistentVolume") => vec![vec!["spec", "azureFile", "secretName"]],
        (_, "StorageClass") => {
            let parameters = ["secretName", "adminSecretName", "userSecretName", "secretRef"];
            parameters.into_iter().map(|name| vec!["parameters", name]).collect()
        }
        _ => Vec::new(),
    }
}

struct Referrer<'a> {
    identity: &'a Identity,
    names: &'a Names,
}

impl Referrer<'_> {
    fn follow(&self, value: &mut Value, path: &[&str]) -> Result<bool, Box<Diagnostic>> {
        if let Value::Array(items) = value {
            let mut changed = false;
            for item in items {
                changed |= self.follow(item, path)?;
            }
            return Ok(changed);
        }
        match path.split_first() {
            None => self.replace(value),
            Some((step, rest)) => {
                value.get_mut(step).map_or(Ok(false), |value| self.follow(value, rest))
            }
        }
    }

    fn replace(&self, value: &mut Value) -> Result<bool, Box<Diagnostic>> {
        let Some(text) = value.as_str() else { return Ok(false) };
        let new = match text.split_once('/') {
            Some((namespace, name)) => {
                self.find(Some(namespace), name)?.map(|new| format!("{namespace}/{new}"))
            }
            None => self.find(self.namespace(), text)?.map(str::to_owned),
        };
        let Some(new) = new else { return Ok(false) };
        *value = Value::String(new);
        Ok(true)
    }

    /// Where the object looks for Secrets; `None`: it does not say, being of no namespace itself.
    fn namespace(&self) -> Option<&str> {
        let of_cluster = matches!(
            self.identity.kind.as_str(),
            "ClusterRole" | "PersistentVolume" | "StorageClass"
        );
        // As Kustomize takes it.
        (!of_cluster).then(|| self.identity.namespace_or_default())
    }

    fn find(&self, namespace: Option<&str>, name: &str) -> Result<Option<&str>, Box<Diagnostic>> {
        if let Some(namespace) = namespace {
            let reference = Reference { namespace: namespace.to_owned(), name: name.to_owned() };
            return Ok(self.names.get(&reference).map(String::as_str));
        }
        let mut candidates = self.names.iter().filter(|(reference, _)| reference.name == name);
        let Some((_, found)) = candidates.next() else { return Ok(None) };
        if candidates.all(|(_, other)| other == found) {
            return Ok(Some(found));
        }
        Err(Box::new(
            Diagnostic::error(
                "reference-ambiguous",
                format!("{} names the Secret `{name}`, which several namespaces have with different content", self.identity),
            )
            .help("give these Secrets different names, or remove `secrets.nameSuffixHash`"),
        ))
    }
}
