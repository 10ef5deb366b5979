//! What a command works with: nothing else of the spec stops it.

use std::collections::BTreeSet;

use super::{Model, Secret, SecretContent, ServerCertificateSource};
use crate::diagnostic::Entry;
use crate::pki::request::{Holder, Issuer};

/// Entries of the spec that a command works with. What is over, or not valid yet, elsewhere is a warning to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    everything: bool,
    authorities: BTreeSet<String>,
    hosts: BTreeSet<String>,
}

impl Touched {
    /// All entries, as for a render of the whole.
    #[must_use]
    pub fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    /// None, as for commands that look and issue nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Hosts, by their keys, and all that their manifests hold: certificates with their issuers, and trust bundles
    /// with the lists beside them.
    #[must_use]
    pub fn hosts(model: &Model, keys: &BTreeSet<&str>) -> Self {
        let mut touched = Self::default();
        for exposure in model.exposures.iter().filter(|one| keys.contains(one.key.as_str())) {
            touched.hosts.insert(exposure.key.clone());
            if let Some(ServerCertificateSource::Held(holder)) =
                exposure.tls.as_ref().map(|tls| &tls.source)
            {
                touched.add_holder(model, holder);
            }
            let auth = exposure.client_auth.as_ref();
            let listed = auth.map_or(&[][..], |auth| &auth.authorities);
            touched.authorities.extend(model.related(listed).into_iter().map(str::to_owned));
        }
        touched
    }

    /// Holders and their issuers.
    #[must_use]
    pub fn holders<'a>(model: &Model, holders: impl IntoIterator<Item = &'a Holder>) -> Self {
        let mut touched = Self::default();
        holders.into_iter().for_each(|holder| touched.add_holder(model, holder));
        touched
    }

    fn add_holder(&mut self, model: &Model, holder: &Holder) {
        match holder {
            Holder::Authority(name) => self.add_line(model, name),
            Holder::Host(key) => drop(self.hosts.insert(key.clone())),
            Holder::Client(_) => {}
        }
        if let Some(Issuer::Authority(issuer)) = model.request(holder).map(|one| &one.issuer) {
            self.add_line(model, issuer);
        }
    }

    /// An authority and those above it.
    fn add_line(&mut self, model: &Model, name: &str) {
        let above = model.authorities.keys().filter(|one| model.lineage.is_at_or_below(name, one));
        self.authorities.extend(above.cloned());
    }

    /// Whether it is one of them.
    #[must_use]
    pub fn has(&self, entry: &Entry) -> bool {
        match entry {
            Entry::Authority(name) => self.everything || self.authorities.contains(name),
            Entry::Host(key) => self.has_host(key),
        }
    }

    /// Whether that holder is one of them; clients are where everything is.
    #[must_use]
    pub fn has_holder(&self, holder: &Holder) -> bool {
        match holder {
            Holder::Authority(name) => self.everything || self.authorities.contains(name),
            Holder::Host(key) => self.has_host(key),
            Holder::Client(_) => self.everything,
        }
    }

    /// Whether one of them has the trust bundle of these authorities.
    #[must_use]
    pub fn has_bundle(&self, model: &Model, authorities: &[String]) -> bool {
        let has_it = |secret: &&Secret| matches!(&secret.content, SecretContent::TrustBundle(of) if of == authorities);
        let mut hosts = model.secrets.iter().filter(has_it).flat_map(|secret| &secret.exposures);
        self.everything || hosts.any(|key| self.has_host(key))
    }

    /// Whether that host is one of them, by its key.
    #[must_use]
    pub fn has_host(&self, key: &str) -> bool {
        self.everything || self.hosts.contains(key)
    }
}

impl Model {
    /// The authorities whose certificates and lists are in a bundle together: those that are listed, those above,
    /// and those below them.
    #[must_use]
    pub fn related<'a>(&'a self, listed: &[String]) -> BTreeSet<&'a str> {
        let lineage = &self.lineage;
        let is_related = |name: &&str| {
            listed.iter().any(|listed| {
                lineage.is_at_or_below(name, listed) || lineage.is_at_or_below(listed, name)
            })
        };
        self.authorities.keys().map(String::as_str).filter(is_related).collect()
    }
}
