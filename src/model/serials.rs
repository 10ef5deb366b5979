//! Fixed serials: one issuer gives each of them once (RFC 5280, section 4.1.2.2).

use std::collections::BTreeMap;

use super::context::{Context, Findings};
use super::{AuthoritySource, Model, SecretContent};
use crate::diagnostic::Diagnostic;
use crate::path;
use crate::pki::request::{CertificateRequest, Holder, Issuer};
use crate::spec::document::Path;

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

fn path_of(request: &CertificateRequest) -> Path {
    match &request.holder {
        Holder::Authority(name) => path!["cas", name, "serial"],
        Holder::Host(name) => path!["hosts", name, "tls", "serial"],
        Holder::Client(name) => path!["clients", name, "serial"],
    }
}

impl Model {
    /// What the spec says of the certificate of `holder`, if mtlsgen issues it.
    #[must_use]
    pub fn request(&self, holder: &Holder) -> Option<&CertificateRequest> {
        match holder {
            Holder::Authority(name) => match &self.authorities.get(name)?.source {
                AuthoritySource::Issued(request) => Some(request.as_ref()),
                AuthoritySource::Brought(_) => None,
            },
            Holder::Host(name) => self.server_certificates.get(name),
            Holder::Client(name) => self.clients.get(name).map(|client| &client.request),
        }
    }

    /// The holders whose certificates and keys Secrets hold, each once.
    pub fn key_pairs(&self) -> impl Iterator<Item = &Holder> {
        let holders: std::collections::BTreeSet<&Holder> = self
            .secrets
            .iter()
            .filter_map(|secret| match &secret.content {
                SecretContent::KeyPair(holder) => Some(holder),
                SecretContent::TrustBundle(_) => None,
            })
            .collect();
        holders.into_iter()
    }

    /// Every certificate that mtlsgen issues, issuers before what they sign: authorities from the
    /// roots down, then hosts, then clients.
    pub fn requests(&self) -> impl Iterator<Item = &CertificateRequest> {
        let mut authorities: Vec<_> = self
            .authorities
            .values()
            .filter_map(|authority| match &authority.source {
                AuthoritySource::Issued(request) => {
                    Some((self.lineage.line(&authority.name).len(), request.as_ref()))
                }
                AuthoritySource::Brought(_) => None,
            })
            .collect();
        authorities.sort_by_key(|(depth, request)| (*depth, request.holder.clone()));
        authorities
            .into_iter()
            .map(|(_, request)| request)
            .chain(self.server_certificates.values())
            .chain(self.clients.values().map(|client| &client.request))
    }
}
