//! The clients that hosts admit by the spec, for any controller.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::clients::Pins;
use super::names::Pattern;
use super::routes::Backend;
use crate::identity::Identity;
use crate::pki::certificate::Certificate;
use crate::pki::crl::RevocationList;

/// The clients that hosts admit by the spec.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    /// The hosts; several may have one name, and then agree about their clients.
    pub hosts: Vec<DesiredHost>,
    /// Services that are there: objects have them, or the spec says that they exist; `None`: that is not
    /// checked.
    pub services: Option<Arc<Services>>,
}

/// Services, by namespace and name.
#[derive(Debug, Default)]
pub struct Services(BTreeMap<String, BTreeSet<String>>);

impl Services {
    /// Whether one of them has that namespace and name.
    #[must_use]
    pub fn has(&self, namespace: &str, name: &str) -> bool {
        self.0.get(namespace).is_some_and(|names| names.contains(name))
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Services {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(all: I) -> Self {
        let mut services = Self::default();
        for (namespace, name) in all {
            if services.has(namespace, name) {
                continue;
            }
            match services.0.get_mut(namespace) {
                Some(names) => drop(names.insert(name.to_owned())),
                None => drop(services.0.insert(namespace.to_owned(), [name.to_owned()].into())),
            }
        }
        services
    }
}

/// The clients that a host admits by the spec.
#[derive(Clone, Debug)]
pub struct DesiredHost {
    /// What the spec calls it.
    pub key: String,
    /// Its names.
    pub host: Pattern,
    /// Its clients.
    pub clients: DesiredClients,
    /// Paths of the spec; none: existing Ingresses decide.
    pub paths: BTreeSet<String>,
    /// Backends of its routes; those of challenges, which any client may reach, are left out.
    pub backends: BTreeSet<Backend>,
    /// Namespace and name of the Secret with its certificate; `None`: which one it shows is left to others.
    pub certificate: Option<(String, String)>,
    /// Annotations whose effect on it is left to others.
    pub entrusted: BTreeSet<String>,
}

/// Who the clients of a host are.
#[derive(Clone, Debug)]
pub enum DesiredClients {
    /// Every client: no certificate is requested.
    Open,
    /// Those whose certificates pass; hosts that ask for the same have one of these together.
    Ask(Arc<Asked>),
}

/// What is asked of clients.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The clients that are admitted beside those with a valid certificate.
    pub presence: Presence,
    /// The authorities below which certificates are valid.
    pub below: Below,
    /// Their revocation lists; none: nothing is revoked.
    pub lists: Vec<RevocationList>,
    /// The only subjects that are admitted, as RFC 2253 prints them; `None`: all.
    pub only: Option<BTreeSet<String>>,
    /// Alternative names that none but these clients have, and their certificates.
    pub pins: Pins,
    /// How many certificates may lie between a client's and its root, as the spec sets it; `None`: any number.
    pub depth: Option<u8>,
    /// How many may lie there at most by the path length constraints of the authorities; `None`: any number.
    pub longest: Option<u8>,
    /// Whether backends receive the client's certificate.
    pub passes_certificate: bool,
    /// Clients that the spec admits, with the chains that they were issued.
    pub clients: Vec<(String, Vec<Certificate>)>,
    /// The other clients of the list, which a controller that pins certificates may treat differently.
    pub listed: Vec<(String, Vec<Certificate>)>,
}

/// Authorities below which certificates are valid.
#[derive(Clone, Debug)]
pub enum Below {
    /// These, with all between them and their roots.
    These(Vec<Certificate>),
    /// Those of a Secret that is managed elsewhere.
    Entrusted(Identity),
}

/// The clients that are admitted beside those with a valid certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// No one.
    Required,
    /// Those without a certificate.
    Optional,
    /// Every client: backends judge the certificates that they receive.
    Unverified,
}
