//! What Traefik takes out of Secrets to verify clients with.

use crate::enforcement::Missing;
use crate::identity::Identity;
use crate::manifest::kinds::{Datum, NotBase64, Secret};
use crate::manifest::{ObjectSet, Shown};
use crate::pki::acceptance;
use crate::pki::certificate::Certificate;
use crate::pki::pem;

/// What a Secret gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Authorities {
    /// Nothing: it is not there, or not of the right form.
    Refused,
    /// These certificates.
    These(Vec<Certificate>),
    /// A text without a certificate that Go reads, of this Secret.
    Unreadable(Identity),
    /// That is not known.
    Unknown(Missing),
}

/// Which key of a Secret has the authorities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Of the provider of Ingresses: `ca.crt`, beside a key pair that is not empty (`certificateBlocks` of
    /// `pkg/provider/kubernetes/ingress-nginx/build.go`).
    Ingress,
    /// The same, and `ca.crt` may be missing.
    Backend,
    /// Of a `TLSOption`: `tls.ca`, else `ca.crt` (`getCABlocks` of `pkg/provider/kubernetes/crd/kubernetes.go`).
    TlsOption,
}

/// What the Secret of that namespace and name gives.
pub(super) fn authorities(
    objects: &ObjectSet<'_>,
    namespace: &str,
    name: &str,
    form: Form,
) -> Authorities {
    let identity = Identity {
        api_version: "v1".to_owned(),
        kind: "Secret".to_owned(),
        namespace: Some(namespace.to_owned()),
        name: name.to_owned(),
    };
    let secret = match objects.read::<Secret>(namespace, name) {
        Shown::Found(Ok(seen)) => seen.object,
        Shown::Found(Err(_)) | Shown::Hidden => {
            return Authorities::Unknown(Missing::Hidden(identity));
        }
        Shown::NotShown(_) => return Authorities::Unknown(Missing::NotShown(identity)),
        Shown::Absent => return Authorities::Refused,
    };
    let keys: &[&str] = match form {
        Form::Ingress | Form::Backend => &["ca.crt"],
        Form::TlsOption => &["tls.ca", "ca.crt"],
    };
    let is_there = |key: &str| !is_missing(&secret, key);
    let key = keys.iter().copied().find(|key| is_there(key));
    if form != Form::TlsOption && is_there("tls.crt") && is_there("tls.key") {
        let is_empty = |key: &str| is_empty(&secret, key);
        if is_empty("tls.crt") || is_empty("tls.key") {
            return Authorities::Refused;
        }
    }
    let Some(key) = key else {
        return match form {
            Form::Backend if is_there("tls.crt") || is_there("tls.key") => {
                Authorities::These(Vec::new())
            }
            _ => Authorities::Refused,
        };
    };
    match secret.value(key) {
        Ok(Some(pem)) if pem.is_empty() && form != Form::TlsOption => Authorities::Refused,
        Ok(Some(pem)) => certificates(&pem, identity, key),
        Ok(None) => Authorities::Refused,
        Err(NotBase64) => Authorities::Unknown(Missing::Hidden(identity)),
    }
}

fn is_missing(secret: &Secret, key: &str) -> bool {
    secret.data.get(key).is_none() && secret.string_data.get(key).is_none()
}

fn is_empty(secret: &Secret, key: &str) -> bool {
    match (secret.string_data.get(key), secret.data.get(key)) {
        (Some(text), _) => text.is_empty(),
        (None, Some(Datum::Key(_)) | None) => false,
        (None, Some(datum)) => datum.octets().is_some_and(|octets| octets.is_empty()),
    }
}

/// The certificates of a text that Go reads; it passes over others (`AppendCertsFromPEM` of `crypto/x509`).
fn certificates(text: &[u8], secret: Identity, key: &str) -> Authorities {
    let mut certificates = Vec::new();
    for block in pem::blocks(text) {
        // Where a block has no end, Go may begin the next one elsewhere.
        let Ok(block) = block else {
            return Authorities::Unknown(Missing::Effect(secret, key.to_owned()));
        };
        if block.label != "CERTIFICATE" {
            continue;
        }
        let read = block.decode().ok().and_then(|der| Certificate::from_der(&der).ok());
        certificates.extend(read.filter(|one| acceptance::unreadable(one).is_none()));
    }
    if certificates.is_empty() {
        Authorities::Unreadable(secret)
    } else {
        Authorities::These(certificates)
    }
}
