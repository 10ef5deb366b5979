//! Fixed serials: one issuer gives each of them once (RFC 5280, section 4.1.2.2).

use std::collections::BTreeMap;

use super::Model;
use super::context::{Context, Findings};
use crate::diagnostic::Diagnostic;
use crate::path;
use crate::pki::request::{CertificateRequest, Holder, Issuer};
use crate::specification::document::Path;

/// Refuses two certificates of one issuer with one serial.
pub fn refuse_repeats(context: Context<'_>, model: &Model, findings: &mut Findings) {
    let mut seen: BTreeMap<(&str, &[u8]), Path> = BTreeMap::new();
    for request in model.requests() {
        let Some(serial) = &request.serial else { continue };
        let issuer = match &request.issuer {
            Issuer::Authority(name) => name.as_str(),
            // A root's own serial counts among those that it gives.
            Issuer::SelfSigned => match &request.holder {
                Holder::Authority(name) => name.as_str(),
                Holder::Host(_) | Holder::Client(_) => continue,
            },
        };
        let place = path_of(request);
        if let Some(first) = seen.get(&(issuer, serial.0.as_slice())) {
            findings.push(
                Diagnostic::error(
                    "duplicate-serial",
                    format!("authority `{issuer}` would give serial {serial} twice"),
                )
                .at(context.value(&place))
                .related(context.value(first), "the other one")
                .help("choose another serial, or remove it: random ones never meet"),
            );
            continue;
        }
        seen.insert((issuer, serial.0.as_slice()), place);
    }
}

/// Where the serial of a certificate is written.
pub fn path_of(request: &CertificateRequest) -> Path {
    match &request.holder {
        Holder::Authority(name) => path!["cas", name, "serial"],
        Holder::Host(name) => path!["hosts", name, "tls", "serial"],
        Holder::Client(name) => path!["clients", name, "serial"],
    }
}
