//! Clients that two observations of a host may treat differently, beside the representatives of classes: subjects that one list has,
//! certificates that one revocation list has, chains that one depth allows.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Who, subjects};
use crate::enforcement::representatives::{self, ClientClass};
use crate::enforcement::{
    ClientValidation, Clients, Fact, Fault, NamePin, Observed, Pins, Presented, Request,
    Revocation, Verdict, Why, verdict,
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
    let pins = validations.map(|one| one.map(|one| one.pins.clone()).unwrap_or_default());
    let mut clients = Vec::new();
    for (who, pins) in of_one(&pins) {
        for (issuer, bundle) in &issuers {
            let shows = representatives::of_subject(Arc::clone(issuer), bundle, String::new());
            let who = format!("{who} below {}", issuer.subject.rfc2253());
            clients.push((Who::Named(who), representatives::with_pins(shows, &pins)));
        }
    }
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
    let common = common(&pins);
    let has = |of: Option<&ClientValidation>, issuer: &Certificate| {
        of.is_some_and(|one| bundle(one).iter().any(|own| own.der == issuer.der))
    };
    let only_one_has = |(issuer, _): &&(Arc<Certificate>, &[Certificate])| {
        has(validations[0], issuer) != has(validations[1], issuer)
    };
    let listed_alike = subject.map(|subject| (subject.clone(), subject.clone()));
    let pinned_alike = (!common.is_empty())
        .then(|| ("with a name or hash that is pinned".to_owned(), String::new()));
    if let Some((who, subject)) = listed_alike.or(pinned_alike) {
        for (issuer, bundle) in issuers.iter().filter(only_one_has) {
            let shows = representatives::of_subject(Arc::clone(issuer), bundle, subject.clone());
            let who = format!("{who} below {}", issuer.subject.rfc2253());
            clients.push((Who::Named(who), representatives::with_pins(shows, &common)));
        }
    }
    let [before, after] = validations.map(revoked);
    for (name, serial) in before.symmetric_difference(&after) {
        for (issuer, bundle) in issuers.iter().filter(|(one, _)| one.subject.der() == name) {
            let shows = representatives::revoked(Arc::clone(issuer), bundle, serial.clone());
            let shows = representatives::with_pins(listed(shows), &common);
            let who = format!("certificate {serial} of {}", issuer.subject.rfc2253());
            clients.push((Who::Named(who), shows));
        }
    }
    clients
}

/// Both of two, as one.
fn common([before, after]: &[Pins; 2]) -> Pins {
    let mut all = before.clone();
    all.names.extend(after.names.iter().filter(|one| !before.names.contains(one)).cloned());
    all.hashes.extend(&after.hashes);
    all.keys.extend(&after.keys);
    all
}

/// Each name and hash that one of two has, in words, with all other ones that a certificate with it may have.
fn of_one(pins: &[Pins; 2]) -> Vec<(String, Pins)> {
    let [before, after] = pins;
    let all = common(pins);
    let is_of_one = |name: &&NamePin| before.names.contains(name) != after.names.contains(name);
    let names =
        all.names.iter().filter(is_of_one).map(|name| {
            (format!("with {name}"), Pins { names: vec![name.clone()], ..all.clone() })
        });
    let hashes = before.hashes.symmetric_difference(&after.hashes).map(|hash| {
        let own = Pins { hashes: BTreeSet::from([*hash]), keys: BTreeSet::new(), ..all.clone() };
        (format!("with the hash {hash}"), own)
    });
    let keys = before.keys.symmetric_difference(&after.keys).map(|key| {
        let own = Pins { hashes: BTreeSet::new(), keys: BTreeSet::from([*key]), ..all.clone() };
        (format!("with a public key of the hash {key}"), own)
    });
    names.chain(hashes).chain(keys).collect()
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
