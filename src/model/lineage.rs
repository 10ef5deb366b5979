//! Which authority is below which: for each one the line of keys up to its root.

use std::collections::BTreeMap;

use super::{Authority, AuthoritySource};
use crate::pki::key::SpkiHash;
use crate::pki::request::Issuer;

/// The longest line that is followed: X.509 path lengths end far below, and cycles go on for ever.
const LONGEST: usize = 256;

/// One authority of a line. One key is one anchor, however often the spec names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anchor {
    /// An authority that mtlsgen makes, by its name.
    Ours(String),
    /// An external one, by its key.
    Foreign(SpkiHash),
}

/// For each authority the line from itself up to its root, both included.
#[derive(Clone, Debug, Default)]
pub struct Lineage {
    lines: BTreeMap<String, Vec<Anchor>>,
}

impl Lineage {
    /// Follows each authority to its root.
    #[must_use]
    pub fn of(authorities: &BTreeMap<String, Authority>) -> Self {
        let lines = authorities.keys().map(|name| (name.clone(), line(name, authorities)));
        Self { lines: lines.collect() }
    }

    /// The line of `authority`, itself first; empty if there is no such authority.
    #[must_use]
    pub fn line(&self, authority: &str) -> &[Anchor] {
        self.lines.get(authority).map_or(&[], Vec::as_slice)
    }

    /// `authority` itself.
    #[must_use]
    pub fn anchor(&self, authority: &str) -> Option<&Anchor> {
        self.line(authority).first()
    }

    /// The root of `authority`.
    #[must_use]
    pub fn root(&self, authority: &str) -> Option<&Anchor> {
        self.line(authority).last()
    }

    /// Whether `authority` is `ancestor` or is below it.
    #[must_use]
    pub fn is_at_or_below(&self, authority: &str, ancestor: &str) -> bool {
        self.anchor(ancestor).is_some_and(|ancestor| self.line(authority).contains(ancestor))
    }

    /// How many intermediates the chain of a leaf that `authority` signs has: the root not counted.
    #[must_use]
    pub fn intermediates(&self, authority: &str) -> usize {
        self.line(authority).len().saturating_sub(1)
    }

    /// The number of intermediates of the longest chain that leaves at or below any of `authorities` have.
    #[must_use]
    pub fn depth_below(&self, authorities: &[String]) -> u8 {
        let is_below =
            |name: &&String| authorities.iter().any(|listed| self.is_at_or_below(name, listed));
        let below = self.lines.keys().filter(is_below);
        let deepest = below.map(|name| self.intermediates(name)).max().unwrap_or(0);
        u8::try_from(deepest).unwrap_or(u8::MAX)
    }
}

fn line(name: &str, authorities: &BTreeMap<String, Authority>) -> Vec<Anchor> {
    let mut line = Vec::new();
    let mut current = name;
    while let Some(authority) = authorities.get(current)
        && line.len() < LONGEST
    {
        match &authority.source {
            AuthoritySource::Issued(request) => {
                line.push(Anchor::Ours(current.to_owned()));
                match &request.issuer {
                    Issuer::Authority(issuer) => current = issuer,
                    Issuer::SelfSigned => break,
                }
            }
            AuthoritySource::Supplied(chain) => {
                line.extend(chain.iter().map(|certificate| Anchor::Foreign(certificate.spki_hash)));
                break;
            }
        }
    }
    line
}
