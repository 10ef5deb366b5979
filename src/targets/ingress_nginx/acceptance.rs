//! Authorities of others that a host trusts, and that nginx would refuse although they can be read.

use std::collections::BTreeMap;

use super::arrange::written;
use crate::diagnostic::{Diagnostic, Severity, literal};
use crate::model::{Authority, AuthoritySource, ClientAuthentication, Exposure, Model};
use crate::path;
use crate::pki::acceptance::refusal_of_chain;
use crate::pki::certificate::Certificate;
use crate::pki::request::Issuer;
use crate::specification::document::{Places, Step};

/// Refuses listed authorities whose clients would all be refused; warns of those below them.
pub(super) fn refuse_unaccepted(
    model: &Model,
    places: &dyn Places,
    exposure: &Exposure,
    auth: &ClientAuthentication,
    found: &mut Vec<Diagnostic>,
) {
    let Model { authorities, lineage, .. } = model;
    let listed = &auth.authorities;
    let is_below = |name: &&String| {
        !listed.contains(name) && listed.iter().any(|one| lineage.is_at_or_below(name, one))
    };
    let below = authorities.keys().filter(is_below);
    let mut blamed_before: Vec<&Certificate> = Vec::new();
    for (name, severity) in listed
        .iter()
        .map(|name| (name, Severity::Error))
        .chain(below.map(|name| (name, Severity::Warning)))
    {
        let Some((owner, chain)) = supplied_above(authorities, name) else { continue };
        let Some((blamed, refusal)) = refusal_of_chain(&chain) else { continue };
        if blamed_before.contains(&blamed) {
            continue;
        }
        blamed_before.push(blamed);
        let mut place = written(places, &exposure.key, "cas");
        place.extend(listed.iter().position(|one| one == name).map(Step::from));
        let title = format!("{} {refusal}", literal(&blamed.subject.rfc2253()));
        let mut finding = Diagnostic::error("authority-refused", title);
        // A certificate that the controller does not read closes the whole bundle, at any position.
        finding.severity = if refusal.error().is_none() { Severity::Error } else { severity };
        found.push(
            finding
                .at(places.value(&place))
                .related(places.value(&path!["cas", owner, "certificate"]), "its certificate")
                .help("ask its owner for another certificate of that authority; nginx verifies with OpenSSL"),
        );
    }
}

/// The entry that supplies an authority, and its chain: of `name` itself, or of the supplied one above it.
fn supplied_above<'a>(
    authorities: &'a BTreeMap<String, Authority>,
    name: &'a str,
) -> Option<(&'a str, Vec<&'a Certificate>)> {
    let mut current = name;
    // No line is longer than there are authorities.
    for _ in 0..=authorities.len() {
        match &authorities.get(current)?.source {
            AuthoritySource::Supplied(chain) => return Some((current, chain.iter().collect())),
            AuthoritySource::Issued(request) => match &request.issuer {
                Issuer::Authority(issuer) => current = issuer,
                Issuer::SelfSigned => return None,
            },
        }
    }
    None
}
