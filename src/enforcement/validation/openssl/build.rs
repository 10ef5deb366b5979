//! The chain that OpenSSL builds (`build_chain`): the bundle is asked first, and once it has an issuer, it alone.

use super::{Anchors, Asked, Link, is_invalid};
use crate::pki::acceptance;
use crate::pki::certificate::Certificate;

/// OpenSSL's own limit where none is set.
const DEPTH: u8 = 100;
/// How many certificates that may be one's issuer are looked at.
const CANDIDATES: usize = 32;

/// A chain as far as it was built.
pub(super) struct Built<'a> {
    /// The client's certificate first.
    pub(super) links: Vec<Link<'a>>,
    /// How many of them the client sent; the others are of the bundle.
    pub(super) sent: usize,
    /// Whether the last one is an anchor of the bundle.
    pub(super) is_trusted: bool,
}

/// How many certificates a chain may have beside the anchor.
pub(super) fn most(depth: Option<u8>) -> usize {
    usize::from(depth.unwrap_or(DEPTH)) + 1
}

/// There are more possible issuers than are looked at.
pub(super) struct TooMany;

/// Builds the chain.
pub(super) fn build<'a>(asked: &Asked<'a>) -> Result<Built<'a>, TooMany> {
    let most = most(asked.depth);
    let mut built = Built { links: vec![asked.leaf], sent: 1, is_trusted: false };
    let mut unused: Vec<&Certificate> = asked.sends.iter().collect();
    if asked.leaf.real().is_some_and(is_invalid) {
        return Ok(built);
    }
    let mut last = asked.leaf;
    while built.links.len() <= most {
        let own = last.real().filter(|last| last.is_anchor());
        match (asked.of_bundle(last)?, own) {
            (Some(issuer), None) => {
                last = Link::Real(issuer);
                built.links.push(last);
                unused.clear();
                if issuer.is_anchor() {
                    built.is_trusted = true;
                    break;
                }
                continue;
            }
            // Another one of its name is not it.
            (Some(issuer), Some(own)) if issuer == own => {
                built.sent -= 1;
                built.is_trusted = true;
                break;
            }
            (_, Some(_)) => break,
            (None, None) => {}
        }
        // `check_trust`: with any anchor, one of the bundle will do, also the client's own.
        let is_of_bundle = || last.real().is_some_and(|last| asked.bundle.contains(last));
        if asked.anchors == Anchors::Any && (built.sent < built.links.len() || is_of_bundle()) {
            built.is_trusted = true;
            break;
        }
        if built.sent < built.links.len() {
            break;
        }
        let Some(at) = asked.of_sent(last, &unused, &built.links)? else { break };
        last = Link::Real(unused.remove(at));
        built.links.push(last);
        built.sent += 1;
    }
    Ok(built)
}

impl<'a> Asked<'a> {
    /// The issuer of `below` in the bundle (`X509_STORE_CTX_get1_issuer`); its signature is not verified yet. Of several
    /// that are valid at the time, OpenSSL takes the first in an order that the C library's sorting decides; here it is
    /// the first in the bundle that made the signature.
    fn of_bundle(&self, below: Link<'_>) -> Result<Option<&'a Certificate>, TooMany> {
        let found = candidates(below, self.bundle.iter())?;
        let valid: Vec<_> = found.iter().copied().filter(|one| self.is_valid(one)).collect();
        let [first, _, ..] = valid[..] else {
            return Ok(valid.first().copied().or_else(|| latest(&found)));
        };
        let itself = valid.iter().find(|one| below.real() == Some(**one));
        let signer = || valid.iter().find(|one| below.may_be_signed_by(one));
        Ok(Some(itself.or_else(signer).copied().unwrap_or(first)))
    }

    /// Position of the issuer of `below` among what the client sends (`find_issuer`).
    fn of_sent(
        &self,
        below: Link<'_>,
        unused: &[&'a Certificate],
        chain: &[Link<'_>],
    ) -> Result<Option<usize>, TooMany> {
        let is_new = |one: &&&Certificate| chain.iter().all(|link| link.real() != Some(**one));
        let found = candidates(below, unused.iter().filter(is_new).copied())?;
        let issuer =
            found.iter().copied().find(|one| self.is_valid(one)).or_else(|| latest(&found));
        Ok(issuer.and_then(|issuer| unused.iter().position(|one| *one == issuer)))
    }

    /// As `ossl_x509_check_cert_time`: in the last second it is over.
    fn is_valid(&self, certificate: &Certificate) -> bool {
        certificate.not_before <= self.now
            && self.now < certificate.not_after
            && acceptance::error_of_times(certificate).is_none()
    }
}

/// Those that may be the issuer of `below` (`ossl_x509_likely_issued`).
fn candidates<'a>(
    below: Link<'_>,
    among: impl Iterator<Item = &'a Certificate>,
) -> Result<Vec<&'a Certificate>, TooMany> {
    let mut found: Vec<&Certificate> = Vec::new();
    for issuer in among {
        if below.names_as_issuer(issuer) && !found.contains(&issuer) {
            found.push(issuer);
        }
        if found.len() > CANDIDATES {
            return Err(TooMany);
        }
    }
    let fits =
        |issuer: &Certificate| below.real().is_none_or(|below| below.has_known_signature(issuer));
    found.retain(|issuer| fits(issuer) && !is_invalid(issuer));
    Ok(found)
}

/// The first one of those that end last.
fn latest<'a>(found: &[&'a Certificate]) -> Option<&'a Certificate> {
    found.iter().copied().rev().max_by_key(|one| one.not_after)
}
