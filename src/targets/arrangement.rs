//! How a target arranges what a model asks for: what its objects say, and how it validates clients for that.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::access::doors::{Door, Doors};
use crate::diagnostic::Diagnostic;
use crate::enforcement::{
    CheckedLists, ClientValidation, Fact, Fault, Missing, NamePin, Pins, Revocation, Verifier,
};
use crate::identity::Identity;
use crate::model::{Model, Reference};
use crate::pki::certificate::Certificate;
use crate::pki::crl::RevocationList;
use crate::pki::request::Holder;
use crate::specification::Verify;
use crate::specification::value::ErrorPage;
use crate::store::Material;

/// What a target makes of a model, host by host.
#[derive(Debug)]
pub struct Arrangement<'m> {
    /// How the hosts that name authorities authenticate clients, by key; only asked, never iterated over.
    hosts: HashMap<&'m str, HostArrangement<'m>>,
    /// What is the same for all of them.
    pub verifier: Verifier,
    /// What deserves a word.
    pub warnings: Vec<Diagnostic>,
}

/// How a host authenticates clients, in the terms of the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostArrangement<'m> {
    /// The Secret of the trust bundle.
    pub secret: &'m Reference,
    /// Names of the trusted authorities; `None`: the Secret exists already, unseen.
    pub authorities: Option<&'m [String]>,
    /// Whether a certificate is required.
    pub verify: Verify,
    /// How many certificates may lie between a client's and the root; `None`: any number.
    pub depth: Option<u8>,
    /// Whether the client's certificate alone is looked up in revocation lists, where there are some.
    pub looks_up_leaf_alone: bool,
    /// The only subjects that are admitted, as the target compares them, sorted; `None`: all.
    pub subjects: Option<Vec<String>>,
    /// What the certificates of the only clients that are admitted have, where the target compares no subjects.
    pub pinned: Pinned<'m>,
    /// Whether the backend sees the client's certificate.
    pub pass_certificate_to_upstream: bool,
    /// Where refused clients are sent.
    pub error_page: Option<&'m ErrorPage>,
}

/// How a target recognizes the clients of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pinned<'m> {
    /// There is no list, or one of subjects.
    #[default]
    None,
    /// By alternative names.
    Names(Vec<NamePin>),
    /// By the hashes of the certificates of these clients.
    Certificates(Vec<&'m str>),
}

impl Pinned<'_> {
    /// The names and hashes; `material` has the certificates.
    #[must_use]
    pub fn pins(&self, material: &dyn Material) -> Pins {
        match self {
            Self::None => Pins::default(),
            Self::Names(names) => Pins { names: names.clone(), ..Pins::default() },
            Self::Certificates(clients) => {
                let all = clients.iter().map(|name| Holder::Client((*name).to_owned()));
                let all = all.flat_map(|holder| material.certificates(&holder));
                let hashes = all.map(|certificate| certificate.fingerprint()).collect();
                Pins { hashes, ..Pins::default() }
            }
        }
    }
}

impl<'m> Arrangement<'m> {
    /// An arrangement of these hosts, by key.
    #[must_use]
    pub fn new(
        verifier: Verifier,
        hosts: impl IntoIterator<Item = (&'m str, HostArrangement<'m>)>,
    ) -> Self {
        Self { hosts: hosts.into_iter().collect(), verifier, warnings: Vec::new() }
    }

    /// The same, with what deserves a word.
    #[must_use]
    pub fn with_warnings(self, warnings: Vec<Diagnostic>) -> Self {
        Self { warnings, ..self }
    }

    /// How that host authenticates clients, by its key; `None`: it names no authority.
    #[must_use]
    pub fn host(&self, key: &str) -> Option<&HostArrangement<'m>> {
        self.hosts.get(key)
    }

    /// How that host validates the certificates of clients, by its key; `None`: it asks for none. `material` has the
    /// certificates of its authorities.
    #[must_use]
    pub fn validation(&self, key: &str, material: &dyn Material) -> Option<ClientValidation> {
        let host = self.host(key).filter(|host| host.verify != Verify::Off)?;
        let (certificates, revocation) = self.trust(host, material);
        let pins = host.pinned.pins(material);
        Some(ClientValidation { pins, ..self.validation_with(host, certificates, revocation) })
    }

    fn validation_with(
        &self,
        host: &HostArrangement<'_>,
        certificates: Fact<Vec<Certificate>>,
        revocation: Fact<Revocation>,
    ) -> ClientValidation {
        let tolerated: &[Fault] = match host.verify {
            Verify::On | Verify::Off => &[],
            Verify::Optional => &[Fault::Absent],
            Verify::OptionalNoCa => &[Fault::Absent, Fault::Untrusted],
        };
        ClientValidation {
            certificates,
            library: self.verifier.library,
            pins: Pins::default(),
            depth: host.depth,
            revocation,
            tolerates: tolerated.iter().copied().collect(),
            refusal: self.verifier.refusal,
        }
    }

    /// The bundle of a host and the lists beside it.
    fn trust(
        &self,
        host: &HostArrangement<'_>,
        material: &dyn Material,
    ) -> (Fact<Vec<Certificate>>, Fact<Revocation>) {
        let secret = || {
            let Reference { namespace, name } = host.secret;
            Identity {
                api_version: "v1".to_owned(),
                kind: "Secret".to_owned(),
                namespace: Some(namespace.clone()),
                name: name.clone(),
            }
        };
        let Some(authorities) = host.authorities else {
            let missing = Missing::Hidden(secret());
            return (Fact::Unknown(missing.clone()), Fact::Unknown(missing));
        };
        let bundle = material.trust_bundle(authorities);
        let bundle = bundle.and_then(|pem| Certificate::from_pem(pem.as_bytes()).ok());
        let certificates =
            bundle.map_or_else(|| Fact::Unknown(Missing::NotShown(secret())), Fact::Known);
        let lists = self.verifier.lists.map(|(depth, unknown)| {
            (if host.looks_up_leaf_alone { CheckedLists::EndEntity } else { depth }, unknown)
        });
        let Some((depth, unknown)) = lists else {
            return (certificates, Fact::Known(Revocation::None));
        };
        let lists = match material.revocation_lists(authorities) {
            Ok(None) => Some(Revocation::None),
            Ok(Some(pem)) => RevocationList::from_pem(pem.as_bytes())
                .ok()
                .map(|all| Revocation::Lists { all, depth, unknown }),
            Err(_) => None,
        };
        let revocation =
            lists.map_or_else(|| Fact::Unknown(Missing::NotShown(secret())), Fact::Known);
        (certificates, revocation)
    }

    /// The hosts of the model that ask for certificates, in its order, with how they validate them.
    #[must_use]
    pub fn doors<'a>(&'a self, model: &'a Model, material: &dyn Material) -> Doors<'a> {
        // Thousands of hosts have few bundles.
        let mut known: BTreeMap<Alike<'a>, usize> = BTreeMap::new();
        let mut doors = Doors::default();
        for exposure in &model.exposures {
            let arranged = self.host(&exposure.key).filter(|host| host.verify != Verify::Off);
            let Some(host) = arranged else { continue };
            let alike = (host.authorities.ok_or(host.secret), host.verify, host.depth);
            let validation = *known.entry(alike).or_insert_with(|| {
                let (certificates, revocation) = self.trust(host, material);
                doors.add_validation(self.validation_with(host, certificates, revocation))
            });
            let pins = host.pinned.pins(material);
            let pins = (host.pinned != Pinned::None).then(|| Arc::new(pins));
            doors.add(Door { exposure, validation, subjects: host.subjects.as_deref(), pins });
        }
        doors
    }
}

/// What hosts have in common that validate certificates in one way.
type Alike<'a> = (Result<&'a [String], &'a Reference>, Verify, Option<u8>);
