//! Faults of final objects other than which clients are admitted: keys in wrong places, certificates with two owners,
//! annotations for which the controller passes over an Ingress.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::allowed;
use super::check::is_protected;
use super::own_annotations::{CLUSTER_ISSUER, ISSUER};
use crate::controllers::ingress_nginx::annotation_risk;
use crate::diagnostic::Diagnostic;
use crate::existing::foreign::AUTHORITY_KEYS;
use crate::model::{Exposure, Model, ServerCertificateSource};
use crate::specification::document::Locate;
use crate::specification::document::Step;
use crate::targets::{IngressView, SecretView, Views};

pub(super) fn check(model: &Model, finals: &Views<'_>, locate: Locate<'_>) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = finals.secrets.iter().filter_map(authority_key).collect();
    found.extend(keys_beside_bundles(model, finals, locate));
    // What mtlsgen makes has nothing of the rest that its checks of the spec let pass.
    if finals.ingresses.iter().all(|view| view.is_as_made) {
        return found;
    }
    let ingresses = Ingresses::index(finals);
    for exposure in &model.exposures {
        found.extend(contested(exposure, &ingresses, locate));
        found.extend(too_risky(exposure, &ingresses, locate));
    }
    found
}

/// cert-manager would issue a certificate that mtlsgen holds, and both would write its Secret.
fn contested(
    exposure: &Exposure,
    objects: &Ingresses<'_>,
    locate: Locate<'_>,
) -> Option<Diagnostic> {
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
        .help("write `tls.certManager` if cert-manager issues it, or remove the annotation"),
    )
}

/// The controller's defaults leave out the Ingress of an open host; of protected ones, the comparison asks which clients are admitted.
fn too_risky(
    exposure: &Exposure,
    objects: &Ingresses<'_>,
    locate: Locate<'_>,
) -> Option<Diagnostic> {
    let is_refused = |name: &&str| annotation_risk::is_too_risky(name) && !exposure.allows(name);
    let mut views = objects.of(exposure).into_iter().filter(|_| !is_protected(exposure));
    let (view, name) = views.find_map(|view| {
        Some((view, view.annotations.iter().map(|(name, _)| name).find(is_refused)?))
    })?;
    let on = format!("the Ingress `{}/{}` of host `{}`", view.namespace, view.name, exposure.key);
    Some(allowed::too_risky(name, &on).at(locate(&["hosts".into(), Step::from(&exposure.key)])))
}

/// Keys of authorities do not belong in a cluster.
fn authority_key(secret: &SecretView<'_>) -> Option<Diagnostic> {
    let key = secret.private_keys.iter().find(|key| AUTHORITY_KEYS.contains(key))?;
    Some(
        Diagnostic::error(
            "authority-key-in-secret",
            format!("the Secret `{}/{}` holds `{key}`, the private key of an authority", secret.namespace, secret.name),
        )
        .help("the controller needs `ca.crt` alone; with that key, a reader of the Secret can issue certificates that every host accepts"),
    )
}

/// A bundle that mtlsgen fills holds certificates alone: a key beside them is readable with them.
fn keys_beside_bundles(model: &Model, finals: &Views<'_>, locate: Locate<'_>) -> Vec<Diagnostic> {
    let mut hosts: BTreeMap<(&str, &str), &Exposure> = BTreeMap::new();
    for exposure in model.exposures.iter().filter(|exposure| is_protected(exposure)) {
        let auth = exposure.client_auth.as_ref().filter(|auth| !auth.existing);
        let secret = auth.map(|auth| (auth.secret.namespace.as_str(), auth.secret.name.as_str()));
        if let Some(secret) = secret {
            hosts.entry(secret).or_insert(exposure);
        }
    }
    let with_keys = finals.secrets.iter().filter(|secret| !secret.private_keys.is_empty());
    with_keys
        .filter_map(|secret| {
            let exposure = hosts.get(&(secret.namespace, secret.name))?;
            let title = format!(
                "the Secret `{}/{}` of trusted authorities holds a private key under `{}`",
                secret.namespace,
                secret.name,
                secret.private_keys.join("`, `")
            );
            let place = locate(&["hosts".into(), Step::from(&exposure.key)]);
            Some(
                Diagnostic::error("key-beside-bundle", title)
                    .at(place)
                    .help("put the key into a Secret of its own: who may read the authorities is not to read it"),
            )
        })
        .collect()
}

/// Namespace and name.
type Place<'a> = (&'a str, &'a str);

/// Final Ingresses by host, never iterated over; then by namespace and name.
struct Ingresses<'a>(HashMap<&'a str, BTreeMap<Place<'a>, Vec<&'a IngressView<'a>>>>);

impl<'a> Ingresses<'a> {
    fn index(objects: &'a Views<'a>) -> Self {
        let mut index = Self(HashMap::new());
        for view in &objects.ingresses {
            let hosts: BTreeSet<&str> = view.rules.iter().map(|rule| rule.host).collect();
            for host in hosts {
                let places = index.0.entry(host).or_default();
                places.entry((view.namespace, view.name)).or_default().push(view);
            }
        }
        index
    }

    /// The Ingress that mtlsgen makes of an entry; where it exists already, all of the host in its namespace.
    fn of(&self, exposure: &Exposure) -> Vec<&'a IngressView<'a>> {
        let places = self.0.get(exposure.host.as_str()).into_iter().flatten();
        let is_own = |found: Place<'_>| match exposure.existing_ingress {
            Some(_) => found.0 == exposure.namespace.as_str(),
            None => found == (exposure.namespace.as_str(), exposure.name.as_str()),
        };
        places
            .filter(|(found, _)| is_own(**found))
            .flat_map(|(_, views)| views.iter().copied())
            .collect()
    }
}
