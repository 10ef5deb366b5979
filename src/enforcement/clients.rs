//! What is asked of clients in the TLS handshake, and how their certificates are validated.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::fact::Fact;
use super::routes::Backend;
use super::validation::Fault;
use crate::identity::Identity;
use crate::pki::certificate::details::PublicKey;
use crate::pki::certificate::{Certificate, Fingerprint};
use crate::pki::crl::RevocationList;
use crate::pki::key::SpkiHash;

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
    /// What validates it.
    pub library: Library,
    /// What the client's certificate has to be beside valid.
    pub pins: Pins,
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
    /// What validates them.
    pub library: Library,
    /// Whose certificates are looked up in revocation lists, where a bundle has some, and what becomes of those without
    /// a list; `None`: lists are not read.
    pub lists: Option<(CheckedLists, UnknownStatus)>,
    /// How a client is refused.
    pub refusal: Refusal,
}

/// A library that validates certificates, as a controller uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Library {
    /// OpenSSL 3.0, as nginx uses it.
    OpenSsl,
    /// Go's `crypto/x509`, as Traefik uses it.
    Go,
    /// `BoringSSL`, as Envoy uses it.
    BoringSsl,
}

/// Which certificates of a bundle end a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anchors {
    /// Those that are self-signed.
    SelfSigned,
    /// All of them.
    Any,
}

impl Library {
    /// Which certificates of a bundle end a chain: all but for OpenSSL without `X509_V_FLAG_PARTIAL_CHAIN`.
    #[must_use]
    pub fn anchors(self) -> Anchors {
        match self {
            Self::OpenSsl => Anchors::SelfSigned,
            Self::Go | Self::BoringSsl => Anchors::Any,
        }
    }

    /// Whether a server asks clients for signatures of that kind of key: `BoringSSL` does not for all that it makes certificates of
    /// (`kVerifySignatureAlgorithms` of its `ssl/extensions.cc`).
    #[must_use]
    pub fn takes_signatures_of(self, key: &PublicKey) -> bool {
        self != Self::BoringSsl
            || match (key.algorithm.as_str(), key.size) {
                ("RSA", _) => true,
                ("ECDSA", size) => matches!(size, Some(256 | 384)),
                _ => false,
            }
    }
}

/// What a certificate has to be beside valid (`CertificateValidationContext` of Envoy's API); empty: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pins {
    /// Alternative names of which it has one; none: any will do.
    pub names: Vec<NamePin>,
    /// SHA-256 of its DER, or of its public key; none of both: any will do.
    pub hashes: BTreeSet<Fingerprint>,
    /// SHA-256 of its `SubjectPublicKeyInfo`.
    pub keys: BTreeSet<SpkiHash>,
}

/// An alternative name that a certificate may have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamePin {
    /// Kind of the name.
    pub kind: NameKind,
    /// How it is compared.
    pub comparison: Comparison,
    /// What it is compared with.
    pub text: String,
}

impl Pins {
    /// Whether any certificate will do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { names, hashes, keys } = self;
        names.is_empty() && hashes.is_empty() && keys.is_empty()
    }

    /// What is pinned here and not there, so that a certificate with it is admitted that need not be one of those: where hashes
    /// are pinned, the hashes, else the names.
    #[must_use]
    pub fn beyond(&self, others: &Self) -> Self {
        let hashes: BTreeSet<_> = self.hashes.difference(&others.hashes).copied().collect();
        let keys: BTreeSet<_> = self.keys.difference(&others.keys).copied().collect();
        let is_by_hash = !self.hashes.is_empty() || !self.keys.is_empty();
        let names = self.names.iter().filter(|one| !is_by_hash && !others.names.contains(one));
        Self { names: names.cloned().collect(), hashes, keys }
    }
}

/// Kinds of alternative names (RFC 5280, section 4.2.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    /// `dNSName`.
    Dns,
    /// `rfc822Name`.
    Email,
    /// `iPAddress`.
    Ip,
    /// `uniformResourceIdentifier`.
    Uri,
    /// `otherName`.
    Other,
}

impl fmt::Display for NamePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            NameKind::Dns => "DNS name",
            NameKind::Email => "mail address",
            NameKind::Ip => "IP address",
            NameKind::Uri => "URI",
            NameKind::Other => "name of another kind",
        };
        let how = match self.comparison {
            Comparison::Exact => "",
            Comparison::Prefix => " that begins with",
            Comparison::Suffix => " that ends with",
            Comparison::Expression => " that matches",
        };
        let article = if self.kind == NameKind::Ip { "an" } else { "a" };
        write!(f, "{article} {kind}{how} `{}`", self.text.escape_debug())
    }
}

/// How a text is compared (`StringMatcher` of Envoy's API).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Comparison {
    /// It is the same.
    Exact,
    /// It begins so.
    Prefix,
    /// It ends so.
    Suffix,
    /// A regular expression matches the whole of it.
    Expression,
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
