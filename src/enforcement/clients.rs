//! What is asked of clients in the TLS handshake, and how their certificates are validated.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fact::Fact;
use super::routes::Backend;
use super::validation::Fault;
use crate::identity::Identity;
use crate::pki::certificate::Certificate;
use crate::pki::crl::RevocationList;

/// What is asked of clients in the TLS handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clients {
    /// Nothing.
    NotAsked,
    /// A certificate, which is validated so.
    Asked(Arc<ClientValidation>),
    /// TLS passes through: the backend decides.
    Passthrough(Fact<Backend>),
    /// Nothing answers.
    NotListening,
    /// Every handshake fails, because of these objects.
    Closed(Vec<Identity>),
}

/// How a client's certificate is validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientValidation {
    /// The certificates that it is validated with.
    pub certificates: Fact<Vec<Certificate>>,
    /// Which of them end a chain.
    pub anchors: Anchors,
    /// How many certificates may lie between the client's and the anchor; `None`: any number.
    pub depth: Option<u8>,
    /// How revocation is checked.
    pub revocation: Fact<Revocation>,
    /// Faults for which no client is refused.
    pub tolerates: BTreeSet<Fault>,
    /// How a client is refused.
    pub refusal: Refusal,
}

/// How a program that terminates TLS validates certificates, for any bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verifier {
    /// Which certificates of a bundle end a chain.
    pub anchors: Anchors,
    /// Whose certificates are looked up in revocation lists, where a bundle has some, and what becomes of those without
    /// a list; `None`: lists are not read.
    pub lists: Option<(CheckedLists, UnknownStatus)>,
    /// How a client is refused.
    pub refusal: Refusal,
}

/// Which certificates of a bundle end a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anchors {
    /// Those that are self-signed (OpenSSL, without `X509_V_FLAG_PARTIAL_CHAIN`).
    SelfSigned,
    /// All of them (Go's `crypto/x509`; `BoringSSL` as Envoy sets it up).
    Any,
}

/// How revocation is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Not at all.
    None,
    /// By these lists.
    Lists {
        /// The lists.
        all: Vec<RevocationList>,
        /// Whose certificates are looked up.
        depth: CheckedLists,
        /// What becomes of a certificate whose issuer has no list that counts.
        unknown: UnknownStatus,
    },
}

/// Which certificates of a chain are looked up in revocation lists (the words of `webpki`'s `RevocationCheckDepth`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckedLists {
    /// The client's own.
    EndEntity,
    /// All of the chain.
    Chain,
}

/// What becomes of a certificate whose issuer has no list that counts (`webpki`'s `UnknownStatusPolicy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownStatus {
    /// It is refused.
    Deny,
    /// It passes.
    Allow,
}

/// How a client is refused whose certificate is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The handshake fails.
    Alert,
    /// The handshake succeeds; the checks of the virtual host answer.
    Later,
}
