//! Secrets that the spec refers to and that are managed elsewhere: whether hosts work with their contents.

mod keys;
mod server;
mod trust;

use std::collections::BTreeSet;

pub use keys::{AUTHORITY_KEYS, is_authority};

use super::reading::Secrets;
use crate::diagnostic::{Diagnostic, Severity};
use crate::enforcement::ClientValidation;
use crate::model::{Exposure, Model, Reference, ServerCertificateSource, Touched};
use crate::specification::Verify;
use crate::specification::document::Locate;
use crate::specification::document::Step;
use crate::time::Timestamp;

/// How hosts validate the certificates of clients, and when.
pub struct Asking<'a> {
    /// How a host does, apart from the authorities; `None`: it asks for no certificate.
    pub validation: &'a dyn Fn(&Exposure) -> Option<ClientValidation>,
    /// The time.
    pub now: Timestamp,
}

/// Everything that is wrong with the Secrets that hosts use and others fill, a warning where no host is touched; and keys of
/// authorities in any Secret.
pub fn judge(
    model: &Model,
    secrets: &Secrets,
    asking: &Asking<'_>,
    locate: Locate<'_>,
    touched: &Touched,
) -> Vec<Diagnostic> {
    // Touched hosts come first: a Secret of several hosts is judged once, for the first of them.
    let (ours, others): (Vec<&Exposure>, Vec<_>) =
        model.exposures.iter().partition(|exposure| touched.has_host(&exposure.key));
    let mut judged_before = BTreeSet::new();
    let mut found = judge_hosts(&ours, secrets, asking, locate, &mut judged_before);
    let mut beside = judge_hosts(&others, secrets, asking, locate, &mut judged_before);
    for one in beside.iter_mut().filter(|one| one.severity == Severity::Error) {
        one.severity = Severity::Warning;
    }
    found.append(&mut beside);
    found.extend(keys::of_authorities(secrets));
    found
}

fn judge_hosts<'a>(
    exposures: &[&'a Exposure],
    secrets: &Secrets,
    asking: &Asking<'_>,
    locate: Locate<'_>,
    judged_before: &mut BTreeSet<(&'a Reference, Option<u8>)>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for exposure in exposures {
        if let Some(tls) = &exposure.tls
            && tls.source == ServerCertificateSource::Existing
        {
            let reference = Reference {
                namespace: exposure.namespace.to_string(),
                name: tls.secret_name.to_string(),
            };
            let judged = server::judge(&reference, exposure.host.as_str(), secrets, asking.now);
            add(judged, exposure, "tls", locate, &mut found);
        }
        let auth = exposure.client_auth.as_ref().filter(|auth| auth.existing);
        // Many hosts may trust one Secret; how deep their chains may be is each host's own.
        if let Some(auth) =
            auth.filter(|auth| judged_before.insert((&auth.secret, auth.verify_depth)))
        {
            let validation = (asking.validation)(exposure);
            let mut judged = trust::judge(auth, validation.as_ref(), secrets, asking.now);
            if auth.verify == Verify::Off {
                // No client is asked for a certificate, so the contents do not matter.
                for one in &mut judged {
                    one.severity = Severity::Warning;
                }
            }
            add(judged, exposure, "clientAuth", locate, &mut found);
        }
    }
    found
}

fn add(
    judged: Vec<Diagnostic>,
    exposure: &Exposure,
    field: &str,
    locate: Locate<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let path: [Step; 4] =
        ["hosts".into(), Step::from(&exposure.key), field.into(), "secretName".into()];
    found.extend(judged.into_iter().map(|diagnostic| diagnostic.at(locate(&path))));
}

/// A Secret is not among those that were shown.
fn absent(what: &str, reference: &Reference, then: &str) -> Diagnostic {
    Diagnostic::error(
        "secret-missing",
        format!("the Secret `{reference}` {what} is not among those that exist: {then}"),
    )
    .help("make it first; or give the Secrets of all namespaces: `kubectl get secret -A -o yaml`")
}
