//! A trust bundle in a Secret that is managed elsewhere: which clients the controller would admit with it.
//!
//! What the controller makes of each content is in `internal/ingress/controller/store/backend_ssl.go` and
//! `internal/net/ssl/ssl.go` of ingress-nginx.

use std::collections::BTreeMap;

use super::absent;
use crate::diagnostic::Diagnostic;
use crate::enforcement::representatives::{self, ClientClass};
use crate::enforcement::{CheckedLists, ClientValidation, Fault, Revocation, UnknownStatus, fault};
use crate::existing::reading::{Secret, Secrets};
use crate::model::context::listed;
use crate::model::{ClientAuthentication, Reference};
use crate::pki::acceptance;
use crate::pki::certificate::Certificate;
use crate::pki::chain;
use crate::pki::crl::{self, RevocationList};
use crate::time::Timestamp;

/// What is wrong with a bundle.
pub(super) fn judge(
    auth: &ClientAuthentication,
    validation: Option<&ClientValidation>,
    secrets: &Secrets,
    now: Timestamp,
) -> Vec<Diagnostic> {
    let reference = &auth.secret;
    let Some(secret) = secrets.get(reference) else {
        let then = "the controller would answer every request with 403";
        return vec![absent("of trusted authorities", reference, then)];
    };
    let mut found = Vec::new();
    let certificates = match bundle(reference, secret) {
        Ok(certificates) => certificates,
        Err(error) => return vec![*error],
    };
    if let Some((one, refusal)) =
        certificates.iter().find_map(|one| Some((one, acceptance::unreadable(one)?)))
    {
        let title = format!(
            "the Secret `{reference}` of trusted authorities holds `{}`, which {refusal}",
            one.subject.rfc2253()
        );
        return vec![Diagnostic::error("trust-unusable", title).help(ASK)];
    }
    let revocation = match revocation(reference, secret) {
        Ok(revocation) => revocation,
        Err(error) => return vec![*error],
    };
    found.extend(combined(reference, secret));
    if let Some(validation) = validation {
        found.extend(authorities(reference, (&certificates, &revocation), validation, now));
    }
    found
}

/// The certificates under `ca.crt`.
fn bundle(reference: &Reference, secret: &Secret) -> Result<Vec<Certificate>, Box<Diagnostic>> {
    let error = |code, problem: String, help: &str| {
        let title = format!("the Secret `{reference}` of trusted authorities {problem}");
        Box::new(Diagnostic::error(code, title).help(help))
    };
    match secret.value("ca.crt") {
        None if secret.has("tls.crt") && secret.has("tls.key") => Err(error(
            "trust-open",
            "has no `ca.crt` beside its key pair: the controller would admit every client".to_owned(),
            "put the authorities of clients under `ca.crt`",
        )),
        None => Err(error(
            "trust-unusable",
            "has no certificate under `ca.crt`: the controller would answer every request with 403".to_owned(),
            "put the authorities of clients under `ca.crt`; other names (`CA.crt`, `ca.pem`) are ignored",
        )),
        Some(Err(problem)) => {
            Err(error("trust-unusable", format!("has a `ca.crt` that {problem}"), CHECK))
        }
        Some(Ok(octets)) => Certificate::from_pem(&octets).map_err(|problem| {
            let problem = format!(
                "has a `ca.crt` that cannot be read ({problem}): the controller would answer every request with 403"
            );
            error("trust-unusable", problem, CHECK)
        }),
    }
}

const CHECK: &str = "put PEM certificates of the authorities of clients under `ca.crt`";

/// One Secret for key pair and authorities: what is changed there is not noticed.
fn combined(reference: &Reference, secret: &Secret) -> Option<Diagnostic> {
    secret.has("tls.crt").then(|| {
        let title = format!(
            "the Secret `{reference}` of trusted authorities has a `tls.crt` as well: authorities in it are trusted too, and the controller misses a change of `ca.crt`"
        );
        Diagnostic::warning("combined-secret", title)
            .help("give the authorities of clients a Secret of their own")
    })
}

/// The verdict on clients below each certificate of the bundle, as the hosts of the target validate them.
fn authorities(
    reference: &Reference,
    (certificates, revocation): (&[Certificate], &Revocation),
    validation: &ClientValidation,
    now: Timestamp,
) -> Vec<Diagnostic> {
    let diagnostic = |make: fn(&'static str, String) -> Diagnostic, code, problem: String| {
        make(code, format!("the Secret `{reference}` of trusted authorities {problem}"))
    };
    let mut clients: Vec<(&Certificate, Option<Fault>)> = Vec::new();
    for (class, shows) in representatives::of_bundle(certificates) {
        let ClientClass::Below(issuer) = class else { continue };
        let issuer = certificates.iter().find(|one| one.der == issuer.der);
        let fault = fault(&shows, validation, certificates, revocation, now);
        clients.extend(issuer.map(|issuer| (issuer, fault)));
    }
    let unsaid = clients.iter().find(|(one, fault)| fault.is_none() && !one.is_authority);
    if let Some((one, _)) = unsaid {
        let problem = format!(
            "holds `{}`, which is not marked as an authority (it has no basicConstraints): nginx accepts it as one, and admits its clients",
            one.subject.rfc2253()
        );
        return vec![diagnostic(Diagnostic::error, "not-an-authority", problem).help(ASK)];
    }
    if !certificates.iter().any(Certificate::may_sign_certificates) {
        let problem =
            "has no certificate of an authority under `ca.crt`: no client would be admitted"
                .to_owned();
        return vec![diagnostic(Diagnostic::error, "trust-locks-out", problem).help(
            "put the certificate of the authority that signs clients there, not one that it signed",
        )];
    }
    let is_any_admitted = clients.iter().any(|(_, fault)| fault.is_none());
    let mut by_fault: BTreeMap<Fault, Vec<&Certificate>> = BTreeMap::new();
    for (issuer, fault) in clients.iter().filter(|(one, _)| one.may_sign_certificates()) {
        if let Some(fault) = fault {
            by_fault.entry(*fault).or_default().push(issuer);
        }
    }
    let mut found = Vec::new();
    for (fault, issuers) in by_fault {
        let names: Vec<String> = issuers.iter().map(|one| one.subject.rfc2253()).collect();
        let below = listed(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let (make, code): (fn(&'static str, String) -> Diagnostic, _) = match fault {
            Fault::StatusUnknown => (Diagnostic::error, "trust-revocation"),
            _ if is_any_admitted => (Diagnostic::warning, "trust-partly"),
            _ => (Diagnostic::error, "trust-locks-out"),
        };
        let problem = format!("refuses clients below {below}: {fault}");
        let mut one = diagnostic(make, code, problem);
        if fault == Fault::StatusUnknown {
            one = lists(certificates, revocation, now).into_iter().fold(one, Diagnostic::help);
        } else {
            for reason in issuers.iter().filter_map(|issuer| refusal(issuer, certificates)) {
                one = one.help(reason);
            }
        }
        found.push(one.help(way_out(fault)));
    }
    found.extend(leaves(certificates).map(|problem| {
        diagnostic(Diagnostic::warning, "trust-partly", problem)
            .help("put the certificate of their issuer there")
    }));
    let admitted = clients.iter().filter(|(_, fault)| fault.is_none()).map(|(one, _)| *one);
    found.extend(reach(certificates, &admitted.collect::<Vec<_>>()).map(|problem| {
        diagnostic(Diagnostic::warning, "trust-reach", problem)
            .help("if other authorities below that root sign certificates for clients, let those of this host have a root of their own")
    }));
    found
}

/// Certificates of clients or servers have no effect there.
fn leaves(certificates: &[Certificate]) -> Option<String> {
    let leaves = certificates.iter().filter(|one| !one.may_sign_certificates());
    let leaves: Vec<String> = leaves.map(|one| one.subject.rfc2253()).collect();
    let names: Vec<&str> = leaves.iter().map(String::as_str).collect();
    (!names.is_empty()).then(|| {
        format!(
            "holds certificates that are not an authority's and admit no client: {}",
            listed(&names)
        )
    })
}

/// An intermediate in a bundle suggests that its clients alone are admitted.
fn reach(certificates: &[Certificate], admitted: &[&Certificate]) -> Option<String> {
    let (one, root) = admitted.iter().filter(|one| !one.is_self_signed()).find_map(|one| {
        let root = chain::order(one, certificates).root()?.clone();
        admitted.iter().any(|other| other.der == root.der).then_some((one, root))
    })?;
    let (one, root) = (one.subject.rfc2253(), root.subject.rfc2253());
    Some(format!("holds `{one}`, but admits all clients below its root `{root}`"))
}

/// Which rule of OpenSSL a certificate of the chain above an authority breaks.
fn refusal(issuer: &Certificate, certificates: &[Certificate]) -> Option<String> {
    let chain = chain::order(issuer, certificates);
    let all: Vec<&Certificate> = chain.certificates.iter().collect();
    let (blamed, refusal) = acceptance::refusal_of_chain(&all)?;
    Some(format!("`{}` {refusal}", blamed.subject.rfc2253()))
}

/// What to do about a fault.
fn way_out(fault: Fault) -> &'static str {
    match fault {
        Fault::Untrusted | Fault::Unanchored => {
            "append the self-signed root to `ca.crt`: the controller verifies up to one"
        }
        Fault::Expired | Fault::NotYetValid => {
            "ask who fills that Secret for a current certificate of that authority"
        }
        Fault::TooDeep => "raise `clientAuth.verifyDepth`",
        Fault::StatusUnknown => {
            "put a current list of every authority up to the root under `ca.crl`, or none at all"
        }
        _ => ASK,
    }
}

const ASK: &str = "replace it in that Secret by another certificate of that authority";

/// Which authorities have no list that counts, and why.
fn lists(certificates: &[Certificate], revocation: &Revocation, now: Timestamp) -> Vec<String> {
    let Revocation::Lists { all, .. } = revocation else { return Vec::new() };
    let of = |authority: &Certificate| {
        let subject = authority.subject.rfc2253();
        match crl::believed(all, authority, now) {
            None => Some(format!("there is no revocation list of `{subject}`")),
            Some(list) if list.end() <= now => {
                Some(format!("the revocation list of `{subject}` ended at {}", list.end()))
            }
            Some(list) if list.this_update > now => Some(format!(
                "the revocation list of `{subject}` begins at {} only",
                list.this_update
            )),
            Some(list) => acceptance::refusal_of_list(list, authority)
                .map(|refusal| format!("the revocation list of `{subject}` {refusal}")),
        }
    };
    certificates.iter().filter(|one| one.may_sign_certificates()).filter_map(of).collect()
}

/// The lists under `ca.crl`.
fn revocation(reference: &Reference, secret: &Secret) -> Result<Revocation, Box<Diagnostic>> {
    let error = |problem: String| {
        let title = format!("the Secret `{reference}` of trusted authorities {problem}");
        Box::new(Diagnostic::error("trust-revocation", title).help(LISTS))
    };
    match secret.value("ca.crl") {
        None => Ok(Revocation::None),
        Some(Err(problem)) => Err(error(format!("has a `ca.crl` that {problem}"))),
        Some(Ok(octets)) => match RevocationList::from_pem(&octets) {
            Ok(all) => Ok(Revocation::Lists {
                all,
                depth: CheckedLists::Chain,
                unknown: UnknownStatus::Deny,
            }),
            Err(problem) => Err(error(format!(
                "has a `ca.crl` that the controller does not take ({problem}), and the whole Secret with it"
            ))),
        },
    }
}

const LISTS: &str =
    "put PEM blocks `X509 CRL` under `ca.crl`, one of every authority up to the root";
