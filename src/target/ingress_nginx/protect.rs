//! The last check: whether the objects that are about to be written protect what the model protects.

use std::collections::BTreeMap;

use super::annotations;
use super::check::{is_protected, opens};
use crate::diagnostic::Diagnostic;
use crate::model::{ClientAuthentication, Exposure, Model};
use crate::spec::document::Step;
use crate::target::{FinalObject, IngressView, Locate, SecretView};

/// Ways in which an object fails to protect a host.
const CODE: &str = "host-unprotected";

pub(super) fn check(
    model: &Model,
    objects: &[FinalObject<'_>],
    locate: Locate<'_>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let final_objects = Objects::index(objects);
    for exposure in &model.exposures {
        let Some(auth) = exposure.client_auth.as_ref().filter(|_| is_protected(exposure)) else {
            continue;
        };
        let check = Protection {
            exposure,
            auth,
            objects: &final_objects,
            others: model,
            found: Vec::new(),
        };
        let place = locate(&["hosts".into(), Step::from(&exposure.key)]);
        found.extend(check.run().into_iter().map(|problem| {
            Diagnostic::error(CODE, format!("host `{}` would not be protected: {problem}", exposure.key))
                .at(place.clone())
                .help("a template, a patch or an annotation has changed what mtlsgen makes of this host; take that change back, or say `clientAuth = false`")
        }));
    }
    found.extend(final_objects.secrets.values().filter_map(|secret| authority_key(secret)));
    found
}

/// Keys of authorities have no business in a cluster.
fn authority_key(secret: &SecretView<'_>) -> Option<Diagnostic> {
    let key = secret.private_keys.iter().find(|key| **key == "ca.key")?;
    Some(
        Diagnostic::error(
            "authority-key-in-secret",
            format!("the Secret `{}/{}` holds `{key}`, the private key of an authority", secret.namespace, secret.name),
        )
        .help("the controller needs `ca.crt` alone; whoever reads that key can make certificates for every host"),
    )
}

/// Final objects by what they are looked up by.
struct Objects<'a> {
    by_host: BTreeMap<&'a str, Vec<&'a IngressView<'a>>>,
    secrets: BTreeMap<(&'a str, &'a str), &'a SecretView<'a>>,
}

impl<'a> Objects<'a> {
    fn index(objects: &'a [FinalObject<'a>]) -> Self {
        let mut index = Self { by_host: BTreeMap::new(), secrets: BTreeMap::new() };
        for object in objects {
            match object {
                FinalObject::Ingress(view) => {
                    for (host, _) in &view.rules {
                        index.by_host.entry(host).or_default().push(view);
                    }
                }
                FinalObject::Secret(view) => {
                    index.secrets.insert((view.namespace, view.name), view);
                }
            }
        }
        index
    }
}

struct Protection<'a> {
    exposure: &'a Exposure,
    auth: &'a ClientAuthentication,
    objects: &'a Objects<'a>,
    others: &'a Model,
    found: Vec<String>,
}

impl Protection<'_> {
    fn run(mut self) -> Vec<String> {
        let host = self.exposure.host.as_str();
        let views = self.objects.by_host.get(host).map(Vec::as_slice).unwrap_or_default();
        let mut own = false;
        for view in views {
            if self.is_own(view) {
                own = true;
                self.ingress(view, true);
            } else if !self.is_of_other_exposure(view) {
                self.ingress(view, false);
            }
        }
        if !own {
            self.found.push(format!(
                "no Ingress `{}/{}` has a rule for `{host}`",
                self.exposure.namespace, self.exposure.name
            ));
        }
        self.secret();
        self.found
    }

    fn is_own(&self, view: &IngressView<'_>) -> bool {
        view.namespace == self.exposure.namespace.as_str()
            && view.name == self.exposure.name.as_str()
    }

    /// Another entry of the same host, in another namespace or class, that is checked for itself.
    fn is_of_other_exposure(&self, view: &IngressView<'_>) -> bool {
        self.others.exposures.iter().any(|other| {
            other.host == self.exposure.host
                && is_protected(other)
                && view.namespace == other.namespace.as_str()
                && view.name == other.name.as_str()
        })
    }

    /// Every Ingress of the host shares its settings, and the oldest one wins: all must agree.
    fn ingress(&mut self, view: &IngressView<'_>, own: bool) {
        let called = format!("the Ingress `{}/{}`", view.namespace, view.name);
        let host = self.exposure.host.as_str();
        if view.rules.iter().any(|(rule, paths)| *rule == host && !paths) {
            self.found.push(format!("{called} has a rule for `{host}` without paths"));
        }
        if !view.tls_hosts.contains(&host) {
            self.found.push(format!("{called} has no `tls` entry for `{host}`"));
        }
        if own && view.class != Some(self.exposure.ingress_class_name.as_str()) {
            self.found.push(format!(
                "{called} has another ingress class than `{}`",
                self.exposure.ingress_class_name
            ));
        }
        self.annotations(view, &called);
    }

    fn annotations(&mut self, view: &IngressView<'_>, called: &str) {
        // What cannot be expressed has been refused before.
        let wanted =
            annotations::for_client_auth(&self.exposure.key, self.auth).unwrap_or_default();
        for (name, want) in &wanted {
            match view.annotations.get(name) {
                Some(have) if have == want => {}
                Some(have) => self.found.push(format!(
                    "{called} has `{name}: {}`, and it must be `{want}`",
                    have.escape_debug()
                )),
                None => self.found.push(format!("{called} lacks `{name}: {want}`")),
            }
        }
        for (name, value) in view.annotations.iter() {
            if wanted.contains_key(name) {
                continue;
            }
            if name.starts_with(&format!("{}auth-tls-", super::PREFIX)) {
                self.found.push(format!("{called} has `{name}`, which mtlsgen did not set"));
            } else if name == "kubernetes.io/ingress.class" {
                self.found
                    .push(format!("{called} has `{name}`, which overrides its ingress class"));
            } else if let Some(reason) = opens(name, value) {
                self.found.push(format!("{called} has `{name}`: {reason}"));
            }
        }
    }

    fn secret(&mut self) {
        if self.auth.existing {
            return;
        }
        let reference = &self.auth.secret;
        let called = format!("the Secret `{reference}` of trusted authorities");
        let key = (reference.namespace.as_str(), reference.name.as_str());
        let Some(secret) = self.objects.secrets.get(&key) else {
            self.found.push(format!("{called} is not among the objects"));
            return;
        };
        if !secret.has_ca_certificate {
            // The controller then only logs that client authentication is off.
            self.found.push(format!("{called} has no certificate under `ca.crt`"));
        }
        if !secret.private_keys.is_empty() {
            self.found.push(format!(
                "{called} holds a private key under `{}`",
                secret.private_keys.join("`, `")
            ));
        }
    }
}
