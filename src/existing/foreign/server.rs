//! A server certificate in a Secret that is managed elsewhere.

use super::absent;
use crate::diagnostic::Diagnostic;
use crate::existing::holders::private_key;
use crate::existing::reading::{Secret, Secrets};
use crate::model::Reference;
use crate::pki::certificate::Certificate;
use crate::pki::chain::{self, Problem, Purpose};
use crate::time::{Seconds, Timestamp};

/// A certificate that expires sooner is warned about.
const SOON: Seconds = Seconds::days(14);

/// What is wrong with the server certificate of `host`.
pub(super) fn judge(
    reference: &Reference,
    host: &str,
    secrets: &Secrets,
    now: Timestamp,
) -> Vec<Diagnostic> {
    let what = format!("of the server certificate of `{host}`");
    let Some(secret) = secrets.get(reference) else {
        return vec![absent(
            &what,
            reference,
            "the controller would serve its self-signed default certificate",
        )];
    };
    let mut found: Vec<Diagnostic> = wrong_type(reference, secret).into_iter().collect();
    let certificates = match secret.value("tls.crt") {
        None => Err("is missing".to_owned()),
        Some(Err(problem)) => Err(problem.to_owned()),
        Some(Ok(octets)) => {
            Certificate::from_pem(&octets).map_err(|error| format!("cannot be read: {error}"))
        }
    };
    match certificates {
        Err(problem) => found.push(unusable(reference, "tls.crt", &problem, host)),
        Ok(certificates) => {
            let own = &certificates[0];
            let problems = chain::problems(own, now, Purpose::Server { names: &[host] });
            found.extend(problems.iter().map(|problem| certificate(reference, problem)));
            found.extend(ends_soon(reference, own, now));
            found.extend(
                private_key(reference, secret, own)
                    .err()
                    .map(|error| Diagnostic::error("secret-unusable", error.title).help(MADE_UP)),
            );
            found.extend(incomplete(reference, &certificates));
        }
    }
    found
}

const MADE_UP: &str = "with such a Secret, the controller serves its self-signed default certificate, which no client accepts";

const RENEW: &str = "mtlsgen does not manage that Secret: renew the certificate where it is issued";

fn wrong_type(reference: &Reference, secret: &Secret) -> Option<Diagnostic> {
    let type_name = &secret.type_name;
    (type_name != "kubernetes.io/tls").then(|| {
        let title = format!(
            "the Secret `{reference}` has the type `{}`, not `kubernetes.io/tls`",
            type_name.escape_debug()
        );
        Diagnostic::warning("secret-type", title)
            .help("ingress-nginx accepts it; other controllers do not")
    })
}

fn unusable(reference: &Reference, key: &str, problem: &str, host: &str) -> Diagnostic {
    let title =
        format!("`{key}` of the Secret `{reference}`, which host `{host}` serves, {problem}");
    Diagnostic::error("secret-unusable", title).help(MADE_UP)
}

fn certificate(reference: &Reference, problem: &Problem) -> Diagnostic {
    let (code, help) = match problem {
        Problem::Expired { .. } => ("expired-certificate", RENEW),
        Problem::NotYetValid { .. } => ("not-yet-valid", "check the clock, or wait until then"),
        Problem::CommonNameOnly { .. } => {
            let title = format!("the certificate in the Secret `{reference}` {problem}");
            return Diagnostic::warning("common-name-only", title).help(
                "the controller serves it, but clients check subjectAltName alone: put one with subjectAltName there",
            );
        }
        Problem::NamesMissing { .. } => ("names-missing", MADE_UP),
        Problem::NotRead { .. } => ("certificate-refused", MADE_UP),
        _ => ("wrong-usage", "put one with the extended key usage `serverAuth` there"),
    };
    let title = format!("the certificate in the Secret `{reference}` {problem}");
    Diagnostic::error(code, title).help(help)
}

fn ends_soon(reference: &Reference, own: &Certificate, now: Timestamp) -> Option<Diagnostic> {
    let not_after = own.not_after;
    (not_after >= now && not_after.before(SOON) <= now).then(|| {
        let title =
            format!("the certificate in the Secret `{reference}` expires soon, at {not_after}");
        Diagnostic::warning("ends-soon", title).help(RENEW)
    })
}

fn incomplete(reference: &Reference, certificates: &[Certificate]) -> Option<Diagnostic> {
    let [own] = certificates else { return None };
    // Its issuer may be a root, but a root that signs servers itself is rare.
    (!own.is_self_issued()).then(|| {
        let title = format!(
            "the Secret `{reference}` holds only `{}`, signed by `{}`",
            own.subject.rfc2253(),
            own.issuer.rfc2253()
        );
        Diagnostic::notice("incomplete-chain", title)
            .help("if that issuer is an intermediate, append its certificate to `tls.crt`: many clients refuse an incomplete chain")
    })
}
