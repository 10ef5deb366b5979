//! TLS settings: what is asked of clients (`buildTLSConfig` of `pkg/tls/tlsmanager.go`).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::secrets::Authorities;
use crate::enforcement::{
    ClientValidation, Clients, Fact, Fault, Library, Missing, Pins, Refusal, Revocation,
};
use crate::identity::Identity;
use crate::pki::certificate::Certificate;

/// Name of the settings of routers that say none.
pub(super) const DEFAULT: &str = "default";

/// TLS settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Terms {
    /// These.
    Of(Clients),
    /// None that Traefik takes: routers with them are not built, and their names' handshakes fail.
    Broken(Vec<Identity>),
    /// That is not known.
    Unknown(Missing),
}

/// Go's `tls.ClientAuthType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ClientAuthType {
    NoClientCert,
    RequestClientCert,
    RequireAnyClientCert,
    VerifyClientCertIfGiven,
    RequireAndVerifyClientCert,
}

impl ClientAuthType {
    /// `auth-tls-verify-client` (`clientAuthTypeFromString` of `pkg/provider/kubernetes/ingress-nginx/build.go`).
    pub fn of_annotation(word: Option<&str>) -> Self {
        match word {
            Some("off") => Self::NoClientCert,
            Some("optional") => Self::VerifyClientCertIfGiven,
            Some("optional_no_ca") => Self::RequestClientCert,
            _ => Self::RequireAndVerifyClientCert,
        }
    }

    /// `clientAuthType` of a `TLSOption`; `None`: there is no such type.
    pub fn of_option(word: &str) -> Option<Self> {
        Some(match word {
            "NoClientCert" => Self::NoClientCert,
            "RequestClientCert" => Self::RequestClientCert,
            "RequireAnyClientCert" => Self::RequireAnyClientCert,
            "VerifyClientCertIfGiven" => Self::VerifyClientCertIfGiven,
            "RequireAndVerifyClientCert" => Self::RequireAndVerifyClientCert,
            _ => return None,
        })
    }

    /// In the name of TLS settings.
    pub fn key(self) -> &'static str {
        match self {
            Self::NoClientCert => "no-client-cert",
            Self::RequestClientCert => "request-client-cert",
            Self::RequireAnyClientCert => "require-any-client-cert",
            Self::VerifyClientCertIfGiven => "verify-client-cert-if-given",
            Self::RequireAndVerifyClientCert => "require-and-verify-client-cert",
        }
    }

    /// What is asked of clients.
    fn clients(self, certificates: Vec<Certificate>) -> Clients {
        let tolerates: BTreeSet<Fault> = match self {
            Self::NoClientCert => return Clients::NotAsked,
            Self::RequestClientCert => {
                Fault::OF_CERTIFICATES.into_iter().chain([Fault::Absent]).collect()
            }
            Self::RequireAnyClientCert => Fault::OF_CERTIFICATES.into(),
            Self::VerifyClientCertIfGiven => BTreeSet::from([Fault::Absent]),
            Self::RequireAndVerifyClientCert => BTreeSet::new(),
        };
        Clients::Asked(Arc::new(ClientValidation {
            certificates: Fact::Known(certificates),
            library: Library::Go,
            pins: Pins::default(),
            depth: None,
            revocation: Fact::Known(Revocation::None),
            tolerates,
            refusal: Refusal::Alert,
        }))
    }
}

impl Terms {
    /// Settings that ask nothing.
    pub fn open() -> Self {
        Self::Of(Clients::NotAsked)
    }

    /// Settings with the authorities of some Secrets, which are named by an object.
    pub fn with(kind: ClientAuthType, authorities: Vec<Authorities>, named_by: &Identity) -> Self {
        let mut certificates = Vec::new();
        for one in authorities {
            match one {
                Authorities::These(own) => certificates.extend(own),
                Authorities::Unreadable(secret) => {
                    return Self::Broken(vec![named_by.clone(), secret]);
                }
                Authorities::Refused => {}
                Authorities::Unknown(missing) => return Self::Unknown(missing),
            }
        }
        Self::Of(kind.clients(certificates))
    }
}
