//! What lies in the files of a foreign PKI, before it is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::cfssl::{Profiles, Wanted};
use crate::diagnostic::visible;
use crate::identity::Identity;
use crate::manifest::Wiped;
use crate::manifest::kinds::{Api as _, Ingress};
use crate::pki::certificate::{Certificate, Fingerprint};
use crate::pki::certification_request::CertificationRequest;
use crate::pki::crl::{RevocationList, RevocationReason};
use crate::pki::key::{PrivateKey, SpkiHash};
use crate::pki::pem;
use crate::pki::request::SerialNumber;
use crate::time::Timestamp;

/// Where something was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file as the user named it, or reached from a folder that was named.
    pub file: String,
    /// Namespace and name of the Secret that holds it.
    pub secret: Option<SecretName>,
    /// Key of the Secret's data, such as `tls.crt`.
    pub key: Option<String>,
}

/// Namespace and name of a Kubernetes Secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretName {
    /// Namespace, if the object has one.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

impl Place {
    /// A file.
    #[must_use]
    pub fn of(file: &str) -> Self {
        Self { file: file.to_owned(), ..Self::default() }
    }

    /// The folder of the file, without a slash at its end.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.file.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The file's name without its folder and without what follows its last dot.
    #[must_use]
    pub fn stem(&self) -> &str {
        let name = self.file.rsplit_once('/').map_or(&*self.file, |(_, name)| name);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.file.clone();
        if let Some(SecretName { namespace, name }) = &self.secret {
            let namespace = namespace.as_ref().map_or_else(String::new, |name| format!("{name}/"));
            text = format!("{text}, Secret {namespace}{name}");
        }
        if let Some(key) = &self.key {
            text = format!("{text}, {key}");
        }
        f.write_str(&text.chars().flat_map(visible).collect::<String>())
    }
}

/// A certificate, and everywhere it lies.
#[derive(Clone, Debug)]
pub struct FoundCertificate {
    /// The certificate.
    pub certificate: Certificate,
    /// Where, at least one place.
    pub places: BTreeSet<Place>,
}

/// A revocation list.
#[derive(Clone, Debug)]
pub struct FoundList {
    /// The list.
    pub list: RevocationList,
    /// Where.
    pub place: Place,
}

/// What the database of an authority says is revoked: the `index.txt` of `openssl ca`, or a ledger.
#[derive(Clone, Debug, Default)]
pub struct Database {
    /// Where.
    pub place: Place,
    /// Serials of what the authority signed, revoked or not.
    pub serials: BTreeSet<SerialNumber>,
    /// What is revoked.
    pub revoked: BTreeMap<SerialNumber, Revoked>,
}

/// When and why a certificate was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// When; `None`: unreadable.
    pub at: Option<Timestamp>,
    /// Why.
    pub reason: RevocationReason,
}

/// Something that is not taken over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// Where it lies.
    pub place: String,
    /// What it is.
    pub what: String,
    /// Why it stays behind, and what to do.
    pub reason: String,
    /// What was found beside it and does not work without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed_by: Option<String>,
    /// What it may be.
    #[serde(skip)]
    pub(super) lost: Lost,
    /// The Secret that holds it.
    #[serde(skip)]
    pub(super) secret: Option<SecretName>,
}

/// What something that cannot be read may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lost {
    /// Nothing that other things need.
    Nothing,
    /// A private key.
    Key,
    /// A certificate.
    Certificate,
    /// Certificates, keys, or both.
    Anything,
    /// The certificate of an authority, which is read and cannot be taken over.
    Authority(Fingerprint),
}

impl LeftOut {
    /// Something at `place`.
    pub fn new(place: &Place, what: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            place: place.to_string(),
            what: what.into(),
            reason: reason.into(),
            needed_by: None,
            lost: Lost::Nothing,
            secret: place.secret.clone(),
        }
    }

    /// The same, of which it is known what it may be.
    #[must_use]
    pub fn being(self, lost: Lost) -> Self {
        Self { lost, ..self }
    }
}

/// An object of a cluster.
#[derive(Debug)]
pub struct FoundObject {
    /// Where.
    pub place: Place,
    /// Which one.
    pub identity: Identity,
    /// The object; it is wiped in the end.
    pub object: Wiped,
}

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Certificates, each once.
    pub certificates: BTreeMap<Fingerprint, FoundCertificate>,
    /// Private keys by the hashes of their public parts, with where they lie.
    pub keys: BTreeMap<SpkiHash, (PrivateKey, Place)>,
    /// Revocation lists.
    pub lists: Vec<FoundList>,
    /// Databases.
    pub databases: Vec<Database>,
    /// Signing requests (PKCS#10) as PEM, by the hashes of their keys.
    pub requests: BTreeMap<SpkiHash, String>,
    /// Requests of cfssl, in the order of the files.
    pub wanted: Vec<(Place, Wanted)>,
    /// Profiles of cfssl, in the order of the files.
    pub profiles: Vec<(Place, Profiles)>,
    /// Ingresses, and what decides how they are served.
    pub objects: Vec<FoundObject>,
    /// What cannot be read.
    pub left_out: Vec<LeftOut>,
    /// What people should know all the same.
    pub notes: Vec<String>,
    /// How often something was recognised, repeats included.
    recognised: usize,
}

impl Found {
    /// Adds a certificate, or another place of one that is known.
    pub fn certificate(&mut self, certificate: Certificate, place: &Place) {
        self.recognised += 1;
        let known = self.certificates.entry(certificate.fingerprint());
        let found =
            known.or_insert_with(|| FoundCertificate { certificate, places: BTreeSet::new() });
        found.places.insert(place.clone());
    }

    /// Adds a key. A key is proven by a signature of its own before anything relies on it.
    pub fn key(&mut self, key: PrivateKey, place: &Place) {
        self.recognised += 1;
        match key.sign(b"mtlsgen import") {
            Ok(_) => drop(self.keys.entry(key.spki_hash()).or_insert((key, place.clone()))),
            Err(error) => {
                self.left_out.push(LeftOut::new(place, "a private key", error.to_string()));
            }
        }
    }

    /// Adds a signing request whose sender has proven to have the key; others are of no use.
    pub fn request(&mut self, der: &[u8]) -> bool {
        let Ok(request) = CertificationRequest::from_file(der) else { return false };
        self.recognised += 1;
        let text = pem::encode_public("CERTIFICATE REQUEST", der);
        self.requests.entry(request.public_key.spki_hash()).or_insert(text);
        true
    }

    /// Adds a revocation list, each once.
    pub fn list(&mut self, list: RevocationList, place: &Place) {
        self.recognised += 1;
        if !self.lists.iter().any(|known| known.list == list) {
            self.lists.push(FoundList { list, place: place.clone() });
        }
    }

    /// How much was found so far, repeats and what cannot be read included: whether a file held anything.
    #[must_use]
    pub fn count(&self) -> usize {
        let others =
            [self.databases.len(), self.wanted.len(), self.profiles.len(), self.ingresses()];
        self.recognised + self.left_out.len() + others.iter().sum::<usize>()
    }

    fn ingresses(&self) -> usize {
        self.objects.iter().filter(|one| one.identity.kind == Ingress::KIND).count()
    }

    /// Whether there is nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
            && self.wanted.is_empty()
            && self.lists.is_empty()
            && self.ingresses() == 0
    }
}
