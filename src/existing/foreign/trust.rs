//! A trust bundle that somebody else keeps in a Secret: whom the controller would let in with it.
//!
//! What the controller makes of each content is in `internal/ingress/controller/store/backend_ssl.go` and
//! `internal/net/ssl/ssl.go` of ingress-nginx.

use super::absent;
use crate::diagnostic::Diagnostic;
use crate::existing::reading::{Secret, Secrets};
use crate::model::context::listed;
use crate::model::{ClientAuthentication, Reference};
use crate::pki::acceptance::{self, Refusal};
use crate::pki::certificate::Certificate;
use crate::pki::chain::{self, Chain};
use crate::pki::crl::{self, RevocationList};
use crate::time::Timestamp;

/// What is wrong with a bundle.
pub(super) fn judge(
    auth: &ClientAuthentication,
    secrets: &Secrets,
    now: Timestamp,
) -> Vec<Diagnostic> {
    let reference = &auth.secret;
    let Some(secret) = secrets.get(reference) else {
        let then = "the controller would answer 403 to everybody";
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
    found.extend(combined(reference, secret));
    found.extend(authorities(reference, &certificates, auth.verify_depth.unwrap_or(1), now));
    found.extend(lists(reference, secret, &certificates, now));
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
            "has no `ca.crt` beside its key pair: the controller would let everybody in".to_owned(),
            "put the authorities of clients under `ca.crt`",
        )),
        None => Err(error(
            "trust-unusable",
            "has no certificate under `ca.crt`: the controller would answer 403 to everybody".to_owned(),
            "put the authorities of clients under `ca.crt`; other names (`CA.crt`, `ca.pem`) are not looked at",
        )),
        Some(Err(problem)) => {
            Err(error("trust-unusable", format!("has a `ca.crt` that {problem}"), CHECK))
        }
        Some(Ok(octets)) => Certificate::from_pem(&octets).map_err(|problem| {
            let problem = format!(
                "has a `ca.crt` that cannot be read ({problem}): the controller would answer 403 to everybody"
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

fn authorities(
    reference: &Reference,
    certificates: &[Certificate],
    verify_depth: u8,
    now: Timestamp,
) -> Vec<Diagnostic> {
    let error = |code, problem: String| {
        Diagnostic::error(
            code,
            format!("the Secret `{reference}` of trusted authorities {problem}"),
        )
    };
    let (signing, leaves): (Vec<&Certificate>, Vec<_>) =
        certificates.iter().partition(|one| one.may_sign_certificates());
    let (passing, leaves): (Vec<&Certificate>, Vec<_>) =
        leaves.into_iter().partition(|one| acceptance::passes_for_authority(one));
    let unsaid = passing.first().map(|one| {
        let problem = format!(
            "holds `{}`, which does not say that it is an authority's (it has no basicConstraints): nginx takes it for one all the same, and lets its clients in",
            one.subject.rfc2253()
        );
        error("not-an-authority", problem).help(ASK)
    });
    if let Some(unsaid) = unsaid {
        return vec![unsaid];
    }
    if signing.is_empty() {
        return vec![
            error("trust-locks-out", "has no certificate of an authority under `ca.crt`: nobody could log in".to_owned())
                .help("put the certificate of the authority there that signs clients, not one that it signed"),
        ];
    }
    let chains: Vec<Chain> = signing.iter().map(|one| chain::order(one, certificates)).collect();
    let works = |chain: &&Chain| {
        chain.is_complete()
            && chain.certificates.iter().all(|one| is_valid(one, now))
            && refused(chain).is_none()
    };
    if !chains.iter().any(|chain| works(&chain)) {
        return vec![locks_out(&chains, now, &error)];
    }
    let mut found = Vec::new();
    let mut warn = |problem: String, help: &str| {
        let title = format!("the Secret `{reference}` of trusted authorities {problem}");
        found.push(Diagnostic::warning("trust-partly", title).help(help));
    };
    let subjects = |all: Vec<&Certificate>| {
        let names: Vec<String> = all.iter().map(|one| one.subject.rfc2253()).collect();
        listed(&names.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let over: Vec<&Certificate> =
        signing.iter().copied().filter(|one| !is_valid(one, now)).collect();
    if !over.is_empty() {
        warn(
            format!("holds authorities that have expired or are not valid yet: {}", subjects(over)),
            "whoever fills that Secret must renew them: their clients are refused",
        );
    }
    if !leaves.is_empty() {
        warn(
            format!(
                "holds certificates that are no authority's, and let nobody in: {}",
                subjects(leaves)
            ),
            "put the certificate of their issuer there",
        );
    }
    let mut told: Vec<&Certificate> = Vec::new();
    for (blamed, refusal) in chains.iter().filter_map(refused) {
        if !told.contains(&blamed) {
            told.push(blamed);
            warn(format!("holds `{}`, which {refusal}", blamed.subject.rfc2253()), ASK);
        }
    }
    let own = |chain: &&Chain| !chain.is_complete();
    let rootless: Vec<&Certificate> =
        chains.iter().filter(own).map(|chain| &chain.certificates[0]).collect();
    if !rootless.is_empty() {
        warn(
            format!("lacks the root above {}: their clients are refused", subjects(rootless)),
            "append the self-signed root",
        );
    }
    let deep =
        |chain: &&Chain| works(chain) && chain.certificates.len() > usize::from(verify_depth) + 1;
    let deep: Vec<&Certificate> =
        chains.iter().filter(deep).map(|chain| &chain.certificates[0]).collect();
    if !deep.is_empty() {
        warn(
            format!(
                "holds {}, which stand deeper than `verifyDepth = {verify_depth}` allows: their clients are refused",
                subjects(deep)
            ),
            "raise `clientAuth.verifyDepth`",
        );
    }
    found.extend(reach(reference, &chains));
    found
}

/// Why nginx takes nobody below the first authority of a chain that leads to a root.
fn refused(chain: &Chain) -> Option<(&Certificate, Refusal)> {
    let certificates: Vec<&Certificate> = chain.certificates.iter().collect();
    acceptance::refusal_of_chain(&certificates).filter(|_| chain.is_complete())
}

const ASK: &str = "replace it in that Secret by another certificate of that authority";

fn is_valid(certificate: &Certificate, now: Timestamp) -> bool {
    certificate.not_before <= now && now <= certificate.not_after
}

/// No chain in the bundle works.
fn locks_out(
    chains: &[Chain],
    now: Timestamp,
    error: &dyn Fn(&'static str, String) -> Diagnostic,
) -> Diagnostic {
    if let Some(expired) =
        chains.iter().flat_map(|chain| &chain.certificates).find(|one| !is_valid(one, now))
    {
        let problem = format!(
            "lets nobody in: `{}` is valid from {} to {}, and it is {now} now",
            expired.subject.rfc2253(),
            expired.not_before,
            expired.not_after
        );
        return error("trust-locks-out", problem).help("whoever fills that Secret must renew it");
    }
    if let Some((blamed, refusal)) = chains.iter().find_map(refused) {
        let problem = format!("lets no client in: `{}` {refusal}", blamed.subject.rfc2253());
        return error("trust-locks-out", problem).help(ASK);
    }
    let above = chains.iter().find_map(|chain| chain.missing_issuer.as_ref());
    let above = above.map_or_else(String::new, |name| format!(" `{}`", name.rfc2253()));
    error(
        "trust-locks-out",
        format!("lacks the root{above}: the controller verifies up to a self-signed root, and would refuse every client"),
    )
    .help("append the self-signed root to `ca.crt`")
}

/// An intermediate in a bundle reads as if its clients alone were meant.
fn reach(reference: &Reference, chains: &[Chain]) -> Option<Diagnostic> {
    let below: Vec<(String, String)> = chains
        .iter()
        .filter(|chain| chain.certificates.len() > 1)
        .filter_map(|chain| {
            Some((chain.certificates[0].subject.rfc2253(), chain.root()?.subject.rfc2253()))
        })
        .collect();
    let (first, root) = below.first()?;
    let title = format!(
        "the Secret `{reference}` of trusted authorities holds `{first}`, but lets in whatever hangs below its root `{root}`"
    );
    Some(
        Diagnostic::warning("trust-reach", title)
            .help("if other authorities below that root sign certificates for clients, let those of this host have a root of their own"),
    )
}

/// As soon as there is one list, every authority of a chain needs one.
fn lists(
    reference: &Reference,
    secret: &Secret,
    certificates: &[Certificate],
    now: Timestamp,
) -> Vec<Diagnostic> {
    let error = |problem: String| {
        let title = format!("the Secret `{reference}` of trusted authorities {problem}");
        Diagnostic::error("trust-revocation", title)
    };
    let lists = match secret.value("ca.crl") {
        None => return Vec::new(),
        Some(Err(problem)) => {
            return vec![error(format!("has a `ca.crl` that {problem}")).help(LISTS)];
        }
        Some(Ok(octets)) => match RevocationList::from_pem(&octets) {
            Ok(lists) => lists,
            Err(problem) => {
                let problem = format!(
                    "has a `ca.crl` that the controller does not take ({problem}), and the whole Secret with it"
                );
                return vec![error(problem).help(LISTS)];
            }
        },
    };
    let mut found = Vec::new();
    for authority in
        certificates.iter().filter(|one| one.may_sign_certificates() && is_valid(one, now))
    {
        let subject = authority.subject.rfc2253();
        let list = crl::believed(&lists, authority, now);
        if let Some(refusal) = list.and_then(|list| acceptance::refusal_of_list(list, authority)) {
            found.push(
                error(format!("has a revocation list of `{subject}` that {refusal}")).help(
                    "leave `ca.crl` out of that Secret, or put lists there that OpenSSL takes",
                ),
            );
            continue;
        }
        match list {
            None => found.push(
                error(format!("has no revocation list of `{subject}` in its `ca.crl`: every client below it is refused"))
                    .help("put a list of every authority up to the root there, or none at all"),
            ),
            Some(list) if list.end() <= now => found.push(
                error(format!("has a revocation list of `{subject}` that ended at {}: every client below it is refused", list.end()))
                    .help("whoever fills that Secret must bring a newer one"),
            ),
            Some(list) if list.this_update > now => found.push(
                error(format!("has a revocation list of `{subject}` that begins at {} only: every client below it is refused until then", list.this_update))
                    .help("check the clock, or wait until then"),
            ),
            Some(_) => {}
        }
    }
    found
}

const LISTS: &str =
    "put PEM blocks `X509 CRL` under `ca.crl`, one of every authority up to the root";
