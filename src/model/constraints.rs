//! Name constraints: what an authority may not certify is not asked of it (RFC 5280, section 4.2.1.10).

use std::net::IpAddr;

use super::context::{Context, Findings};
use super::{AuthoritySource, Model};
use crate::diagnostic::{Diagnostic, literal};
use crate::path;
use crate::pki::request::{
    AlternativeNames, CertificateRequest, Holder, Issuer, NameConstraints, Subtree,
};
use crate::spec::document::Path;

/// Refuses names that no verifier would accept below the authorities that sign for them.
pub fn refuse_names_outside(context: Context<'_>, model: &Model, findings: &mut Findings) {
    for request in model.requests() {
        for (authority, constraints) in above(model, &request.issuer) {
            for name in violations(&request.names, constraints) {
                let title =
                    format!("authority {} may not certify {}", literal(authority), literal(&name));
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
                if let crate::pki::request::Usage::Authority { name_constraints, .. } =
                    &request.usage
                {
                    found.extend(
                        name_constraints.iter().map(|constraints| (name.as_str(), constraints)),
                    );
                }
                current = &request.issuer;
            }
            AuthoritySource::Brought(chain) => {
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

/// The names that the constraints forbid.
fn violations(names: &AlternativeNames, constraints: &NameConstraints) -> Vec<String> {
    let dns = names.dns.iter().filter(|name| {
        forbidden(constraints, |tree| match tree {
            Subtree::Dns(domain) => Some(is_within(name, domain)),
            Subtree::Ip { .. } | Subtree::Email(_) => None,
        })
    });
    let email = names.email.iter().filter(|address| {
        forbidden(constraints, |tree| match tree {
            Subtree::Email(pattern) => Some(is_mail_within(address, pattern)),
            Subtree::Ip { .. } | Subtree::Dns(_) => None,
        })
    });
    let ip = names.ip.iter().filter(|found| {
        forbidden(constraints, |tree| match tree {
            Subtree::Ip { address, prefix } => is_in_range(**found, *address, *prefix),
            Subtree::Dns(_) | Subtree::Email(_) => None,
        })
    });
    let text = dns.chain(email).cloned();
    text.chain(ip.map(ToString::to_string)).collect()
}

/// Whether a name lies outside what is permitted of its kind, or inside what is excluded. `is_inside`
/// gives `None` for subtrees of another kind.
fn forbidden(constraints: &NameConstraints, is_inside: impl Fn(&Subtree) -> Option<bool>) -> bool {
    let mut permitted = constraints.permitted.iter().filter_map(&is_inside).peekable();
    let outside = permitted.peek().is_some() && !permitted.any(|inside| inside);
    outside || constraints.excluded.iter().filter_map(is_inside).any(|inside| inside)
}

fn is_within(name: &str, domain: &str) -> bool {
    let (name, domain) = (name.to_ascii_lowercase(), domain.to_ascii_lowercase());
    let domain = domain.trim_start_matches('.');
    name == domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// A whole address, a host, or a domain with a leading dot.
fn is_mail_within(address: &str, pattern: &str) -> bool {
    if pattern.contains('@') {
        return address.eq_ignore_ascii_case(pattern);
    }
    let host = address.rsplit_once('@').map_or(address, |(_, host)| host).to_ascii_lowercase();
    let pattern = pattern.to_ascii_lowercase();
    if pattern.starts_with('.') { host.ends_with(&pattern) } else { host == pattern }
}

/// `None` where the range is of another family.
fn is_in_range(found: IpAddr, range: IpAddr, prefix: u8) -> Option<bool> {
    let (found, range, bits) = match (found, range) {
        (IpAddr::V4(found), IpAddr::V4(range)) => {
            (u128::from(found.to_bits()), u128::from(range.to_bits()), 32)
        }
        (IpAddr::V6(found), IpAddr::V6(range)) => (found.to_bits(), range.to_bits(), 128),
        _ => return None,
    };
    let ignored = u32::from(u8::saturating_sub(bits, prefix));
    let shift = |value: u128| value.checked_shr(ignored).unwrap_or(0);
    Some(shift(found) == shift(range))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constraints(permitted: &[Subtree], excluded: &[Subtree]) -> NameConstraints {
        NameConstraints {
            critical: true,
            permitted: permitted.to_vec(),
            excluded: excluded.to_vec(),
        }
    }

    #[test]
    fn names_outside_are_found() {
        let dns = |domain: &str| Subtree::Dns(domain.to_owned());
        let range = Subtree::Ip { address: "10.0.0.0".parse().unwrap(), prefix: 8 };
        let rules = constraints(
            &[dns("example.com"), range, Subtree::Email(".example.com".into())],
            &[dns("bad.example.com")],
        );
        let names = AlternativeNames {
            dns: [
                "a.example.com",
                "example.com",
                "*.example.com",
                "notexample.com",
                "x.bad.example.com",
            ]
            .map(str::to_owned)
            .to_vec(),
            ip: ["10.1.2.3", "11.0.0.1", "2001:db8::1"].map(|ip| ip.parse().unwrap()).to_vec(),
            email: ["a@mail.example.com", "a@example.com"].map(str::to_owned).to_vec(),
            uri: vec!["spiffe://elsewhere/x".to_owned()],
        };
        assert_eq!(
            violations(&names, &rules),
            ["notexample.com", "x.bad.example.com", "a@example.com", "11.0.0.1"]
        );
        assert!(violations(&names, &constraints(&[], &[])).is_empty());
    }
}
