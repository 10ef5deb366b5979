//! Clients that two observations of a host may treat differently, beside the representatives of classes: subjects that one list has,
//! certificates that one revocation list has, chains that one depth allows.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Who, subjects};
use crate::enforcement::representatives::{self, ClientClass};
use crate::enforcement::{
    ClientValidation, Clients, Fact, Fault, Observed, Presented, Request, Revocation, Verdict, Why,
    verdict,
};
use crate::pki::certificate::Certificate;
use crate::pki::request::SerialNumber;
use crate::time::Timestamp;

/// How a host validates the certificates of clients, as far as that is known.
fn validation<'a>(observed: &'a Observed, name: &str) -> Option<&'a ClientValidation> {
    match observed.clients(name)? {
        Fact::Known(Clients::Asked(validation)) => Some(validation),
        _ => None,
    }
}

fn bundle(validation: &ClientValidation) -> &[Certificate] {
    validation.certificates.known().map(Vec::as_slice).unwrap_or_default()
}

/// Certificates that the revocation lists of a host have: the issuer and the serial number.
fn revoked(validation: Option<&ClientValidation>) -> BTreeSet<(Vec<u8>, SerialNumber)> {
    let Some(Fact::Known(Revocation::Lists { all, .. })) = validation.map(|one| &one.revocation)
    else {
        return BTreeSet::new();
    };
    let of_list = |list: &crate::pki::crl::RevocationList| {
        let issuer = list.issuer.der().to_vec();
        list.revoked.keys().map(|serial| (issuer.clone(), serial.clone())).collect::<Vec<_>>()
    };
    all.iter().flat_map(of_list).collect()
}

/// Clients that one of two observations may admit and the other refuse.
pub(super) fn clients(all: [&Observed; 2], name: &str) -> Vec<(Who, Presented)> {
    let validations = all.map(|observed| validation(observed, name));
    let mut issuers: Vec<(Arc<Certificate>, &[Certificate])> = Vec::new();
    for bundle in validations.iter().flatten().map(|one| bundle(one)) {
        for (class, _) in representatives::of_bundle(bundle) {
            let ClientClass::Below(issuer) = class else { continue };
            if !issuers.iter().any(|(known, _)| *known == issuer) {
                issuers.push((issuer, bundle));
            }
        }
    }
    let mut clients = Vec::new();
    let [before, after] = all.map(|observed| subjects::of_host(observed, name));
    for subject in before.symmetric_difference(&after) {
        for (issuer, bundle) in &issuers {
            let shows = representatives::of_subject(Arc::clone(issuer), bundle, subject.clone());
            let who = format!("{subject} below {}", issuer.subject.rfc2253());
            clients.push((Who::Named(who), shows));
        }
    }
    // Lists of subjects refuse clients of every other subject, regardless of who issued them.
    let subject = before.intersection(&after).next();
    // A list alone does not check who issued a certificate.
    for subject in before.symmetric_difference(&after).chain(subject) {
        let who = format!("{subject} of another authority");
        clients.push((Who::Named(who), representatives::stranger_with(subject)));
    }
    let listed = |shows| match subject {
        Some(subject) => representatives::with_subject(shows, subject),
        None => shows,
    };
    if let Some(subject) = subject {
        let has = |of: Option<&ClientValidation>, issuer: &Certificate| {
            of.is_some_and(|one| bundle(one).iter().any(|own| own.der == issuer.der))
        };
        for (issuer, bundle) in &issuers {
            if has(validations[0], issuer) != has(validations[1], issuer) {
                let shows =
                    representatives::of_subject(Arc::clone(issuer), bundle, subject.clone());
                let who = format!("{subject} below {}", issuer.subject.rfc2253());
                clients.push((Who::Named(who), shows));
            }
        }
    }
    let [before, after] = validations.map(revoked);
    for (name, serial) in before.symmetric_difference(&after) {
        for (issuer, bundle) in issuers.iter().filter(|(one, _)| one.subject.der() == name) {
            let shows = representatives::revoked(Arc::clone(issuer), bundle, serial.clone());
            let shows = listed(shows);
            let who = format!("certificate {serial} of {}", issuer.subject.rfc2253());
            clients.push((Who::Named(who), shows));
        }
    }
    clients
}

/// A client whose chain is deeper than one of two observations allows, and what becomes of it in each.
pub(super) fn deeper(
    all: [&Observed; 2],
    name: &str,
    now: Timestamp,
) -> Option<(Who, [Verdict; 2])> {
    let [before, after] = all.map(|observed| validation(observed, name));
    let (before, after) = (before?.depth, after?.depth);
    let unlimited = |depth: Option<u8>| depth.map_or(u16::MAX, u16::from);
    let depth = unlimited(before).min(unlimited(after));
    if before == after {
        return None;
    }
    let of = |observed: &Observed, own: Option<u8>| {
        let classes = representatives::classes(observed.clients(name));
        let subject = subjects::of_host(observed, name).into_iter().next();
        let bundle = validation(observed, name).map(bundle).unwrap_or_default();
        let ask = |wanted: fn(&ClientClass) -> bool| {
            let (class, shows) = classes.iter().find(|(class, _)| wanted(class))?;
            let client = match (class, &subject) {
                (ClientClass::Below(issuer), Some(subject)) => {
                    representatives::of_subject(Arc::clone(issuer), bundle, subject.clone())
                }
                _ => shows.clone(),
            };
            let request = Request { client, ..observed.request_of(name) };
            Some(verdict(observed, &request, now))
        };
        if unlimited(own) > depth {
            return ask(|class| matches!(class, ClientClass::Below(_)));
        }
        let refused = ask(|class| matches!(class, ClientClass::Stranger))?;
        Some(match refused {
            Verdict::Refused { answer, .. } => {
                Verdict::Refused { answer, why: Why::Fault(Fault::TooDeep) }
            }
            other => other,
        })
    };
    let verdicts = [of(all[0], before)?, of(all[1], after)?];
    let who = Who::Named(format!("with more than {depth} intermediate certificates"));
    Some((who, verdicts))
}
