//! The last check: whether the objects that are about to be written protect what the model protects.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::check::is_protected;
use super::own_annotations::{self, Annotations, CLUSTER_ISSUER, ISSUER};
use super::trust::{Secrets, Trusted};
use super::{PREFIX, allowed, arrange};
use crate::controllers::ingress_nginx::annotation_risk::{self, opens};
use crate::diagnostic::{Diagnostic, literal};
use crate::model::{ClientAuthentication, Exposure, Model, ServerCertificateSource};
use crate::specification::document::Locate;
use crate::specification::document::Step;
use crate::specification::value::ObjectName;
use crate::store::Material;
use crate::targets::{HostArrangement, IngressView, SecretView, Views};

/// Where mtlsgen makes the Ingress.
const CHANGED: &str = "a template, a patch or an annotation has changed what mtlsgen makes of this host; take that change back, or say `clientAuth = false`";
/// Where it exists already.
const EXISTING: &str = "change that Ingress, or say `clientAuth = false`";

/// What says the ingress class where `ingressClassName` does not, and above it.
const CLASS: &str = "kubernetes.io/ingress.class";

/// Ways in which an object fails to protect a host.
const CODE: &str = "host-unprotected";

pub(super) fn check(
    model: &Model,
    material: &dyn Material,
    finals: &Views<'_>,
    locate: Locate<'_>,
) -> Vec<Diagnostic> {
    let objects = Objects::index(finals);
    let entries = Entries::of(model);
    let mut trust = Trusted::new(material, &objects.secrets);
    let mut found = Vec::new();
    let arrangement = arrange::of(model);
    for (exposure, auth) in protected(model) {
        let mut check = Protection::new(exposure, arrangement.host(&exposure.key));
        check.own(&objects);
        check.found.extend(trust.problems(auth).iter().cloned());
        for foreign in entries.foreign_to(exposure, &objects) {
            check.ingress(foreign, false);
        }
        let Protection { found: problems, refused, other_classes, .. } = check;
        if problems.is_empty() && refused.is_empty() && other_classes.is_empty() {
            continue;
        }
        let place = locate(&["hosts".into(), Step::from(&exposure.key)]);
        let unprotected = |problem: String| {
            let title = format!("host `{}` would not be protected: {problem}", exposure.key);
            let help = if exposure.existing_ingress.is_some() { EXISTING } else { CHANGED };
            Diagnostic::error(CODE, title).at(place.clone()).help(help)
        };
        found.extend(problems.into_iter().map(unprotected));
        let of_class =
            |(class, problem): (String, _)| unprotected(problem).help(say_class(exposure, &class));
        found.extend(other_classes.into_iter().map(of_class));
        found.extend(
            refused
                .into_iter()
                .map(|(name, problem)| allowed::ways_out(unprotected(problem), &name)),
        );
    }
    found.extend(
        model.exposures.iter().filter_map(|exposure| contested(exposure, &objects, locate)),
    );
    found.extend(
        model.exposures.iter().filter_map(|exposure| too_risky(exposure, &objects, locate)),
    );
    found.extend(finals.secrets.iter().filter_map(authority_key));
    found
}

/// The class may be one of a second controller, which the spec can name.
fn say_class(exposure: &Exposure, class: &str) -> String {
    let key = &exposure.key;
    if class.parse::<ObjectName>().is_err() {
        return format!(
            "an ingress class is the name of an IngressClass, such as `{}`",
            exposure.ingress_class_name
        );
    }
    format!(
        "or, if an ingress-nginx controller serves that class, name it in the spec: `ingressClassName: {class}` under `hosts.\"{key}\"`, or at the top for all hosts; `--set ingressClassName={class}` does so for one run"
    )
}

fn protected(model: &Model) -> impl Iterator<Item = (&Exposure, &ClientAuthentication)> {
    let protected = model.exposures.iter().filter(|exposure| is_protected(exposure));
    protected.filter_map(|exposure| Some((exposure, exposure.client_auth.as_ref()?)))
}

/// cert-manager would be asked for a certificate that mtlsgen holds, and both would write its Secret.
fn contested(exposure: &Exposure, objects: &Objects<'_>, locate: Locate<'_>) -> Option<Diagnostic> {
    let tls = exposure.tls.as_ref()?;
    if !matches!(tls.source, ServerCertificateSource::Held(_)) {
        return None;
    }
    let views = objects.of(exposure);
    let asks = |(name, value): &(&str, &str)| {
        matches!(*name, CLUSTER_ISSUER | ISSUER)
            || *name == "kubernetes.io/tls-acme" && *value == "true"
    };
    let annotation =
        |view: &&'_ IngressView<'_>| view.annotations.iter().find(asks).map(|(n, _)| n.to_owned());
    let (view, name) = views.iter().find_map(|view| Some((view, annotation(view)?)))?;
    Some(
        Diagnostic::error(
            "certificate-contested",
            format!("the Ingress `{}/{}` has `{name}`, but mtlsgen holds the certificate of host `{}`: cert-manager would overwrite its Secret `{}`", view.namespace, view.name, exposure.key, tls.secret_name),
        )
        .at(locate(&["hosts".into(), Step::from(&exposure.key)]))
        .help("write `tls.certManager` if cert-manager is to issue it, or take the annotation off"),
    )
}

/// The controller's defaults would leave out the Ingress of an open host; on protected ones such annotations are
/// refused anyway.
fn too_risky(exposure: &Exposure, objects: &Objects<'_>, locate: Locate<'_>) -> Option<Diagnostic> {
    let is_refused = |name: &&str| annotation_risk::is_too_risky(name) && !exposure.allows(name);
    let mut views = objects.of(exposure).into_iter().filter(|_| !is_protected(exposure));
    let (view, name) = views.find_map(|view| {
        Some((view, view.annotations.iter().map(|(name, _)| name).find(is_refused)?))
    })?;
    let on = format!("the Ingress `{}/{}` of host `{}`", view.namespace, view.name, exposure.key);
    Some(allowed::too_risky(name, &on).at(locate(&["hosts".into(), Step::from(&exposure.key)])))
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
    /// By host, which are only asked for; then by namespace and name.
    ingresses: HashMap<&'a str, BTreeMap<Place<'a>, Vec<&'a IngressView<'a>>>>,
    secrets: Secrets<'a>,
}

/// Namespace and name.
type Place<'a> = (&'a str, &'a str);

impl<'a> Objects<'a> {
    fn index(objects: &'a Views<'a>) -> Self {
        let mut index = Self { ingresses: HashMap::new(), secrets: Secrets::new() };
        for view in &objects.ingresses {
            let hosts: BTreeSet<&str> = view.rules.iter().map(|rule| rule.host).collect();
            for host in hosts {
                let places = index.ingresses.entry(host).or_default();
                places.entry((view.namespace, view.name)).or_default().push(view);
            }
        }
        let secrets = objects.secrets.iter();
        index.secrets = secrets.map(|view| ((view.namespace, view.name), view)).collect();
        index
    }

    /// The Ingress that mtlsgen makes of an entry; where it exists already, all of the host in its namespace.
    fn of(&self, exposure: &Exposure) -> Vec<&'a IngressView<'a>> {
        let places = self.ingresses.get(exposure.host.as_str()).into_iter().flatten();
        let is_own = |found: Place<'_>| match exposure.existing_ingress {
            Some(_) => found.0 == exposure.namespace.as_str(),
            None => found == place(exposure),
        };
        places
            .filter(|(found, _)| is_own(**found))
            .flat_map(|(_, views)| views.iter().copied())
            .collect()
    }
}

fn place(exposure: &Exposure) -> Place<'_> {
    (exposure.namespace.as_str(), exposure.name.as_str())
}

/// Protected entries of the spec by host: several may be the same host in different namespaces or classes.
/// Only asked, never iterated over.
struct Entries<'a> {
    /// Where their own Ingresses are.
    own: HashMap<&'a str, BTreeSet<Place<'a>>>,
    /// Namespaces in which all Ingresses of a host are an entry's own, since they exist already.
    existing: BTreeSet<(&'a str, &'a str)>,
    /// The first entry of each host, and of each host and namespace.
    first: HashMap<(&'a str, Option<&'a str>), &'a str>,
}

impl<'a> Entries<'a> {
    fn of(model: &'a Model) -> Self {
        let mut entries =
            Self { own: HashMap::new(), existing: BTreeSet::new(), first: HashMap::new() };
        for (exposure, _) in protected(model) {
            let host = exposure.host.as_str();
            if exposure.existing_ingress.is_some() {
                entries.existing.insert((host, exposure.namespace.as_str()));
            } else {
                entries.own.entry(host).or_default().insert(place(exposure));
            }
            for namespace in [None, Some(exposure.namespace.as_str())] {
                entries.first.entry((host, namespace)).or_insert(&exposure.key);
            }
        }
        entries
    }

    /// Ingresses of the exposure's host that no entry makes. Each belongs to one entry alone: all entries
    /// of a host agree about its clients, but each namespace has its own copy of the Secret.
    fn foreign_to<'b>(
        &self,
        exposure: &Exposure,
        objects: &Objects<'b>,
    ) -> Vec<&'b IngressView<'b>> {
        let host = exposure.host.as_str();
        let first = |namespace| self.first.get(&(host, namespace)).copied();
        let is_first = first(None) == Some(exposure.key.as_str());
        let namespace = exposure.namespace.as_str();
        let is_first_of_namespace = first(Some(namespace)) == Some(exposure.key.as_str());
        if !is_first && !is_first_of_namespace {
            return Vec::new();
        }
        let Some(places) = objects.ingresses.get(host) else { return Vec::new() };
        let of_namespace = |place: Place<'b>| {
            place.0 == namespace && is_first_of_namespace
                || is_first && first(Some(place.0)).is_none()
        };
        let is_own = |place: &Place<'b>| {
            self.existing.contains(&(host, place.0))
                || self.own.get(host).is_some_and(|own| own.contains(place))
        };
        let foreign = places.iter().filter(|(place, _)| of_namespace(**place) && !is_own(place));
        foreign.flat_map(|(_, views)| views.iter().copied()).collect()
    }
}

struct Protection<'a> {
    exposure: &'a Exposure,
    /// Annotations that an Ingress of the host must have.
    wanted: Annotations,
    found: Vec<String>,
    /// Names of annotations that are refused, and why.
    refused: Vec<(String, String)>,
    /// Ingress classes that are not the host's, and what is said of each.
    other_classes: Vec<(String, String)>,
}

impl<'a> Protection<'a> {
    fn new(exposure: &'a Exposure, arranged: Option<&HostArrangement<'_>>) -> Self {
        // What cannot be expressed has been refused before.
        let wanted = arranged
            .map(|host| own_annotations::for_client_auth(&exposure.key, host).unwrap_or_default());
        let wanted = wanted.unwrap_or_default();
        Self { exposure, wanted, found: Vec::new(), refused: Vec::new(), other_classes: Vec::new() }
    }

    /// The Ingress that mtlsgen makes of the entry.
    fn own(&mut self, objects: &Objects<'_>) {
        let host = self.exposure.host.as_str();
        let views = objects.of(self.exposure);
        for view in &views {
            self.ingress(view, true);
        }
        if views.is_empty() && self.exposure.existing_ingress.is_some() {
            self.found.push(format!(
                "no Ingress of namespace `{}` has a rule for `{host}`",
                self.exposure.namespace
            ));
        } else if views.is_empty() {
            self.found.push(format!(
                "no Ingress `{}/{}` has a rule for `{host}`",
                self.exposure.namespace, self.exposure.name
            ));
        }
    }

    /// Every Ingress of the host shares its settings, and the oldest one wins: all must agree.
    fn ingress(&mut self, view: &IngressView<'_>, own: bool) {
        let called = format!("the Ingress `{}/{}`", view.namespace, view.name);
        let host = self.exposure.host.as_str();
        if view.has_paths(host) == Some(false) {
            self.found.push(format!("{called} has a rule for `{host}` without paths"));
        }
        if !view.has_tls(host) {
            self.found.push(format!("{called} has no `tls` entry for `{host}`"));
        }
        // The annotation counts where the field says nothing (`GetIngressClass` of
        // `internal/ingress/controller/store/store.go`).
        let written = self.exposure.existing_ingress.as_ref().and(view.annotations.get(CLASS));
        let class = view.class.or(written);
        let wanted = self.exposure.ingress_class_name.as_str();
        let problem = match class {
            _ if !own => None,
            None => Some(format!("says no ingress class: `ingressClassName: {wanted}` is missing")),
            Some(class) if class == wanted => None,
            Some(class) => {
                let problem = format!(
                    "{called} has another ingress class than `{wanted}`: {}",
                    literal(class)
                );
                self.other_classes.push((class.to_owned(), problem));
                None
            }
        };
        self.found.extend(problem.map(|problem| format!("{called} {problem}")));
        self.annotations(view, &called);
    }

    fn annotations(&mut self, view: &IngressView<'_>, called: &str) {
        for (name, want) in &self.wanted {
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
            if self.wanted.contains_key(name) {
                continue;
            }
            if name.strip_prefix(PREFIX).is_some_and(|name| name.starts_with("auth-tls-")) {
                self.found.push(format!("{called} has `{name}`, which mtlsgen did not set"));
            } else if name == CLASS && self.exposure.existing_ingress.is_some() {
                // Whoever wrote the Ingress chose its class so; which one it is has been judged.
            } else if name == CLASS {
                self.found
                    .push(format!("{called} has `{name}`, which overrides its ingress class"));
            } else if self.exposure.allows(name) {
                // It counts as unknown, which has been said.
            } else if let Some(reason) = opens(name, value) {
                self.refused.push((name.to_owned(), format!("{called} has `{name}`: {reason}")));
            }
        }
    }
}
