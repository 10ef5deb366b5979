//! Authorities of others that a host trusts, and that nginx would refuse although they can be read.

use std::collections::BTreeMap;

use super::client_auth::{Known, Of, written_path};
use super::context::{Context, Findings};
use super::{Authority, AuthoritySource};
use crate::diagnostic::{Diagnostic, Severity, literal};
use crate::path;
use crate::pki::acceptance::refusal_of_chain;
use crate::pki::certificate::Certificate;
use crate::pki::request::Issuer;
use crate::specification::document::Step;

/// Refuses listed authorities below which no client would get in; warns of those below them.
pub fn refuse_unaccepted(
    context: Context<'_>,
    of: Of<'_>,
    listed: &[String],
    written: &[String],
    known: Known<'_>,
    findings: &mut Findings,
) {
    let is_below = |name: &&String| {
        !listed.contains(name) && listed.iter().any(|one| known.lineage.is_at_or_below(name, one))
    };
    let below = known.authorities.keys().filter(is_below);
    let mut told: Vec<&Certificate> = Vec::new();
    for (name, severity) in listed
        .iter()
        .map(|name| (name, Severity::Error))
        .chain(below.map(|name| (name, Severity::Warning)))
    {
        let Some((owner, chain)) = brought_above(known.authorities, name) else { continue };
        let Some((blamed, refusal)) = refusal_of_chain(&chain) else { continue };
        if told.contains(&blamed) {
            continue;
        }
        told.push(blamed);
        let mut place = written_path(context, of.key, "cas");
        place.extend(written.iter().position(|one| one == name).map(Step::from));
        let title = format!("{} {refusal}", literal(&blamed.subject.rfc2253()));
        let mut finding = Diagnostic::error("authority-refused", title);
        // What the controller does not read closes the whole bundle, wherever it stands.
        finding.severity = if refusal.error().is_none() { Severity::Error } else { severity };
        findings.push(
            finding
                .at(context.value(&place))
                .related(context.value(&path!["cas", owner, "certificate"]), "its certificate")
                .help("ask its owner for another certificate of that authority; the controller goes by what OpenSSL takes"),
        );
    }
}

/// The entry that brought an authority along, and its chain: of `name` itself, or of the one above it that is brought.
fn brought_above<'a>(
    authorities: &'a BTreeMap<String, Authority>,
    name: &'a str,
) -> Option<(&'a str, Vec<&'a Certificate>)> {
    let mut current = name;
    // No line is longer than there are authorities.
    for _ in 0..=authorities.len() {
        match &authorities.get(current)?.source {
            AuthoritySource::Brought(chain) => return Some((current, chain.iter().collect())),
            AuthoritySource::Issued(request) => match &request.issuer {
                Issuer::Authority(issuer) => current = issuer,
                Issuer::SelfSigned => return None,
            },
        }
    }
    None
}
