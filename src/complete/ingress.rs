//! One Ingress that exists already: whether it can protect its hosts, and what it lacks for that.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::surroundings::Surroundings;
use crate::diagnostic::{Diagnostic, literal};
use crate::identity::Identity;
use crate::manifest::{Shown, identity_within};
use crate::model::{Exposure, ServerTls};
use crate::specification::document::Locate;
use crate::specification::selector::Selector;
use crate::targets::{Arrangement, Target};

/// An Ingress and the hosts that it is to protect.
pub(super) struct Judged<'a> {
    pub(super) item: &'a Value,
    pub(super) exposures: Vec<&'a Exposure>,
    pub(super) surroundings: &'a Surroundings<'a>,
    pub(super) locate: Locate<'a>,
}

/// Positions of the Ingresses that have a rule for a host, by host.
pub(super) fn by_host(items: &[Value]) -> BTreeMap<&str, BTreeSet<usize>> {
    let mut by_host: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (at, item) in items.iter().enumerate().filter(|(_, item)| item["kind"] == "Ingress") {
        for (_, host, _) in rules(item) {
            by_host.entry(host).or_default().insert(at);
        }
    }
    by_host
}

/// Position, host (empty: every host) and the rule itself.
fn rules(item: &Value) -> impl Iterator<Item = (usize, &str, &Value)> {
    let rules = item["spec"]["rules"].as_array().into_iter().flatten().enumerate();
    rules.map(|(at, rule)| (at, rule["host"].as_str().unwrap_or_default(), rule))
}

impl Judged<'_> {
    /// Annotations that the Ingress lacks; what is wrong with it goes into `found`.
    pub(super) fn annotations(
        &self,
        target: &dyn Target,
        arrangement: &Arrangement<'_>,
        found: &mut Vec<Diagnostic>,
    ) -> BTreeMap<String, String> {
        let Some(identity) = self.surroundings.identity(self.item) else { return BTreeMap::new() };
        let mut wanted = BTreeMap::new();
        for exposure in &self.exposures {
            found.extend(self.tls(&identity, exposure));
            found.extend(self.backends(&identity, exposure));
            match target.annotations(exposure, arrangement) {
                Ok(annotations) => self.agree(&identity, &mut wanted, annotations, exposure, found),
                Err(errors) => found.extend(errors),
            }
        }
        found.extend(self.nameless(&identity));
        found.extend(self.further_hosts(&identity));
        self.lacking(&identity, wanted, found)
    }

    /// An Ingress has one setting for all of its hosts.
    fn agree(
        &self,
        identity: &Identity,
        wanted: &mut BTreeMap<String, String>,
        annotations: BTreeMap<String, String>,
        exposure: &Exposure,
        found: &mut Vec<Diagnostic>,
    ) {
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

    fn tls(&self, identity: &Identity, exposure: &Exposure) -> Vec<Diagnostic> {
        let host = exposure.host.as_str();
        let entries = self.item["spec"]["tls"].as_array().into_iter().flatten().enumerate();
        let covers = |entry: &Value| {
            entry["hosts"].as_array().into_iter().flatten().any(|name| name.as_str() == Some(host))
        };
        let covering: Vec<(usize, &Value)> = entries.filter(|(_, entry)| covers(entry)).collect();
        if covering.is_empty() {
            return vec![self.tls_missing(identity, exposure)];
        }
        let Some(tls) = &exposure.tls else { return Vec::new() };
        let other = covering
            .into_iter()
            .filter(|(_, entry)| entry["secretName"] != tls.secret_name.as_str());
        other
            .map(|(at, entry)| {
                self.other_secret(identity, exposure, tls, (at, &entry["secretName"]))
            })
            .collect()
    }

    fn tls_missing(&self, identity: &Identity, exposure: &Exposure) -> Diagnostic {
        let host = exposure.host.as_str();
        let secret = exposure.tls.as_ref().map_or("NAME", |tls| tls.secret_name.as_str());
        let title = format!(
            "{identity} has no `tls` entry for `{host}`, and client certificates are asked for in TLS"
        );
        let diagnostic = Diagnostic::error("tls-missing", title)
            .at(self.place(exposure))
            .help(format!("add to it: `spec.tls: [{{hosts: [{host}], secretName: {secret}}}]`"));
        let current = &self.item["spec"]["tls"];
        let mut proposed = current.as_array().cloned().unwrap_or_default();
        proposed.push(json!({ "hosts": [host], "secretName": secret }));
        diagnostic.about(identity).field("spec.tls", current.clone(), proposed)
    }

    fn other_secret(
        &self,
        identity: &Identity,
        exposure: &Exposure,
        tls: &ServerTls,
        (at, current): (usize, &Value),
    ) -> Diagnostic {
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

    /// Services that nobody knows.
    fn backends(&self, identity: &Identity, exposure: &Exposure) -> Vec<Diagnostic> {
        let namespace = identity.namespace.as_deref().unwrap_or_default();
        let mut found = Vec::new();
        for (rule, _, content) in
            rules(self.item).filter(|(_, host, _)| *host == exposure.host.as_str())
        {
            let paths = content["http"]["paths"].as_array().into_iter().flatten().enumerate();
            for (path, content) in paths {
                let Some(name) = content["backend"]["service"]["name"].as_str() else { continue };
                let shown = self.surroundings.service(namespace, name);
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
                        "or, if it is the Service `{name}` that says no namespace, say `{namespace}` there"
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

    /// Kubernetes puts it wherever it is applied to; the Secrets say theirs.
    fn nameless(&self, identity: &Identity) -> Option<Diagnostic> {
        let said = self.item["metadata"]["namespace"].as_str().is_some_and(|name| !name.is_empty());
        if said || !self.surroundings.is_elsewhere_perhaps() {
            return None;
        }
        let namespace = identity.namespace.as_deref().unwrap_or_default();
        let title = format!(
            "{identity} says no namespace and is taken for one of `{namespace}`: applied to another, it trusts a Secret of a foreign namespace and answers 403 to everybody"
        );
        let diagnostic = Diagnostic::warning("namespace-unsaid", title)
            .help("say the namespace where the Ingress is made (in a kustomization: `namespace`), and the same in the spec");
        Some(diagnostic.about(identity).field("metadata.namespace", Value::Null, namespace))
    }

    /// The controller asks clients of all hosts of an Ingress alike.
    fn further_hosts(&self, identity: &Identity) -> Vec<Diagnostic> {
        if self.exposures.iter().all(|exposure| exposure.client_auth.is_none()) {
            return Vec::new();
        }
        let ours: BTreeSet<&str> =
            self.exposures.iter().map(|exposure| exposure.host.as_str()).collect();
        let mut told = BTreeSet::new();
        let further = rules(self.item)
            .filter(|(_, host, _)| !ours.contains(host) && told.insert(host.to_owned()));
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
        identity: &Identity,
        mut wanted: BTreeMap<String, String>,
        found: &mut Vec<Diagnostic>,
    ) -> BTreeMap<String, String> {
        wanted.retain(|name, want| {
            let have = &self.item["metadata"]["annotations"][name.as_str()];
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
                    format!("{identity} has `{name}: {have}` already, which is no text: Kubernetes refuses the Ingress"),
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

    fn place(&self, exposure: &Exposure) -> Option<crate::diagnostic::Span> {
        (self.locate)(&["hosts".into(), exposure.key.as_str().into()])
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

/// No Ingress is selected.
pub(super) fn missing(
    exposure: &Exposure,
    selector: &Selector,
    items: &[Value],
    namespace: &str,
) -> Diagnostic {
    let identities = items.iter().filter_map(|item| identity_within(item, namespace));
    let there = identities.filter(|identity| identity.kind == "Ingress");
    let there: Vec<String> = there.map(|identity| identity.to_string()).collect();
    let help = match there.as_slice() {
        [] => "there is no Ingress at all: name the spec under `transformers` of the kustomization that has it; of a chart, switch it on in the values".to_owned(),
        all => format!("there is {}", all.join(", ")),
    };
    let title =
        format!("no Ingress among the objects is the one of host `{}`: {selector}", exposure.key);
    Diagnostic::error("ingress-missing", title).help(help)
}

fn annotation_path(name: &str) -> String {
    format!("metadata.annotations[{}]", Value::from(name))
}
