//! Who is to get in, whichever controller serves it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::names::Pattern;
use super::routes::Backend;
use crate::identity::Identity;
use crate::pki::certificate::Certificate;
use crate::pki::crl::RevocationList;

/// Who is to get in at hosts.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    /// The hosts; several may have one name, and then agree about their clients.
    pub hosts: Vec<DesiredHost>,
    /// Services that are there, by namespace and name: objects have them, or the spec says that they exist; `None`: that is not
    /// looked at.
    pub services: Option<Arc<BTreeSet<(String, String)>>>,
}

/// Who is to get in at a host.
#[derive(Clone, Debug)]
pub struct DesiredHost {
    /// What the spec calls it.
    pub key: String,
    /// Its names.
    pub host: Pattern,
    /// Its clients.
    pub clients: DesiredClients,
    /// Paths that are to be answered; none: which ones are is left to others.
    pub paths: BTreeSet<String>,
    /// Backends of its routes; those of challenges that anybody may answer are left out.
    pub backends: BTreeSet<Backend>,
    /// Namespace and name of the Secret with its certificate; `None`: which one it shows is left to others.
    pub certificate: Option<(String, String)>,
    /// Annotations whose effect on it is left to others.
    pub entrusted: BTreeSet<String>,
}

/// Who the clients of a host are.
#[derive(Clone, Debug)]
pub enum DesiredClients {
    /// Anybody: no certificate is asked for.
    Open,
    /// Those whose certificates pass; hosts that ask for the same have one of these together.
    Ask(Arc<Asked>),
}

/// What is asked of clients.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who gets in beside those whose certificate is valid.
    pub presence: Presence,
    /// The authorities below which certificates are valid.
    pub below: Below,
    /// Their revocation lists; none: nothing is revoked.
    pub lists: Vec<RevocationList>,
    /// The only subjects that get in, as RFC 2253 prints them; `None`: all.
    pub only: Option<BTreeSet<String>>,
    /// How many certificates may stand between a client's and its root, as it is written; `None`: any number.
    pub depth: Option<u8>,
    /// How many may stand there at most by what the authorities say of themselves; `None`: any number.
    pub longest: Option<u8>,
    /// Whether backends hear the client's certificate.
    pub passes_certificate: bool,
    /// Clients that are to get in, with the chains that they were given.
    pub clients: Vec<(String, Vec<Certificate>)>,
}

/// Authorities below which certificates are valid.
#[derive(Clone, Debug)]
pub enum Below {
    /// These, with all that stand between them and their roots.
    These(Vec<Certificate>),
    /// Those of a Secret that others fill.
    Entrusted(Identity),
}

/// Who gets in beside those whose certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// No one.
    Required,
    /// Those without a certificate.
    Optional,
    /// Anybody: backends judge what they hear.
    Unverified,
}
