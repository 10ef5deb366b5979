//! Name constraints: what an authority may not certify is not asked of it (RFC 5280, section 4.2.1.10).

use super::context::{Context, Findings};
use super::{AuthoritySource, Model};
use crate::diagnostic::{Diagnostic, literal};
use crate::path;
use crate::pki::name_constraints::{Names, violations};
use crate::pki::request::{CertificateRequest, Holder, Issuer, NameConstraints, Usage};
use crate::specification::document::Path;

/// Refuses names that no verifier would accept below the authorities that sign for them.
pub fn refuse_names_outside(context: Context<'_>, model: &Model, findings: &mut Findings) {
    for request in model.requests() {
        for (authority, constraints) in above(model, &request.issuer) {
            for violation in violations(names(request), constraints) {
                let title = format!(
                    "authority {} may not certify {}",
                    literal(authority),
                    literal(&violation.name)
                );
                findings.push(
                    Diagnostic::error("name-constraints", title)
                        .at(context.value(&path_of(request)))
                        .related(context.key(&path!["cas", authority]), "its name constraints")
                        .help("choose another issuer, or widen `nameConstraints`: every verifier would refuse this certificate"),
                );
            }
        }
    }
}

fn names(request: &CertificateRequest) -> Names<'_> {
    Names {
        subject: &request.subject,
        alternative: &request.names,
        directory: &[],
        other: &[],
        is_authority: matches!(request.usage, Usage::Authority { .. }),
    }
}

/// The constraints of all authorities above a certificate, each with the authority's name in the spec.
fn above<'a>(model: &'a Model, issuer: &'a Issuer) -> Vec<(&'a str, &'a NameConstraints)> {
    let mut found = Vec::new();
    let mut current = issuer;
    // A line of authorities is never longer than their number.
    for _ in 0..=model.authorities.len() {
        let Issuer::Authority(name) = current else { break };
        let Some(authority) = model.authorities.get(name) else { break };
        match &authority.source {
            AuthoritySource::Issued(request) => {
                if let Usage::Authority { name_constraints, .. } = &request.usage {
                    found.extend(
                        name_constraints.iter().map(|constraints| (name.as_str(), constraints)),
                    );
                }
                current = &request.issuer;
            }
            AuthoritySource::Supplied(chain) => {
                let constraints = chain.iter().filter_map(|own| own.name_constraints.as_ref());
                found.extend(constraints.map(|constraints| (name.as_str(), constraints)));
                break;
            }
        }
    }
    found
}

fn path_of(request: &CertificateRequest) -> Path {
    match &request.holder {
        Holder::Authority(name) => path!["cas", name],
        Holder::Host(name) => path!["hosts", name, "tls", "issuer"],
        Holder::Client(name) => path!["clients", name, "issuer"],
    }
}
