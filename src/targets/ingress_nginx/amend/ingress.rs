//! One Ingress that exists already: whether it can protect its hosts, and what it lacks for that.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::own_annotations;
use super::Scene;
use crate::diagnostic::{Diagnostic, Span, literal};
use crate::identity::Identity;
use crate::manifest::{Namespace, Shown};
use crate::model::{Exposure, ServerTls};

/// An Ingress and the hosts that it is to protect.
pub(super) struct Judged<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) value: &'a Value,
    pub(super) identity: &'a Identity,
    pub(super) exposures: Vec<&'a Exposure>,
}

/// Position, host (empty: every host) and the rule itself.
pub(super) fn rules(item: &Value) -> impl Iterator<Item = (usize, &str, &Value)> {
    let rules = item["spec"]["rules"].as_array().into_iter().flatten().enumerate();
    rules.map(|(at, rule)| (at, rule["host"].as_str().unwrap_or_default(), rule))
}

impl Judged<'_> {
    /// Annotations that the Ingress lacks; what is wrong with it goes into `found`.
    pub(super) fn annotations(&self, found: &mut Vec<Diagnostic>) -> BTreeMap<String, String> {
        let mut wanted = BTreeMap::new();
        for exposure in &self.exposures {
            found.extend(self.tls_problems(exposure));
            found.extend(self.backends(exposure));
            let arranged = self.scene.arrangement.host(&exposure.key);
            match own_annotations::of(exposure, arranged) {
                Ok(ours) => {
                    let ours = ours.into_iter().map(|(name, value)| (name.to_owned(), value));
                    self.agree(&mut wanted, ours.collect(), exposure, found);
                }
                Err(error) => found.push(error),
            }
        }
        found.extend(self.nameless());
        found.extend(self.further_hosts());
        self.lacking(wanted, found)
    }

    /// An Ingress has one setting for all of its hosts.
    fn agree(
        &self,
        wanted: &mut BTreeMap<String, String>,
        annotations: BTreeMap<String, String>,
        exposure: &Exposure,
        found: &mut Vec<Diagnostic>,
    ) {
        let identity = self.identity;
        let first = self.exposures[0];
        if std::ptr::eq(first, exposure) {
            *wanted = annotations;
            return;
        }
        if *wanted == annotations {
            return;
        }
        let names = wanted.keys().chain(annotations.keys());
        let Some(name) = names.into_iter().find(|name| wanted.get(*name) != annotations.get(*name))
        else {
            return;
        };
        let title = format!(
            "hosts `{}` and `{}` share {identity}, which has one `{name}` for both",
            first.key, exposure.key
        );
        let diagnostic = Diagnostic::error("host-disagreement", title)
            .at(self.place(exposure))
            .help("write the same `clientAuth` in both, its `secretName` included, or give one of them an Ingress of its own");
        found.push(diagnostic.about(identity).field(
            annotation_path(name),
            Value::Null,
            Value::Null,
        ));
    }

    /// Hosts without a `tls` entry of which the spec says where their certificate is, with the name of its Secret.
    pub(super) fn tls(&self) -> Vec<(String, String)> {
        let mut entries = BTreeMap::new();
        for exposure in &self.exposures {
            if let (Some(tls), None) = (&exposure.tls, self.covering(exposure).next()) {
                entries.entry(exposure.host.to_string()).or_insert(tls.secret_name.to_string());
            }
        }
        entries.into_iter().collect()
    }

    /// Positions and entries of `tls` that are for a host.
    fn covering(&self, exposure: &Exposure) -> impl Iterator<Item = (usize, &Value)> {
        let entries = self.value["spec"]["tls"].as_array().into_iter().flatten().enumerate();
        let host = exposure.host.as_str();
        entries.filter(move |(_, entry)| {
            entry["hosts"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|name| name.as_str().is_some_and(|name| name.eq_ignore_ascii_case(host)))
        })
    }

    fn tls_problems(&self, exposure: &Exposure) -> Vec<Diagnostic> {
        let mut covering = self.covering(exposure).peekable();
        let Some(tls) = &exposure.tls else {
            let is_missing = covering.peek().is_none();
            return is_missing.then(|| self.tls_missing(exposure)).into_iter().collect();
        };
        let other = covering.filter(|(_, entry)| entry["secretName"] != tls.secret_name.as_str());
        other
            .map(|(at, entry)| self.other_secret(exposure, tls, (at, &entry["secretName"])))
            .collect()
    }

    fn tls_missing(&self, exposure: &Exposure) -> Diagnostic {
        let identity = self.identity;
        let host = exposure.host.as_str();
        let secret = "NAME";
        let title = format!(
            "{identity} has no `tls` entry for `{host}`: certificates of clients are requested in TLS"
        );
        let diagnostic = Diagnostic::error("tls-missing", title)
            .at(self.place(exposure))
            .help("let mtlsgen add the entry: say in the spec where the host's certificate comes from, such as `tls = { issuer = \"self-signed\" }`, or `tls = { secretName = \"NAME\" }` for a Secret in the cluster")
            .help(format!("or add it where the Ingress is made, of a chart in its values: `spec.tls: [{{hosts: [{host}], secretName: {secret}}}]`"));
        let current = &self.value["spec"]["tls"];
        let mut proposed = current.as_array().cloned().unwrap_or_default();
        proposed.push(json!({ "hosts": [host], "secretName": secret }));
        diagnostic.about(identity).field("spec.tls", current.clone(), proposed)
    }

    fn other_secret(
        &self,
        exposure: &Exposure,
        tls: &ServerTls,
        (at, current): (usize, &Value),
    ) -> Diagnostic {
        let identity = self.identity;
        let have = match current.as_str() {
            Some(name) => format!("names the Secret {}", literal(name)),
            None => "names no Secret".to_owned(),
        };
        let (host, want) = (&exposure.host, &tls.secret_name);
        let title = format!(
            "the `tls` entry of {identity} for `{host}` {have}, and the certificate of host `{}` lies in `{want}`",
            exposure.key
        );
        let diagnostic = Diagnostic::error("tls-other-secret", title)
            .at(self.place(exposure))
            .help("write the same name in both (`tls.secretName` in the spec), or remove `tls` from the host if the certificate is the Ingress's own business");
        diagnostic.about(identity).field(
            format!("spec.tls[{at}].secretName"),
            current.clone(),
            want.as_str(),
        )
    }

    /// Services that neither the objects nor the spec have.
    fn backends(&self, exposure: &Exposure) -> Vec<Diagnostic> {
        let identity = self.identity;
        let namespace = identity.namespace.as_deref().unwrap_or_default();
        let mut found = Vec::new();
        for (rule, _, content) in
            rules(self.value).filter(|(_, host, _)| *host == exposure.host.as_str())
        {
            let paths = content["http"]["paths"].as_array().into_iter().flatten().enumerate();
            for (path, content) in paths {
                let Some(name) = content["backend"]["service"]["name"].as_str() else { continue };
                let shown = self.service(namespace, name);
                if matches!(shown, Shown::Found(())) {
                    continue;
                }
                let title = format!(
                    "{identity} leads `{}` to the Service {}, which is not among the objects",
                    exposure.host,
                    literal(name)
                );
                let diagnostic = Diagnostic::error("backend-missing", title)
                    .at(self.place(exposure))
                    .help(format!("if it is in the cluster already, say so: `services.{name} = {{ existing = true, port = 80 }}`"));
                let diagnostic = match shown {
                    Shown::NotShown(Some(_)) => diagnostic.help(format!(
                        "or, if it is the Service `{name}` without a namespace, set `{namespace}` there"
                    )),
                    Shown::Found(())
                    | Shown::Absent
                    | Shown::NotShown(None)
                    | Shown::Hidden => diagnostic,
                };
                found.push(diagnostic.about(identity).field(
                    format!("spec.rules[{rule}].http.paths[{path}].backend.service.name"),
                    name,
                    Value::Null,
                ));
            }
        }
        found
    }

    /// Kubernetes creates it in the namespace that it is applied to; the Secrets name theirs.
    fn nameless(&self) -> Option<Diagnostic> {
        let identity = self.identity;
        let said =
            self.value["metadata"]["namespace"].as_str().is_some_and(|name| !name.is_empty());
        // A known namespace is the one that they are applied to.
        if said || matches!(self.scene.existing.namespace, Namespace::Known(_)) {
            return None;
        }
        let namespace = identity.namespace.as_deref().unwrap_or_default();
        let title = format!(
            "{identity} has no namespace, so `{namespace}` is assumed: applied to another namespace, it trusts a Secret of `{namespace}` and answers every request with 403"
        );
        let diagnostic = Diagnostic::warning("namespace-missing", title)
            .help("set the namespace where the Ingress is made (in a kustomization: `namespace`), and the same in the spec");
        Some(diagnostic.about(identity).field("metadata.namespace", Value::Null, namespace))
    }

    /// The controller asks clients of all hosts of an Ingress alike.
    fn further_hosts(&self) -> Vec<Diagnostic> {
        let identity = self.identity;
        if self.exposures.iter().all(|exposure| exposure.client_auth.is_none()) {
            return Vec::new();
        }
        let ours: BTreeSet<&str> =
            self.exposures.iter().map(|exposure| exposure.host.as_str()).collect();
        let mut seen = BTreeSet::new();
        let further = rules(self.value)
            .filter(|(_, host, _)| !ours.contains(host) && seen.insert(host.to_owned()));
        further
            .map(|(at, host, _)| {
                let (called, help) = if host.is_empty() {
                    ("every other host".to_owned(), "give the rule a host, or an Ingress of its own".to_owned())
                } else {
                    (format!("`{host}`"), format!("declare `hosts.\"{host}\".existingIngress` with the same `clientAuth`, or give that host an Ingress of its own"))
                };
                let title = format!("{identity} also serves {called}, whose clients would be asked for certificates too");
                let diagnostic = Diagnostic::error("further-host", title).at(self.place(self.exposures[0])).help(help);
                diagnostic.about(identity).field(format!("spec.rules[{at}].host"), Value::Null, Value::Null)
            })
            .collect()
    }

    /// What is not there yet; what is there and says something else is never overwritten.
    fn lacking(
        &self,
        mut wanted: BTreeMap<String, String>,
        found: &mut Vec<Diagnostic>,
    ) -> BTreeMap<String, String> {
        let identity = self.identity;
        wanted.retain(|name, want| {
            let have = &self.value["metadata"]["annotations"][name.as_str()];
            if *have == want.as_str() {
                return false;
            }
            if have.is_null() {
                return true;
            }
            let (title, help) = match have.as_str() {
                Some(said) => (
                    format!("{identity} has `{name}: {}` already, and the spec makes it `{want}`", said.escape_debug()),
                    "remove the annotation from the Ingress, or say in the spec what it says",
                ),
                None => (
                    format!("{identity} has `{name}: {have}` already, which is not text: Kubernetes refuses the Ingress"),
                    "remove the annotation from the Ingress, or put its value into quotes",
                ),
            };
            let diagnostic = Diagnostic::error("annotation-taken", title)
                .at(self.place(self.exposures[0]))
                .help(help);
            found.push(diagnostic.about(identity).field(
                annotation_path(name),
                have.clone(),
                want.as_str(),
            ));
            false
        });
        wanted
    }

    /// Whether there is such a Service, or the spec says that it exists.
    fn service(&self, namespace: &str, name: &str) -> Shown {
        if self.scene.services.contains(&(namespace, name)) {
            return Shown::Found(());
        }
        self.scene.existing.objects.get(&Identity {
            api_version: "v1".to_owned(),
            kind: "Service".to_owned(),
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        })
    }

    fn place(&self, exposure: &Exposure) -> Option<Span> {
        (self.scene.locate)(&["hosts".into(), exposure.key.as_str().into()])
    }
}

/// No Ingress of the host's namespace is selected, but this one of another.
pub(super) fn elsewhere(exposure: &Exposure, other: &Identity) -> Diagnostic {
    let title = format!(
        "{other} would be the one of host `{}`, which lies in namespace `{}`",
        exposure.key, exposure.namespace
    );
    let help = format!(
        "write `hosts.\"{}\".namespace = \"{}\"`: Secrets must lie in the namespace of the Ingress",
        exposure.key,
        other.namespace.as_deref().unwrap_or_default()
    );
    let diagnostic = Diagnostic::error("ingress-elsewhere", title).help(help);
    diagnostic.about(other).field("metadata.namespace", Value::Null, Value::Null)
}

fn annotation_path(name: &str) -> String {
    format!("metadata.annotations[{}]", Value::from(name))
}
