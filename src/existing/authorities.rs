//! Certificates of authorities out of trust bundles and served chains.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::holders::{Found, damaged};
use super::reading::Secrets;
use crate::diagnostic::Diagnostic;
use crate::model::context::listed;
use crate::model::{AuthoritySource, Model, Reference, SecretContent};
use crate::pki::certificate::Certificate;
use crate::pki::key::SpkiHash;
use crate::pki::request::{CertificateRequest, Holder, Issuer};
use crate::plan::chains;
use crate::store::{Generations, HeldCertificate, Inventory};

/// A trust bundle that exists.
pub(super) struct Bundle<'a> {
    /// The Secret's name in the cluster.
    pub reference: &'a Reference,
    /// The authorities that the spec puts there, without those above and below them.
    pub authorities: &'a [String],
    /// The certificates under `ca.crt`.
    pub certificates: Arc<Vec<Certificate>>,
}

/// The trust bundles among the Secrets of the model.
pub(super) fn bundles<'a>(
    model: &'a Model,
    secrets: &'a Secrets,
    findings: &mut Vec<Diagnostic>,
) -> Vec<Bundle<'a>> {
    let mut bundles = Vec::new();
    // Thousands of hosts trust the same.
    let mut read: BTreeMap<Vec<u8>, Arc<Vec<Certificate>>> = BTreeMap::new();
    for secret in &model.secrets {
        let SecretContent::TrustBundle(authorities) = &secret.content else { continue };
        let found = match secrets.rendered(&secret.reference, model.name_suffix_hash) {
            Ok(found) => found,
            Err(error) => {
                findings.push(error);
                continue;
            }
        };
        let Some((reference, found)) = found else { continue };
        let problem = match found.value("ca.crt") {
            None => "is missing".to_owned(),
            Some(Err(problem)) => problem.to_owned(),
            Some(Ok(octets)) => {
                let certificates = match read.get(octets.as_slice()) {
                    Some(known) => Ok(Arc::clone(known)),
                    None => Certificate::from_pem(&octets).map(Arc::new),
                };
                match certificates {
                    Ok(certificates) => {
                        read.entry(octets.to_vec()).or_insert_with(|| Arc::clone(&certificates));
                        bundles.push(Bundle { reference, authorities, certificates });
                        continue;
                    }
                    Err(error) => format!("cannot be read: {error}"),
                }
            }
        };
        findings.push(damaged(reference, "ca.crt", &problem));
    }
    bundles
}

/// Certificates of one authority, the one that signs first, and the Secret that holds them.
type Sightings<'a> = BTreeMap<&'a str, Vec<(&'a Reference, Vec<&'a Certificate>)>>;

/// Enters into `inventory` every authority that a bundle or a served chain shows.
pub(super) fn enter(
    model: &Model,
    bundles: &[Bundle<'_>],
    leaves: &BTreeMap<Holder, Found>,
    inventory: &mut Inventory,
    findings: &mut Vec<Diagnostic>,
) {
    let mut sightings = Sightings::new();
    for bundle in bundles {
        look(model, bundle, &mut sightings, findings);
    }
    let mut generations: BTreeMap<&str, Vec<&Certificate>> = BTreeMap::new();
    for (name, seen) in &sightings {
        match agreed(name, seen) {
            Ok(agreed) => drop(generations.insert(name, agreed)),
            Err(error) => findings.push(error),
        }
    }
    for (name, certificate) in served(model, leaves) {
        if !sightings.contains_key(name) {
            generations.insert(name, vec![certificate]);
        }
    }
    for (name, all) in generations {
        keep(name, all, inventory);
    }
    // The chain behind an intermediate's own certificate follows from those above it.
    let chains: Vec<_> = model
        .requests()
        .filter(|request| matches!(request.holder, Holder::Authority(_)))
        .filter_map(|request| {
            let above = chains::intermediates(model, inventory, &request.issuer)?;
            Some((request.holder.clone(), above.into_iter().cloned().collect::<Vec<_>>()))
        })
        .collect();
    for (holder, above) in chains {
        if let Some(held) = inventory.held.get_mut(&holder) {
            held.chain.extend(above);
        }
    }
}

/// Whose certificates a bundle has.
fn look<'a>(
    model: &'a Model,
    bundle: &'a Bundle<'_>,
    sightings: &mut Sightings<'a>,
    findings: &mut Vec<Diagnostic>,
) {
    let mut members: BTreeMap<&str, Vec<&Certificate>> = BTreeMap::new();
    let mut strangers = Vec::new();
    let candidates = members_of(model, bundle.authorities);
    for certificate in bundle.certificates.iter() {
        let is_it = |name: &&&str| issued(model, name).is_some_and(|r| fits(r, certificate));
        let owners: Vec<&&str> = candidates.iter().filter(is_it).collect();
        match owners.as_slice() {
            [name] => members.entry(name).or_default().push(certificate),
            [] if is_known(model, certificate) => {}
            [] => strangers.push(certificate),
            several => {
                let names: Vec<&str> = several.iter().map(|name| **name).collect();
                findings.push(ambiguous(bundle.reference, certificate, &names));
            }
        }
    }
    for (name, certificates) in members {
        sightings.entry(name).or_default().push((bundle.reference, certificates));
    }
    // Where all authorities are external, the spec has their certificates, and none is rolled over.
    let ours: Vec<&str> =
        candidates.into_iter().filter(|name| issued(model, name).is_some()).collect();
    if ours.is_empty() {
        return;
    }
    findings.extend(strangers.into_iter().map(|one| stranger(bundle.reference, one, &ours)));
}

/// The names of all that a bundle may have: these authorities, those above and those below them.
fn members_of<'a>(model: &'a Model, authorities: &[String]) -> BTreeSet<&'a str> {
    let lineage = &model.lineage;
    let in_line = |listed: &String, name: &str| {
        lineage.is_at_or_below(listed, name) || lineage.is_at_or_below(name, listed)
    };
    let is_it = |name: &&str| authorities.iter().any(|listed| in_line(listed, name));
    model.authorities.keys().map(String::as_str).filter(is_it).collect()
}

/// What the spec says of an authority that mtlsgen issues.
pub(super) fn issued<'a>(model: &'a Model, name: &str) -> Option<&'a CertificateRequest> {
    match &model.authorities.get(name)?.source {
        AuthoritySource::Issued(request) => Some(request),
        AuthoritySource::Supplied(_) => None,
    }
}

/// Whether a certificate is one of that authority, by subject, place in the chain and key usage.
fn fits(request: &CertificateRequest, certificate: &Certificate) -> bool {
    let is_root = certificate.issuer == certificate.subject;
    certificate.subject == request.subject
        && certificate.may_sign_certificates()
        && is_root == (request.issuer == Issuer::SelfSigned)
}

/// Whether the spec has an authority of that name, so that it says where its certificate belongs.
fn is_known(model: &Model, certificate: &Certificate) -> bool {
    model.authorities.values().any(|authority| match &authority.source {
        AuthoritySource::Issued(request) => request.subject == certificate.subject,
        AuthoritySource::Supplied(chain) => {
            chain.iter().any(|one| one.subject == certificate.subject)
        }
    })
}

/// All generations of an authority, the one that signs first. Of one key, the newest certificate counts.
fn agreed<'a>(
    name: &str,
    seen: &[(&'a Reference, Vec<&'a Certificate>)],
) -> Result<Vec<&'a Certificate>, Diagnostic> {
    let keys = |all: &[&Certificate]| {
        let mut keys: Vec<SpkiHash> = Vec::new();
        for one in all {
            if !keys.contains(&one.spki_hash) {
                keys.push(one.spki_hash);
            }
        }
        keys
    };
    let Some(((first, certificates), others)) = seen.split_first() else { return Ok(Vec::new()) };
    let order = keys(certificates);
    if let Some((other, _)) = others.iter().find(|(_, other)| keys(other) != order) {
        let title = format!(
            "the Secrets `{first}` and `{other}` hold different generations of authority `{name}`: one of them was left behind while it was rolled over"
        );
        return Err(Diagnostic::error("existing-generations", title)
            .help("apply all that the folder of the store renders, so that they agree"));
    }
    let newest = |key: &SpkiHash| {
        let all = seen.iter().flat_map(|(_, all)| all).filter(|one| one.spki_hash == *key);
        all.max_by_key(|one| (one.not_before, one.not_after)).copied()
    };
    Ok(order.iter().filter_map(newest).collect())
}

/// The intermediates behind leaves, by name; of several the newest.
fn served<'a>(
    model: &'a Model,
    leaves: &'a BTreeMap<Holder, Found>,
) -> BTreeMap<&'a str, &'a Certificate> {
    let mut newest: BTreeMap<&str, &Certificate> = BTreeMap::new();
    let mut verified: BTreeSet<&[u8]> = BTreeSet::new();
    for (holder, found) in leaves {
        let (Some(request), [own, above @ ..]) = (model.request(holder), found.chain.as_slice())
        else {
            continue;
        };
        let (mut issuer, mut below) = (&request.issuer, own);
        while let Issuer::Authority(name) = issuer
            && let Some(request) = issued(model, name)
        {
            let is_issuer = |one: &&Certificate| {
                fits(request, one)
                    && below.names_as_issuer(one)
                    && (verified.contains(one.der.as_slice()) || below.is_signed_by(one))
            };
            let Some(certificate) = above.iter().find(is_issuer) else { break };
            verified.insert(&certificate.der);
            let known = newest.entry(name).or_insert(certificate);
            if certificate.not_before > known.not_before {
                *known = certificate;
            }
            (issuer, below) = (&request.issuer, certificate);
        }
    }
    newest
}

/// Enters an authority: the generation that signs, and those beside it. What follows it in a bundle is the
/// next one if it is younger, and retires otherwise.
fn keep(name: &str, all: Vec<&Certificate>, inventory: &mut Inventory) {
    let held = |one: &Certificate| HeldCertificate { chain: vec![one.clone()], has_key: false };
    let mut all = all.into_iter();
    let Some(current) = all.next() else { return };
    inventory.held.insert(Holder::Authority(name.to_owned()), held(current));
    let mut generations = Generations::default();
    for (at, one) in all.enumerate() {
        if at == 0 && one.not_before > current.not_before {
            generations.next = Some(held(one));
        } else {
            generations.retiring.insert(one.serial.clone(), held(one));
        }
    }
    if generations != Generations::default() {
        inventory.generations.insert(name.to_owned(), generations);
    }
}

fn ambiguous(reference: &Reference, certificate: &Certificate, names: &[&str]) -> Diagnostic {
    let title = format!(
        "the certificate `{}` in `ca.crt` of the Secret `{reference}` could be that of {}: they have the same subject",
        certificate.subject.rfc2253(),
        listed(names)
    );
    Diagnostic::error("existing-ambiguous", title)
        .help("without a store, authorities are identified by their subjects")
}

/// A certificate outside the spec: without a ledger, it may be an older generation.
fn stranger(reference: &Reference, certificate: &Certificate, ours: &[&str]) -> Diagnostic {
    let title = format!(
        "the Secret `{reference}` trusts `{}`, which is not an authority of the spec and would be dropped",
        certificate.subject.rfc2253()
    );
    Diagnostic::error("existing-stranger", title)
        .help(format!("if it is {} under an older subject, go on with the rollover where the folder of the store is", listed(ours)))
        .help("to remove it, keep its entry below `cas` until it is gone: an authority that no host lists is dropped")
}
