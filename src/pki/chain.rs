//! Chains: order, completeness, what is served and what is trusted; what is wrong with certificates
//! that are supplied.

mod problem;
#[cfg(test)]
mod tests;

use super::certificate::{Certificate, Signature};
use super::key::PrivateKey;
use super::name::DistinguishedName;

pub use problem::{Problem, Purpose, covers, problems};

/// A certificate and its issuers, as far as they were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The certificate itself first, then each one's issuer; a self-signed root last if it was
    /// found.
    pub certificates: Vec<Certificate>,
    /// The issuer that is missing above the last certificate; `None` if that is self-signed.
    pub missing_issuer: Option<DistinguishedName>,
    /// Positions of the pool's certificates that are not part of the chain.
    pub unused: Vec<usize>,
    /// Whether the pool had the chain's certificates in the chain's order.
    pub in_order: bool,
}

impl Chain {
    /// Returns whether it reaches a self-signed root.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing_issuer.is_none()
    }

    /// The self-signed root at its end, if it was found.
    #[must_use]
    pub fn root(&self) -> Option<&Certificate> {
        self.certificates.last().filter(|_| self.is_complete())
    }
}

/// Builds the chain of `leaf` from `pool`: up by issuer name, key identifiers and signature, to a
/// self-signed root if there is one. Of several issuers (one authority, renewed) the one that ends
/// last is taken, and a chain to a root is preferred to one without. A signature that cannot be verified
/// here is taken for the issuer's that it names ([`unverified`] returns where that was done).
#[must_use]
pub fn order(leaf: &Certificate, pool: &[Certificate]) -> Chain {
    let mut search = Search { pool, visited: vec![false; pool.len()], longest: Vec::new() };
    let complete = leaf.is_self_signed() || search.climb(leaf, &mut Vec::new());
    let path = search.longest;
    let certificates: Vec<Certificate> =
        std::iter::once(leaf).chain(path.iter().map(|index| &pool[*index])).cloned().collect();
    let last = path.last().map_or(leaf, |index| &pool[*index]);
    // Where nothing else is above it, OpenSSL trusts it by its presence.
    let complete = complete || last.is_anchor();
    Chain {
        missing_issuer: (!complete).then(|| last.issuer.clone()),
        unused: (0..pool.len())
            .filter(|index| !path.contains(index) && pool[*index] != *leaf)
            .collect(),
        in_order: path.is_sorted(),
        certificates,
    }
}

/// Those that signed none of the others: of the contents of one file, the certificates that all others are issuers
/// of. Of several certificates of one authority (renewed with its key), the one that ends last; nothing twice.
#[must_use]
pub fn lowest<'a>(
    certificates: &(impl Iterator<Item = &'a Certificate> + Clone),
) -> Vec<&'a Certificate> {
    let is_same = |one: &Certificate, other: &Certificate| {
        one.spki_hash == other.spki_hash && one.subject == other.subject
    };
    let mut lowest: Vec<&Certificate> = Vec::new();
    for certificate in certificates.clone() {
        let is_issuer = certificates
            .clone()
            .any(|other| !is_same(other, certificate) && other.may_be_signed_by(certificate));
        match lowest.iter_mut().find(|known| is_same(known, certificate)) {
            _ if is_issuer => {}
            Some(known) if known.not_after < certificate.not_after => *known = certificate,
            Some(_) => {}
            None => lowest.push(certificate),
        }
    }
    lowest
}

/// A depth-first search that looks at each certificate once, for any pool.
struct Search<'a> {
    pool: &'a [Certificate],
    visited: Vec<bool>,
    /// The path to a root, or the longest one.
    longest: Vec<usize>,
}

impl Search<'_> {
    /// Whether a path from `below` over `path` reaches a root.
    fn climb(&mut self, below: &Certificate, path: &mut Vec<usize>) -> bool {
        for index in self.issuers(below) {
            if std::mem::replace(&mut self.visited[index], true) {
                continue;
            }
            path.push(index);
            let root = self.pool[index].is_self_signed();
            if root || path.len() > self.longest.len() {
                self.longest.clone_from(path);
            }
            if root || self.climb(&self.pool[index], path) {
                return true;
            }
            path.pop();
        }
        false
    }

    /// Who signed `below`, the one that ends last first.
    fn issuers(&self, below: &Certificate) -> Vec<usize> {
        let mut issuers: Vec<usize> = (0..self.pool.len())
            .filter(|index| !self.visited[*index] && below.may_be_signed_by(&self.pool[*index]))
            .collect();
        let rank =
            |index: &usize| (below.is_signed_by(&self.pool[*index]), self.pool[*index].not_after);
        issuers.sort_by_cached_key(|index| (std::cmp::Reverse(rank(index)), *index));
        issuers
    }
}

/// The certificates of a chain whose signature by the next one was not verified, each with what it is signed with.
#[must_use]
pub fn unverified(chain: &[Certificate]) -> Vec<(&Certificate, String)> {
    let pairs = chain.windows(2).filter_map(|pair| match pair {
        [below, above] => match below.signature_by(above) {
            Signature::Unchecked(with) => Some((below, with)),
            Signature::Valid | Signature::Wrong => None,
        },
        _ => None,
    });
    pairs.collect()
}

/// What a server or client sends (`tls.crt`): the leaf, then its intermediates, without the root.
#[must_use]
pub fn served(chain: &[Certificate]) -> Vec<&Certificate> {
    chain
        .iter()
        .enumerate()
        .filter(|(index, c)| *index == 0 || !c.is_self_signed())
        .map(|(_, c)| c)
        .collect()
}

/// What a verifier trusts (`ca.crt`): of each line of authorities, which begins with the generations of
/// a signing authority, first that authority, then level by level the issuers up to the roots; nothing
/// twice.
#[must_use]
pub fn bundle<'a>(lines: &[Vec<Vec<&'a Certificate>>]) -> Vec<&'a Certificate> {
    let levels = lines.iter().map(Vec::len).max().unwrap_or(0);
    let mut bundle: Vec<&Certificate> = Vec::new();
    let of_level = |level: usize| lines.iter().filter_map(move |line| line.get(level)).flatten();
    for certificate in (0..levels).flat_map(of_level).copied() {
        if !bundle.contains(&certificate) {
            bundle.push(certificate);
        }
    }
    bundle
}

/// Encodes certificates as one PEM text, in their order.
#[must_use]
pub fn to_pem<'a>(certificates: impl IntoIterator<Item = &'a Certificate>) -> String {
    certificates.into_iter().map(Certificate::to_pem).collect()
}

/// Returns whether the certificate was issued for this key.
#[must_use]
pub fn key_belongs(certificate: &Certificate, key: &PrivateKey) -> bool {
    certificate.spki_hash == key.spki_hash()
}
