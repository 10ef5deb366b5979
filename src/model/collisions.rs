//! Hosts that meet: two entries that are one object.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{Context, Findings};
use super::{Exposure, names};
use crate::diagnostic::Diagnostic;
use crate::path;
use crate::specification::document::Step;

/// Two entries that would be one object, or one host in one namespace and class.
pub fn refuse_equal_ingresses(
    context: Context<'_>,
    exposures: &[Exposure],
    findings: &mut Findings,
) {
    let mut seen: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut hosts: BTreeMap<(&str, &str, &str), &str> = BTreeMap::new();
    for exposure in exposures {
        let place = (exposure.namespace.as_str(), exposure.name.as_str());
        let seen_from = (exposure.host.as_str(), place.0, exposure.ingress_class_name.as_str());
        let same_name = seen.insert(place, &exposure.key);
        let same_host = hosts.insert(seen_from, &exposure.key);
        let (first, what, help) = match (same_name, same_host) {
            (Some(first), _) => (
                first,
                format!("the Ingress `{}/{}`", place.0, place.1),
                "give one of them another `ingressName`, or make them routes of one host",
            ),
            (None, Some(first)) => (
                first,
                format!("host `{}` in one namespace and class", exposure.host),
                "make them routes of one host",
            ),
            (None, None) => continue,
        };
        findings.push(
            Diagnostic::error(
                "duplicate-object",
                format!("hosts `{first}` and `{}` are both {what}", exposure.key),
            )
            .at(context.key(&path!["hosts", &exposure.key]))
            .related(context.key(&path!["hosts", first]), "the other one")
            .help(help),
        );
    }
}

/// Gives trust bundles whose names are not written other ones where they would be one to the controller with
/// those of another namespace; of several such, the first by namespace keeps its name.
pub fn part_trust_secrets(context: Context<'_>, exposures: &mut [Exposure]) {
    let conventions = context.conventions;
    let trusts = exposures.iter().filter_map(|exposure| exposure.client_auth.as_ref());
    let mut namespaces = trusts.map(|auth| &auth.secret.namespace);
    if namespaces.next().is_none_or(|first| namespaces.all(|other| other == first)) {
        return;
    }
    let mut files: BTreeMap<String, BTreeSet<(bool, String)>> = BTreeMap::new();
    let bases: Vec<Option<String>> =
        exposures.iter().map(|exposure| default_base(context, exposure)).collect();
    for (exposure, base) in exposures.iter().zip(&bases) {
        let Some(auth) = &exposure.client_auth else { continue };
        let file = (conventions.trust_bundle)(&auth.secret.namespace, &auth.secret.name);
        files.entry(file).or_default().insert((base.is_some(), auth.secret.namespace.clone()));
    }
    for (exposure, base) in exposures.iter_mut().zip(bases) {
        let Some(base) = base else { continue };
        let Some(auth) = &mut exposure.client_auth else { continue };
        let file = (conventions.trust_bundle)(&auth.secret.namespace, &auth.secret.name);
        // Names that were written come first.
        let keeps = files.get(&file).and_then(BTreeSet::first);
        if keeps.is_some_and(|(_, namespace)| *namespace != auth.secret.namespace) {
            let base = names::parted(&base, &auth.secret.namespace);
            auth.secret.name = (conventions.trust_secret)(&base);
        }
    }
}

/// What the name of a host's trust bundle is made of; `None`: it was written, or the Secret exists already.
fn default_base(context: Context<'_>, exposure: &Exposure) -> Option<String> {
    let auth = exposure.client_auth.as_ref().filter(|auth| !auth.existing)?;
    let base = match &exposure.tls {
        Some(tls) => tls.secret_name.to_string(),
        None => names::server_secret(exposure.name.as_str()),
    };
    let is_written = |path: &[Step]| context.document.contains(path);
    let fields = [
        path!["hosts", &exposure.key, "clientAuth", "secretName"],
        path!["defaults", "hosts", "clientAuth", "secretName"],
    ];
    let is_default = auth.secret.name == (context.conventions.trust_secret)(&base);
    (is_default && !fields.iter().any(|path| is_written(path))).then_some(base)
}
