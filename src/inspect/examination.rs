//! Everything that was found, put in relation: which certificate signed which, which key belongs where, what is
//! revoked, what is wrong.

use std::collections::BTreeMap;

use super::constraints;
use super::container;
use super::item::{Content, Item, KeyFacts, Origin};
use super::problem::{self, Alone, Problem, Verdict};
use super::words;
use crate::existing::foreign::{AUTHORITY_KEYS, is_authority};
use crate::json::words;
use crate::pki::certificate::Certificate;
use crate::pki::certificate::details::Details;
use crate::pki::crl::RevocationList;
use crate::time::Timestamp;

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A self-signed authority.
    Root,
    /// An authority below another one.
    Intermediate,
    /// TLS servers.
    Server,
    /// TLS clients.
    Client,
    /// Both ends of TLS.
    ServerAndClient,
    /// Everything, since it does not say.
    EveryPurpose,
    /// Something besides TLS.
    Other,
}

impl Role {
    /// Whether it signs certificates.
    #[must_use]
    pub fn is_authority(self) -> bool {
        matches!(self, Self::Root | Self::Intermediate)
    }
}

words!(Role::words {
    Root => "root authority",
    Intermediate => "intermediate authority",
    Server => "server",
    Client => "client",
    ServerAndClient => "server and client",
    EveryPurpose => "every purpose",
    Other => "another purpose",
});

/// Everything that was found, put in relation.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The time at which it is judged.
    pub at: Timestamp,
    /// Certificates, each once, in the order in which they were found.
    pub certificates: Vec<Examined>,
    /// Private keys.
    pub keys: Vec<ExaminedKey>,
    /// Revocation lists.
    pub revocation_lists: Vec<ExaminedList>,
    /// What is neither, with where it was found.
    pub others: Vec<(Origin, String)>,
    /// What is wrong with files as a whole.
    pub problems: Vec<Problem>,
}

/// A certificate among others.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The certificate.
    pub certificate: Certificate,
    /// What it says beyond its facts.
    pub details: Details,
    /// Where it was found; empty for those that the store has and that were not asked for.
    pub origins: Vec<Origin>,
    /// What it is for.
    pub role: Role,
    /// Whether its own key signed it.
    pub is_self_signed: bool,
    /// Position of the certificate that signed it.
    pub issuer: Option<usize>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// A private key among others.
#[derive(Clone, Debug)]
pub struct ExaminedKey {
    /// Where it was found.
    pub origin: Origin,
    /// What may be shown of it.
    pub facts: KeyFacts,
    /// Positions of the certificates that it belongs to.
    pub certificates: Vec<usize>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// A revocation list among others.
#[derive(Clone, Debug)]
pub struct ExaminedList {
    /// Where it was found.
    pub origin: Origin,
    /// The list.
    pub list: RevocationList,
    /// Position of the certificate whose key signed it.
    pub issuer: Option<usize>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

impl Examined {
    /// Whether it was asked for, rather than the store having it.
    #[must_use]
    pub fn is_asked_for(&self) -> bool {
        !self.origins.is_empty()
    }
}

impl Inspection {
    /// All problems, of files as of what is in them.
    pub fn all_problems(&self) -> impl Iterator<Item = &Problem> {
        let certificates = self.certificates.iter().filter(|one| one.is_asked_for());
        let of_certificates = certificates.flat_map(|one| &one.problems);
        let of_keys = self.keys.iter().flat_map(|key| &key.problems);
        let of_lists = self.revocation_lists.iter().flat_map(|list| &list.problems);
        self.problems.iter().chain(of_certificates).chain(of_keys).chain(of_lists)
    }

    /// Whether anything is wrong.
    #[must_use]
    pub fn has_findings(&self) -> bool {
        self.all_problems().any(Problem::is_finding)
    }

    /// The certificate at a position and those that signed it, up as far as they are known.
    pub(super) fn line(&self, from: usize) -> impl Iterator<Item = &Examined> {
        let mut next = Some(from);
        std::iter::from_fn(move || {
            let one = self.certificates.get(next?)?;
            next = one.issuer;
            Some(one)
        })
    }
}

/// Judges at the time `at` what was found; `known` are certificates of the store, which complete chains.
#[must_use]
pub fn examine(items: Vec<Item>, known: Vec<Certificate>, at: Timestamp) -> Inspection {
    let mut problems = container::problems(&items);
    let mut found = Found::default();
    let mut keys = Vec::new();
    let mut lists = Vec::new();
    let mut others = Vec::new();
    let mut places: Vec<(Origin, usize)> = Vec::new();
    for Item { origin, content } in items {
        match content {
            Content::Certificate(certificate) => {
                let index = found.add(*certificate, at);
                found.certificates[index].origins.push(origin.clone());
                places.push((origin, index));
            }
            Content::Key(facts) => {
                keys.push(ExaminedKey {
                    origin,
                    facts,
                    certificates: Vec::new(),
                    problems: Vec::new(),
                });
            }
            Content::RevocationList(list) => {
                let problems = problem::of_revocation_list(&list, at);
                lists.push(ExaminedList { origin, list: *list, issuer: None, problems });
            }
            Content::Other(words) => others.push((origin, words)),
        }
    }
    for certificate in known {
        found.add(certificate, at);
    }
    let mut certificates = found.certificates;
    link(&mut certificates);
    for one in &mut certificates {
        anchor(one, at);
    }
    for key in &mut keys {
        match_key(key, &certificates, &places);
        key.problems.extend(authority_in_secret(key, &certificates));
    }
    for list in &mut lists {
        match_list(list, &certificates);
    }
    let mut inspection = Inspection {
        at,
        certificates,
        keys,
        revocation_lists: lists,
        others,
        problems: Vec::new(),
    };
    add_relations(&mut inspection);
    inspection.problems.append(&mut problems);
    inspection
}

/// Certificates, each once.
#[derive(Default)]
struct Found {
    certificates: Vec<Examined>,
    positions: BTreeMap<Vec<u8>, usize>,
}

impl Found {
    fn add(&mut self, certificate: Certificate, now: Timestamp) -> usize {
        if let Some(index) = self.positions.get(&certificate.der) {
            return *index;
        }
        let index = self.certificates.len();
        self.positions.insert(certificate.der.clone(), index);
        let (details, is_self_signed) = (certificate.details(), certificate.is_self_signed());
        let role = problem::role(&certificate, is_self_signed);
        let alone =
            Alone { certificate: &certificate, details: &details, role, is_self_signed, now };
        let problems = problem::of_certificate(alone);
        self.certificates.push(Examined {
            details,
            origins: Vec::new(),
            role,
            is_self_signed,
            issuer: None,
            problems,
            certificate,
        });
        index
    }
}

/// Finds the issuer of each. Of several issuers (one authority, renewed) the one that ends last is taken; in
/// a circle of authorities that signed each other, one goes without.
fn link(certificates: &mut [Examined]) {
    let mut by_subject: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
    for (index, one) in certificates.iter().enumerate() {
        by_subject.entry(one.certificate.subject.der().to_vec()).or_default().push(index);
    }
    for index in 0..certificates.len() {
        let one = &certificates[index];
        if one.is_self_signed {
            continue;
        }
        let candidates =
            by_subject.get(one.certificate.issuer.der()).into_iter().flatten().copied();
        let issuer = candidates
            .filter(|candidate| *candidate != index)
            .filter(|candidate| {
                one.certificate.may_be_signed_by(&certificates[*candidate].certificate)
            })
            .max_by_key(|candidate| {
                let issuer = &certificates[*candidate].certificate;
                let is_verified = one.certificate.is_signed_by(issuer);
                (is_verified, issuer.not_after, std::cmp::Reverse(*candidate))
            })
            .filter(|issuer| !leads_to(certificates, *issuer, index));
        certificates[index].issuer = issuer;
    }
}

/// What names itself as its issuer, and no other certificate here signed, is a root to OpenSSL, which does not verify its signature.
fn anchor(one: &mut Examined, now: Timestamp) {
    if one.is_self_signed || one.issuer.is_some() || !one.certificate.is_anchor() {
        return;
    }
    one.is_self_signed = true;
    one.role = problem::role(&one.certificate, true);
    one.problems = problem::of_certificate(Alone {
        certificate: &one.certificate,
        details: &one.details,
        role: one.role,
        is_self_signed: true,
        now,
    });
    let message = "names itself as its issuer, but its own key did not sign it: OpenSSL and nginx trust a root without checking its signature, other programs may refuse it";
    one.problems.push(Problem::warning("wrong-self-signature", message));
}

fn leads_to(certificates: &[Examined], from: usize, to: usize) -> bool {
    let mut next = Some(from);
    while let Some(index) = next {
        if index == to {
            return true;
        }
        next = certificates[index].issuer;
    }
    false
}

/// A key belongs to certificates of its own file or object; one that came alone, to any.
fn match_key(key: &mut ExaminedKey, certificates: &[Examined], places: &[(Origin, usize)]) {
    let KeyFacts::Known { spki_hash, .. } = &key.facts else { return };
    let fits = |index: &usize| certificates[*index].certificate.spki_hash == *spki_hash;
    let beside: Vec<usize> = places
        .iter()
        .filter(|(origin, _)| origin.file == key.origin.file && origin.object == key.origin.object)
        .map(|(_, index)| *index)
        .collect();
    key.certificates = (0..certificates.len()).filter(fits).collect();
    let has_to_fit: Vec<usize> =
        if beside.is_empty() { (0..certificates.len()).collect() } else { beside };
    if !has_to_fit.is_empty() && !has_to_fit.iter().any(fits) {
        let message = "matches none of the certificates beside it";
        key.problems.push(Problem::error("key-does-not-belong", message));
    }
}

/// The key of an authority has no business in a cluster.
fn authority_in_secret(key: &ExaminedKey, certificates: &[Examined]) -> Option<Problem> {
    key.origin.object.as_deref().filter(|object| object.starts_with("Secret "))?;
    let is_named = key.origin.key.as_deref().is_some_and(|name| AUTHORITY_KEYS.contains(&name));
    let mut own = key.certificates.iter().map(|index| &certificates[*index].certificate);
    let message = "the private key of an authority is in a Secret: anyone who may read that can issue certificates that every host below accepts; keep the key out of the cluster";
    (is_named || own.any(is_authority))
        .then(|| Problem::warning("authority-key-in-secret", message))
}

fn match_list(list: &mut ExaminedList, certificates: &[Examined]) {
    let named = |one: &&Examined| one.certificate.subject.matches(&list.list.issuer);
    let verified = certificates.iter().position(|one| list.list.is_signed_by(&one.certificate));
    let signed = |one: &Examined| list.list.may_be_signed_by(&one.certificate);
    list.issuer = verified.or_else(|| certificates.iter().position(signed));
    let Some(issuer) = list.issuer.map(|issuer| &certificates[issuer].certificate) else {
        if certificates.iter().any(|one| named(&one)) {
            let message = "its signature is not that of the authority that it names";
            list.problems
                .push(Problem::error("signature", message).that_says(Verdict::WrongSignature));
        }
        return;
    };
    list.problems.extend(problem::of_list_by(&list.list, issuer));
}

/// What is wrong between certificates.
fn add_relations(inspection: &mut Inspection) {
    for index in 0..inspection.certificates.len() {
        let mut problems: Vec<Problem> = [
            container::missing_issuer(inspection, index),
            container::unverified(inspection, index),
            container::issuer_may_not_sign(inspection, index),
            container::path_too_long(inspection, index),
            revoked(inspection, index),
        ]
        .into_iter()
        .flatten()
        .chain(constraints::forbidden_names(inspection, index))
        .collect();
        inspection.certificates[index].problems.append(&mut problems);
    }
}

fn revoked(inspection: &Inspection, index: usize) -> Option<Problem> {
    let one = &inspection.certificates[index].certificate;
    let entry = inspection
        .revocation_lists
        .iter()
        .filter(|list| {
            list.problems.iter().all(|problem| problem.verdict != Verdict::WrongSignature)
        })
        .find_map(|list| list.list.entry_of(one))?;
    let reason = words::revocation_reason(entry.reason)
        .map_or_else(String::new, |reason| format!(" ({reason})"));
    let message = format!("revoked at {}{reason}", entry.at);
    Some(Problem::error("revoked", message).that_says(Verdict::Revoked))
}
