//! Hosts and clients whose certificates Secrets hold.

use std::collections::BTreeMap;
use std::convert::Infallible;

use super::reading::{Secret, Secrets};
use crate::diagnostic::Diagnostic;
use crate::model::{Model, Reference, SecretContent};
use crate::parallel;
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::request::Holder;

/// A certificate in a Secret.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The Secret's name in the cluster.
    pub reference: Reference,
    /// Leaf first, then its issuers.
    pub chain: Vec<Certificate>,
}

/// What the Secrets of the model hold of hosts and clients whose certificates mtlsgen issues.
pub(super) fn read(
    model: &Model,
    secrets: &Secrets,
    findings: &mut Vec<Diagnostic>,
) -> BTreeMap<Holder, Found> {
    let mut jobs = Vec::new();
    for secret in &model.secrets {
        let SecretContent::KeyPair(holder) = &secret.content else { continue };
        if model.request(holder).is_none() {
            continue;
        }
        match secrets.rendered(&secret.reference, model.name_suffix_hash) {
            Ok(found) => jobs.extend(found.map(|(reference, found)| (holder, reference, found))),
            Err(error) => findings.push(error),
        }
    }
    let work = |(_, reference, secret): &(&Holder, &Reference, &Secret)| {
        Ok::<_, Infallible>(chain(reference, secret))
    };
    let Ok(chains) = parallel::map(&jobs, work);
    let mut all: BTreeMap<Holder, Found> = BTreeMap::new();
    for ((holder, reference, _), chain) in jobs.into_iter().zip(chains) {
        match chain {
            Ok(chain) => {
                let found = Found { reference: reference.clone(), chain };
                let newer = all.get(holder).map(|other| newer(holder, other, &found, findings));
                if newer.unwrap_or(true) {
                    all.insert(holder.clone(), found);
                }
            }
            Err(error) => findings.push(error),
        }
    }
    all
}

/// Whether `found` has the newer one of two certificates of a holder.
fn newer(holder: &Holder, other: &Found, found: &Found, findings: &mut Vec<Diagnostic>) -> bool {
    let (one, two) = (&other.chain[0], &found.chain[0]);
    if one == two {
        return false;
    }
    let age = |one: &Certificate| (one.not_before, one.not_after, one.fingerprint());
    let is_newer = age(two) > age(one);
    let (kept, left) = if is_newer { (found, other) } else { (other, found) };
    let title = format!(
        "the Secrets `{}` and `{}` hold different certificates of {holder}: the one in `{}` is newer, and replaces the other",
        other.reference, found.reference, kept.reference
    );
    findings.push(
        Diagnostic::warning("existing-copies", title)
            .help(format!("apply the printed manifests: they update `{}`", left.reference)),
    );
    is_newer
}

/// The certificates under `tls.crt`.
fn chain(reference: &Reference, secret: &Secret) -> Result<Vec<Certificate>, Diagnostic> {
    let problem = match secret.value("tls.crt") {
        None => "is missing".to_owned(),
        Some(Err(problem)) => problem.to_owned(),
        Some(Ok(octets)) => match Certificate::from_pem(&octets) {
            Ok(chain) => return Ok(chain),
            Err(error) => format!("cannot be read: {error}"),
        },
    };
    Err(damaged(reference, "tls.crt", &problem))
}

/// The key under `tls.key`, which belongs to `certificate`.
///
/// # Errors
/// There is none, it cannot be read, or it is another one.
pub(super) fn private_key(
    reference: &Reference,
    secret: &Secret,
    certificate: &Certificate,
) -> Result<PrivateKey, Diagnostic> {
    let problem = match secret.value("tls.key") {
        None => "is missing".to_owned(),
        Some(Err(problem)) => problem.to_owned(),
        Some(Ok(octets)) => match PrivateKey::from_pem(&octets) {
            Ok(key) if key.spki_hash() == certificate.spki_hash => return Ok(key),
            Ok(_) => "does not belong to the certificate in `tls.crt`".to_owned(),
            Err(error) => error.as_predicate(),
        },
    };
    Err(damaged(reference, "tls.key", &problem))
}

/// A Secret that mtlsgen fills holds something that it did not put there.
pub(super) fn damaged(reference: &Reference, key: &str, problem: &str) -> Diagnostic {
    let title = format!("`{key}` of the Secret `{reference}` {problem}");
    Diagnostic::error("existing-damaged", title)
        .help("restore that Secret, or delete it: then its content counts as missing")
}
