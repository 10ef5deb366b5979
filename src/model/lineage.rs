//! Who stands below whom: for each authority the line of keys up to its root.

use std::collections::{BTreeMap, BTreeSet};

use super::{Authority, AuthoritySource};
use crate::pki::key::SpkiHash;
use crate::pki::request::Issuer;

/// One authority of a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anchor {
    /// An authority of the spec.
    Authority(String),
    /// Somebody else's that the spec does not name, by its key.
    Foreign(SpkiHash),
}

/// For each authority the line from itself up to its root, both included.
#[derive(Clone, Debug, Default)]
pub struct Lineage {
    lines: BTreeMap<String, Vec<Anchor>>,
}

impl Lineage {
    /// Follows each authority to its root. A cycle of issuers ends where it closes.
    #[must_use]
    pub fn of(authorities: &BTreeMap<String, Authority>) -> Self {
        let brought: BTreeMap<SpkiHash, &str> = authorities
            .values()
            .filter_map(|authority| match &authority.source {
                AuthoritySource::Brought(chain) => {
                    chain.first().map(|own| (own.spki_hash, authority.name.as_str()))
                }
                AuthoritySource::Issued(_) => None,
            })
            .collect();
        let lines = authorities
            .keys()
            .map(|name| (name.clone(), line(name, authorities, &brought)))
            .collect();
        Self { lines }
    }

    /// The line of `authority`, itself first; empty if there is no such authority.
    #[must_use]
    pub fn line(&self, authority: &str) -> &[Anchor] {
        self.lines.get(authority).map_or(&[], Vec::as_slice)
    }

    /// The root of `authority`.
    #[must_use]
    pub fn root(&self, authority: &str) -> Option<&Anchor> {
        self.line(authority).last()
    }

    /// Whether `authority` is `ancestor` or stands below it.
    #[must_use]
    pub fn is_at_or_below(&self, authority: &str, ancestor: &str) -> bool {
        self.line(authority)
            .iter()
            .any(|anchor| matches!(anchor, Anchor::Authority(name) if name == ancestor))
    }

    /// How many intermediates the chain of a leaf that `authority` signs has: the root not counted.
    #[must_use]
    pub fn intermediates(&self, authority: &str) -> usize {
        self.line(authority).len().saturating_sub(1)
    }

    /// The verification depth that leaves at or below any of `authorities` need, at least 1: nginx
    /// counts intermediates alone, and takes 0 for 1.
    #[must_use]
    pub fn verify_depth(&self, authorities: &[String]) -> usize {
        self.lines
            .keys()
            .filter(|name| authorities.iter().any(|listed| self.is_at_or_below(name, listed)))
            .map(|name| self.intermediates(name))
            .max()
            .unwrap_or(0)
            .max(1)
    }
}

fn line(
    name: &str,
    authorities: &BTreeMap<String, Authority>,
    brought: &BTreeMap<SpkiHash, &str>,
) -> Vec<Anchor> {
    let mut line = Vec::new();
    let mut seen = BTreeSet::new();
    let mut current = name;
    while let Some(authority) = authorities.get(current)
        && seen.insert(current)
    {
        line.push(Anchor::Authority(current.to_owned()));
        match &authority.source {
            AuthoritySource::Issued(request) => match &request.issuer {
                Issuer::Authority(issuer) => current = issuer,
                Issuer::SelfSigned => break,
            },
            AuthoritySource::Brought(chain) => {
                line.extend(chain.iter().skip(1).map(|certificate| {
                    brought
                        .get(&certificate.spki_hash)
                        .map_or(Anchor::Foreign(certificate.spki_hash), |name| {
                            Anchor::Authority((*name).to_owned())
                        })
                }));
                break;
            }
        }
    }
    line
}
