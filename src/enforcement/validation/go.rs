//! Go's `crypto/x509` (`Certificate.Verify`), as `crypto/tls` asks it of clients.

use super::{Fault, Link};
use crate::pki::acceptance;
use crate::pki::certificate::details::Details;
use crate::pki::certificate::{Certificate, ExtendedKeyUsage};
use crate::pki::name::DistinguishedName;
use crate::pki::name_constraints::{Names, violations};
use crate::time::Timestamp;

/// A client's certificate, and what it is validated with.
pub(super) struct Asked<'a> {
    pub(super) leaf: Link<'a>,
    /// What is sent beside it.
    pub(super) sends: &'a [Certificate],
    pub(super) roots: &'a [Certificate],
    pub(super) now: Timestamp,
}

/// How many possible issuers Go looks at (`maxChainSignatureChecks`).
const CANDIDATES: usize = 100;

/// Critical extensions that Go handles (`processExtensions` in `parser.go`).
const HANDLED: [&str; 10] = [
    "2.5.29.15", // keyUsage
    "2.5.29.17", // subjectAltName
    "2.5.29.19", // basicConstraints
    "2.5.29.30", // nameConstraints
    "2.5.29.31", // cRLDistributionPoints
    "2.5.29.32", // certificatePolicies
    "2.5.29.33", // policyMappings
    "2.5.29.36", // policyConstraints
    "2.5.29.37", // extendedKeyUsage
    "2.5.29.54", // inhibitAnyPolicy
];

impl Asked<'_> {
    /// What is wrong, if something is: nothing where one chain is in order.
    pub(super) fn fault(&self) -> Option<Fault> {
        let own = self.leaf.real();
        let all = own.into_iter().chain(self.sends);
        if all.into_iter().any(|one| acceptance::unreadable(one).is_some()) {
            return Some(Fault::Unacceptable);
        }
        if let Some(leaf) = own {
            if let Some(fault) = self.own_fault(leaf, &leaf.details()) {
                return Some(fault);
            }
            if self.roots.contains(leaf) {
                return fault_of_chain(&[self.leaf]);
            }
        }
        let mut search = Search { asked: self, looked_at: 0, hint: None };
        if search.climb(&mut vec![self.leaf]) {
            return None;
        }
        Some(search.hint.unwrap_or(Fault::Untrusted))
    }

    /// What is wrong with a certificate by itself (`isValid`).
    fn own_fault(&self, certificate: &Certificate, details: &Details) -> Option<Fault> {
        let is_handled = |oid: &String| HANDLED.contains(&oid.as_str());
        if !details.critical.iter().all(is_handled) {
            return Some(Fault::Unacceptable);
        }
        if self.now < certificate.not_before {
            return Some(Fault::NotYetValid);
        }
        (self.now > certificate.not_after).then_some(Fault::Expired)
    }
}

/// A search for a chain that is in order (`buildChains`).
struct Search<'a> {
    asked: &'a Asked<'a>,
    looked_at: usize,
    /// What is wrong with the first chain that is not.
    hint: Option<Fault>,
}

impl<'a> Search<'a> {
    /// Whether a chain that begins so is in order.
    fn climb(&mut self, chain: &mut Vec<Link<'a>>) -> bool {
        let asked = self.asked;
        for (all, is_root) in [(asked.roots, true), (asked.sends, false)] {
            let last = chain[chain.len() - 1];
            for candidate in potential(last, all) {
                if self.looked_at == CANDIDATES {
                    return false;
                }
                self.looked_at += 1;
                let fault = match self.fault_as_issuer(candidate, is_root, chain) {
                    Some(Unfit::Silent) => continue,
                    Some(Unfit::For(fault)) => Some(fault),
                    None => {
                        chain.push(Link::Real(candidate));
                        let fault = if is_root {
                            fault_of_chain(chain)
                        } else if self.climb(chain) {
                            None
                        } else {
                            Some(Fault::Untrusted)
                        };
                        chain.pop();
                        fault
                    }
                };
                let Some(fault) = fault else { return true };
                if fault != Fault::Untrusted {
                    self.hint.get_or_insert(fault);
                }
            }
        }
        false
    }

    /// Why a certificate may not follow a chain.
    fn fault_as_issuer(
        &self,
        candidate: &Certificate,
        is_root: bool,
        chain: &[Link<'_>],
    ) -> Option<Unfit> {
        if chain.iter().filter_map(|link| link.real()).any(|one| is_same(one, candidate)) {
            return Some(Unfit::Silent);
        }
        let details = candidate.details();
        let has_constraints = details.has_basic_constraints;
        let says_otherwise = has_constraints && !candidate.is_authority;
        if says_otherwise
            || details.version == 3 && !has_constraints
            || !candidate.allows_certificate_signing()
        {
            return Some(Unfit::For(Fault::Constraint));
        }
        let last = chain[chain.len() - 1];
        let is_weak = last.real().is_some_and(|last| last.details().signature.is_weak);
        if is_weak || !last.may_be_signed_by(candidate) {
            return Some(Unfit::For(Fault::Unacceptable));
        }
        if let Some(fault) = self.asked.own_fault(candidate, &details) {
            return Some(Unfit::For(fault));
        }
        let is_long = candidate.max_path_len.is_some_and(|most| chain.len() - 1 > most.into());
        (is_long || !is_root && !has_constraints).then_some(Unfit::For(Fault::Constraint))
    }
}

/// Why a certificate does not follow a chain.
enum Unfit {
    /// It is there already.
    Silent,
    /// It has this fault.
    For(Fault),
}

/// Those that may be the issuer of `below`, in Go's order: by the key identifiers (`findPotentialParents`).
fn potential<'a>(below: Link<'_>, all: &'a [Certificate]) -> Vec<&'a Certificate> {
    let (name, key) = match below {
        Link::Real(certificate) => (&certificate.issuer, &certificate.authority_key_id),
        Link::Supposed(signer, _) => (&signer.subject, &signer.subject_key_id),
    };
    let mut found: Vec<_> = all.iter().filter(|one| one.subject.der() == name.der()).collect();
    found.sort_by_key(|one| match (key, &one.subject_key_id) {
        (one, other) if one == other => 0,
        (None, _) | (_, None) => 1,
        _ => 2,
    });
    found
}

/// Whether Go takes both for the same authority (`alreadyInChain`).
fn is_same(one: &Certificate, other: &Certificate) -> bool {
    one.subject.der() == other.subject.der()
        && one.spki_hash == other.spki_hash
        && one.names == other.names
}

/// What is wrong with a whole chain: purposes, which each certificate narrows, and names.
fn fault_of_chain(chain: &[Link<'_>]) -> Option<Fault> {
    let certificates: Vec<&Certificate> = chain.iter().filter_map(|link| link.real()).collect();
    // An extension without purposes narrows nothing.
    let is_for_clients = |one: &&Certificate| {
        one.extended_key_usage.as_ref().is_none_or(Vec::is_empty)
            || one.allows(&ExtendedKeyUsage::ClientAuth)
    };
    if !certificates.iter().all(is_for_clients) {
        return Some(Fault::Purpose);
    }
    let nameless = DistinguishedName::from_der(&[0x30, 0]).expect("an empty sequence is a name");
    let is_forbidden = certificates.iter().enumerate().any(|(index, one)| {
        // Directory names are not looked at.
        let names = Names {
            subject: &nameless,
            alternative: &one.names,
            directory: &[],
            other: &[],
            is_authority: true,
        };
        let above = certificates[index + 1..].iter();
        let mut constraints = above.filter_map(|above| above.name_constraints.as_ref());
        constraints.any(|constraints| !violations(names, constraints).is_empty())
    });
    is_forbidden.then_some(Fault::Constraint)
}
