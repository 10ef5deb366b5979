//! Whether certificates have names that authorities above them may certify.

use super::examination::{Examined, Inspection};
use super::problem::Problem;
use super::words::{self, visible};
use crate::diagnostic::literal;
use crate::pki::name_constraints::{Forbidden, Names, Violation, violations};
use crate::pki::request::{NameConstraints, Subtree};

/// Every name that the constraints of an authority above forbid. A root's own count, too: whether a verifier
/// looks at them is its choice (RFC 5280, section 6.2), and OpenSSL and Go do.
pub(super) fn forbidden_names(inspection: &Inspection, index: usize) -> Vec<Problem> {
    let one = &inspection.certificates[index];
    // An authority that carries on under its own name (RFC 5280, section 4.2.1.10).
    if one.certificate.is_authority && one.certificate.is_self_issued() {
        return Vec::new();
    }
    let names = Names::of(&one.certificate, &one.details);
    let above = inspection.line(index).skip(1);
    let constrained = above.filter_map(|authority| {
        Some((authority, authority.certificate.name_constraints.as_ref()?))
    });
    constrained
        .flat_map(|(authority, constraints)| {
            let found = violations(names, constraints);
            found.into_iter().map(move |violation| problem(authority, &violation))
        })
        .collect()
}

fn problem(authority: &Examined, violation: &Violation) -> Problem {
    let why = match &violation.why {
        Forbidden::Outside => "outside what its name constraints permit".to_owned(),
        Forbidden::Excluded(tree) => {
            format!("which its name constraints exclude ({})", visible(&tree.to_string()))
        }
        Forbidden::Unjudgeable => {
            "a URI without a host, which its name constraints on URIs cannot allow".to_owned()
        }
        Forbidden::Unsupported => {
            "of a kind that its name constraints have and OpenSSL does not judge".to_owned()
        }
    };
    let message = format!(
        "{} may not certify {}, {why}: OpenSSL, nginx and Go refuse it",
        words::name(&authority.certificate.subject),
        literal(&violation.name),
    );
    Problem::error("name-constraints", message)
}

/// What an authority's constraints have that is not judged here.
pub(super) fn not_judged(constraints: &NameConstraints) -> Option<Problem> {
    let all = constraints.permitted.iter().chain(&constraints.excluded);
    let others: Vec<String> = all
        .filter_map(|tree| match tree {
            Subtree::Other(words) => Some(literal(words)),
            _ => None,
        })
        .collect();
    (!others.is_empty()).then(|| {
        let message = format!(
            "name constraints of a kind that is not judged here, nor by most programs: {}",
            others.join(", ")
        );
        Problem::notice("name-constraints-not-judged", message)
    })
}
