//! Clients: who holds a client certificate, and who signs it.

use std::collections::BTreeMap;

use super::Client;
use super::authorities::{Issuers, SELF_SIGNED};
use super::certification_requests::{self, Requested};
use super::context::{Context, Findings};
use crate::diagnostic::Diagnostic;
use crate::path;
use crate::pki::name::DistinguishedName;
use crate::pki::request::{CertificateRequest, Holder, Issuer, Usage};
use crate::specification;

/// All clients; those with errors are left out.
pub fn resolve(
    context: Context<'_>,
    issuers: Issuers<'_>,
    findings: &mut Findings,
) -> BTreeMap<String, Client> {
    let mut clients = BTreeMap::new();
    for (name, written) in &context.spec.clients {
        if let Some(request) = request(context, name, written, issuers, findings) {
            let revoked = written.revoked.and_then(|revoked| revoked.0);
            clients.insert(name.clone(), Client { name: name.clone(), request, revoked });
        }
    }
    clients
}

fn request(
    context: Context<'_>,
    name: &str,
    written: &specification::Client,
    issuers: Issuers<'_>,
    findings: &mut Findings,
) -> Option<CertificateRequest> {
    let path = path!["clients", name];
    super::refuse_key_name(context, &path, name, findings);
    let issuer = issuer(context, name, written, issuers, findings);
    let defaults = &context.spec.defaults;
    let requested = certification_requests::read(context, name, written, findings);
    let request = requested.as_ref().and_then(Option::as_ref);
    let subject = subject(context, name, written, request, findings);
    let listed = certification_requests::listed_names(written);
    let names = match request {
        Some(requested) => requested.names(listed, findings),
        None => listed,
    };
    let public_key = request.map(|requested| requested.request().public_key.clone());
    let key_kind = match &public_key {
        Some(key) => key.kind(),
        None => super::key_kind(context, &path, written.private_key.as_ref(), findings),
    };
    let duration = super::leaf_duration(context.spec, written.duration);
    let renew_before = super::renew_before(
        context,
        &path,
        written.renew_before,
        defaults.renew_before,
        duration,
        findings,
    );
    if written.namespace.is_some() && written.secret_name.is_none() {
        findings.push(
            Diagnostic::error(
                "key-without-effect",
                "`namespace` says the namespace of a client's Secret, and there is none",
            )
            .at(context.key(&path!["clients", name, "namespace"]))
            .help("add `secretName`, or remove `namespace`"),
        );
    }
    requested?;
    Some(CertificateRequest {
        holder: Holder::Client(name.to_owned()),
        issuer: Issuer::Authority(issuer?),
        usage: Usage::Client,
        subject: subject?,
        names,
        key_kind: key_kind?,
        public_key,
        duration,
        renew_before: renew_before?,
        serial: super::serial(written.serial.as_ref()),
    })
}

/// The subject of the spec, or of the request if the spec says so.
fn subject(
    context: Context<'_>,
    name: &str,
    written: &specification::Client,
    requested: Option<&Requested<'_>>,
    findings: &mut Findings,
) -> Option<DistinguishedName> {
    if let Some(asked) = requested.and_then(|requested| requested.subject(findings)) {
        return Some(asked.clone());
    }
    let path = path!["clients", name];
    let shared = context.spec.defaults.subject.as_ref();
    let own = written.subject.as_ref();
    let subject = super::subject(context, &path, own, name, shared, findings)?;
    if let Some(requested) = requested {
        requested.report_other_subject(&subject, findings);
    }
    Some(subject)
}

fn issuer(
    context: Context<'_>,
    name: &str,
    written: &specification::Client,
    issuers: Issuers<'_>,
    findings: &mut Findings,
) -> Option<String> {
    let path = path!["clients", name, "issuer"];
    let cas = &context.spec.cas;
    let Some(issuer) = &written.issuer else {
        if !context.has(&path) {
            findings.push(
                Diagnostic::error("missing-key", "this client has no `issuer`")
                    .at(context.key(&path!["clients", name]))
                    .help("write the name of the authority that signs it: `issuer = \"...\"`"),
            );
        }
        return None;
    };
    if issuer == SELF_SIGNED {
        findings.push(
            Diagnostic::error(
                "unknown-reference",
                "a client certificate cannot be self-signed: no host could trust its authority",
            )
            .at(context.value(&path))
            .help("declare an authority under `cas` and name it here"),
        );
        return None;
    }
    if !cas.contains_key(issuer.as_str()) {
        let known = cas.keys().map(specification::value::ObjectName::as_str);
        findings.unknown(context, &path, ("authority", "cas"), issuer, known);
        return None;
    }
    issuers.refuse_without_key(context, &path, issuer, findings);
    Some(issuer.clone())
}
