//! What is wrong with certificates as they stand together: order, completeness, path lengths.

use std::collections::BTreeMap;

use super::examination::{Examined, Inspection};
use super::item::{Content, Item, Origin};
use super::problem::Problem;
use super::words;
use crate::pki::acceptance::counted;
use crate::pki::certificate::{Certificate, Signature};
use crate::pki::chain;

/// What is wrong with the order of certificates in each file.
pub(super) fn problems(items: &[Item]) -> Vec<Problem> {
    // PKCS#12 has no order: its certificates have no lines, and names of their own.
    let mut containers: BTreeMap<Origin, Vec<&Certificate>> = BTreeMap::new();
    for item in items {
        if let (Content::Certificate(certificate), Some(_)) = (&item.content, item.origin.line) {
            let container = Origin { line: None, ..item.origin.clone() };
            containers.entry(container).or_default().push(certificate);
        }
    }
    containers
        .iter()
        .flat_map(|(origin, certificates)| of_container(origin, certificates))
        .collect()
}

/// A file with one leaf is a chain that a server sends unchanged; others are bundles.
fn of_container(origin: &Origin, certificates: &[&Certificate]) -> Vec<Problem> {
    let mut leaves = certificates.iter().filter(|certificate| !certificate.is_authority);
    let (Some(leaf), None) = (leaves.next(), leaves.next()) else {
        return repeated(origin, certificates);
    };
    if certificates.len() == 1 {
        return Vec::new();
    }
    let rest: Vec<Certificate> =
        certificates.iter().filter(|other| *other != leaf).map(|other| (*other).clone()).collect();
    let chain = chain::order(leaf, &rest);
    let mut problems = repeated(origin, certificates);
    if certificates[0] != *leaf || !chain.in_order {
        let message = format!(
            "{origin}: the certificates are in the wrong order; servers send them in this order: first the {}, then its issuer, and so on",
            words::name(&leaf.subject)
        );
        problems.push(Problem::warning("wrong-order", message));
    }
    for index in &chain.unused {
        let message =
            format!("{origin}: {} is not part of the chain", words::name(&rest[*index].subject));
        problems.push(Problem::warning("not-part-of-chain", message));
    }
    if chain.root().is_some_and(|root| root != *leaf) {
        let message = format!(
            "{origin}: the root is in the chain: clients that trust it have it already, so it need not be sent"
        );
        problems.push(Problem::notice("root-in-chain", message));
    }
    problems
}

/// Each certificate that is there several times, once.
fn repeated(origin: &Origin, certificates: &[&Certificate]) -> Vec<Problem> {
    let mut counts: BTreeMap<&[u8], usize> = BTreeMap::new();
    for one in certificates {
        *counts.entry(&one.der).or_default() += 1;
    }
    let several = certificates.iter().filter_map(|one| {
        let count = counts.remove(one.der.as_slice()).filter(|count| *count > 1)?;
        let often = if count == 2 { "twice".to_owned() } else { format!("{count} times") };
        let message = format!("{origin}: {} occurs {often}", words::name(&one.subject));
        Some(Problem::notice("repeated", message))
    });
    several.collect()
}

/// The issuer may be known to the verifier: a notice for what is served without its root.
pub(super) fn missing_issuer(inspection: &Inspection, index: usize) -> Option<Problem> {
    let one = &inspection.certificates[index];
    if one.is_self_signed || one.issuer.is_some() {
        return None;
    }
    let issuer = words::name(&one.certificate.issuer);
    let named = |other: &&Examined| other.certificate.subject.matches(&one.certificate.issuer);
    let named: Vec<&Examined> = inspection.certificates.iter().filter(named).collect();
    // The names agree, and the key: what does not is what the authority key identifier says beside.
    let is_signed =
        |other: &&Examined| one.certificate.signature_by(&other.certificate) == Signature::Valid;
    if named.iter().any(is_signed) {
        let message = format!(
            "the key of {issuer} here signed it, but its authorityKeyIdentifier names another certificate: OpenSSL and nginx accept only that one"
        );
        return Some(Problem::error("wrong-issuer", message));
    }
    if !named.is_empty() {
        let message = format!(
            "names {issuer} as its issuer, but the certificate of that name here did not sign it"
        );
        return Some(Problem::error("wrong-issuer", message));
    }
    let message =
        format!("the chain ends here: the certificate of its issuer, {issuer}, is not available");
    Some(Problem::notice("issuer-missing", message))
}

/// Who signed it is taken from the names where the signature is of a kind that is not verified here.
pub(super) fn unverified(inspection: &Inspection, index: usize) -> Option<Problem> {
    let one = &inspection.certificates[index];
    let issuer = &inspection.certificates[one.issuer?];
    let Signature::Unchecked(with) = one.certificate.signature_by(&issuer.certificate) else {
        return None;
    };
    let issuer_name = words::name(&issuer.certificate.subject);
    if !one.certificate.has_known_signature(&issuer.certificate) {
        let message = format!(
            "signed with {with}, which OpenSSL and nginx do not verify: they refuse it (error 2, `unable to get issuer certificate`)"
        );
        return Some(Problem::error("refused-by-openssl", message));
    }
    let message = format!(
        "whether {issuer_name} signed it is not known: it is signed with {with}, which cannot be checked here"
    );
    Some(Problem::notice("signature-not-verified", message))
}

pub(super) fn issuer_may_not_sign(inspection: &Inspection, index: usize) -> Option<Problem> {
    let issuer = &inspection.certificates[inspection.certificates[index].issuer?];
    (!issuer.certificate.may_sign_certificates()).then(|| {
        let message = format!(
            "signed by {}, which may not sign certificates",
            words::name(&issuer.certificate.subject)
        );
        Problem::error("issuer-may-not-sign", message)
    })
}

/// Whether an authority above allows fewer authorities below it than there are.
pub(super) fn path_too_long(inspection: &Inspection, index: usize) -> Option<Problem> {
    if inspection.certificates[index].certificate.is_authority {
        return None;
    }
    let above: Vec<&Certificate> =
        inspection.line(index).skip(1).map(|one| &one.certificate).collect();
    for (position, authority) in above.iter().enumerate() {
        let between = counted(above[..position].iter().copied());
        if let Some(most) = authority.max_path_len.filter(|most| usize::from(*most) < between) {
            let message = format!(
                "{} allows {most} authorities below it, and there are {between} in this chain",
                words::name(&authority.subject)
            );
            return Some(Problem::error("path-too-long", message));
        }
    }
    None
}
