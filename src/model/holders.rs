//! Who holds certificates in a model: one by one, and all of them in the order of issuing.

use super::{AuthoritySource, Model, SecretContent};
use crate::pki::request::{CertificateRequest, Holder};

impl Model {
    /// What the spec says of the certificate of `holder`, if mtlsgen issues it.
    #[must_use]
    pub fn request(&self, holder: &Holder) -> Option<&CertificateRequest> {
        match holder {
            Holder::Authority(name) => match &self.authorities.get(name)?.source {
                AuthoritySource::Issued(request) => Some(request.as_ref()),
                AuthoritySource::Supplied(_) => None,
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
    /// roots down, then hosts, then clients; revoked ones get none.
    pub fn requests(&self) -> impl Iterator<Item = &CertificateRequest> {
        let mut authorities: Vec<_> = self
            .authorities
            .values()
            .filter_map(|authority| match &authority.source {
                AuthoritySource::Issued(request) => {
                    Some((self.lineage.line(&authority.name).len(), request.as_ref()))
                }
                AuthoritySource::Supplied(_) => None,
            })
            .collect();
        authorities.sort_by_key(|(depth, request)| (*depth, request.holder.clone()));
        authorities
            .into_iter()
            .map(|(_, request)| request)
            .chain(self.server_certificates.values())
            .chain(self.clients.values().filter(|c| c.revoked.is_none()).map(|c| &c.request))
    }
}
