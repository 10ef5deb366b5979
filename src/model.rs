//! What the user meant: defaults filled in, references resolved, nothing left to interpret.

mod allow;
pub mod authorities;
mod certification_requests;
mod client_auth;
mod clients;
mod collisions;
mod constraints;
pub mod context;
mod conventions;
pub mod derivation;
mod encryption;
mod existing_ingress;
mod gateways;
mod holders;
mod hosts;
pub mod lineage;
pub mod names;
mod patches;
pub mod periods;
mod readers;
mod resolve;
mod revocation;
mod routes;
mod secrets;
mod serials;
mod services;
mod shared;
pub mod sole_names;
pub mod supplied;
#[cfg(test)]
pub(crate) mod tests;
mod texts;
mod tls;
mod touched;
mod untrusted;

pub use context::{Context, Files, Unread};
pub use conventions::Conventions;
pub use resolve::{Resolved, Unjudged, resolve};
pub use shared::namespace;
use shared::{
    ingress_class_name, key_kind, labels, leaf_duration, refuse_key_name, renew_before, serial,
    sorted, subject,
};
pub use touched::Touched;

use std::collections::{BTreeMap, BTreeSet};

use crate::controllers::{DefaultClass, Reader};
use crate::pki::certificate::Certificate;
use crate::pki::crl::{RevocationList, RevocationReason};
use crate::pki::name::DistinguishedName;
use crate::pki::request::{CertificateRequest, Holder, SerialNumber};
use crate::specification::value::{
    AnnotationKey, ContainerName, ErrorPage, HostName, LabelKey, LabelValue, NamespaceName,
    ObjectName, PortReference, Quantity, SpecName,
};
use crate::specification::{Environment, PathType, PodSecurity, Protocol, Verify};
use crate::time::Seconds;

/// Labels, sorted.
pub type Labels = BTreeMap<LabelKey, LabelValue>;
/// Annotations, sorted.
pub type Annotations = BTreeMap<AnnotationKey, String>;

/// A whole set-up, free of any ingress dialect.
#[derive(Clone, Debug)]
pub struct Model {
    /// Value of the label `mtlsgen.dev/name`.
    pub name: Option<SpecName>,
    /// Name of the target.
    pub target: String,
    /// Controllers that read the objects; none: the target's own.
    pub controllers: Vec<Reader>,
    /// The class that the API server gives to Ingresses without one, if that is known.
    pub default_class: Option<DefaultClass>,
    /// Name of the format that Secrets are handed over in.
    pub secret_format: String,
    /// Labels of every object, `mtlsgen.dev/name` included.
    pub labels: Labels,
    /// Annotations of every object.
    pub annotations: Annotations,
    /// Authorities by name.
    pub authorities: BTreeMap<String, Authority>,
    /// Services by key, existing ones included.
    pub services: BTreeMap<String, Service>,
    /// Hosts in the order of their keys.
    pub exposures: Vec<Exposure>,
    /// Clients by name.
    pub clients: BTreeMap<String, Client>,
    /// Server certificates that mtlsgen issues, by key under `hosts`.
    pub server_certificates: BTreeMap<String, CertificateRequest>,
    /// Server certificates that were supplied, leaf first, then intermediates.
    pub supplied: BTreeMap<Holder, Vec<Certificate>>,
    /// Which authority is below which.
    pub lineage: lineage::Lineage,
    /// Names of authorities that sign clients: those of the spec's clients, and those that some host lets in.
    pub client_signers: BTreeSet<String>,
    /// Secrets to render, in the order of namespace and name, each once.
    pub secrets: Vec<Secret>,
    /// Patches, in the order of application.
    pub patches: Vec<Patch>,
    /// Whether Secrets with keys may be written beside the other objects in a directory.
    pub allow_plain_in_git: bool,
    /// Whether names of Secrets end in a hash of their content.
    pub name_suffix_hash: bool,
    /// What is derived from a seed, where no store keeps anything.
    pub derivation: Option<derivation::Derivation>,
    /// What it takes from the target.
    pub conventions: &'static Conventions,
}

/// A certification authority.
#[derive(Clone, Debug)]
pub struct Authority {
    /// Name under `cas`.
    pub name: String,
    /// Where its certificate comes from.
    pub source: AuthoritySource,
    /// Whether it can sign: mtlsgen makes it, or its key was supplied.
    pub can_sign: bool,
    /// Serials that the spec calls revoked, and why.
    pub revoked: Vec<(SerialNumber, RevocationReason)>,
    /// Its revocation lists.
    pub lists: RevocationListSettings,
}

/// How the revocation lists of an authority are made.
#[derive(Clone, Debug, Default)]
pub struct RevocationListSettings {
    /// How long each lasts; `None`: as long as the authority.
    pub duration: Option<Seconds>,
    /// How long before its end a list is renewed; `None`: a third of its time, 30 days at most.
    pub renew_before: Option<Seconds>,
    /// Lists that others made, of this authority and its issuers.
    pub supplied: Vec<RevocationList>,
}

/// Where an authority's certificate comes from.
#[derive(Clone, Debug)]
pub enum AuthoritySource {
    /// mtlsgen issues it.
    Issued(Box<CertificateRequest>),
    /// A supplied one: its certificate, then its issuers as far as the file had them.
    Supplied(Vec<Certificate>),
}

/// A holder of a client certificate.
#[derive(Clone, Debug)]
pub struct Client {
    /// Name under `clients`.
    pub name: String,
    /// Its certificate; it is not issued if the client is revoked.
    pub request: CertificateRequest,
    /// Why the client is shut out, if it is.
    pub revoked: Option<RevocationReason>,
}

/// A service that hosts lead to.
#[derive(Clone, Debug)]
pub struct Service {
    /// Key under `services`.
    pub key: String,
    /// Name of the objects.
    pub name: ObjectName,
    /// Namespace of the objects.
    pub namespace: NamespaceName,
    /// Ports; none of an existing Service of which the spec has the name of the port alone.
    pub ports: Vec<ServicePort>,
    /// The Deployment to render, if any.
    pub deployment: Option<Deployment>,
    /// Whether the Service is rendered.
    pub rendered: bool,
    /// What the Service selects its Pods by.
    pub selector: Labels,
    /// Labels of the objects, the spec's included (not of the Pods).
    pub labels: Labels,
    /// Annotations of the objects, the spec's included.
    pub annotations: Annotations,
}

/// One port of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    /// Name, where it has one.
    pub name: Option<String>,
    /// Port of the Service.
    pub port: u16,
    /// Port of the container.
    pub container_port: u16,
    /// Protocol.
    pub protocol: Protocol,
}

/// A Deployment to render.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// Number of Pods.
    pub replicas: u32,
    /// Name of the container.
    pub container_name: ContainerName,
    /// Image of the container.
    pub image: String,
    /// Environment of the container.
    pub env: Option<Environment>,
    /// Resource requests.
    pub requests: BTreeMap<String, Quantity>,
    /// Resource limits.
    pub limits: BTreeMap<String, Quantity>,
    /// Pod Security Standard to meet.
    pub pod_security: Option<PodSecurity>,
}

/// Namespace and name of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// The Gateway of a host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gateway {
    /// Its name, if the spec says it.
    pub name: Option<ObjectName>,
    /// Its namespace, where it exists already and is not rendered.
    pub existing_in: Option<NamespaceName>,
    /// Whether the host itself names it, and not the spec.
    pub is_own: bool,
}

/// One host as seen from outside, free of any dialect.
#[derive(Clone, Debug)]
pub struct Exposure {
    /// Key under `hosts`.
    pub key: String,
    /// DNS name.
    pub host: HostName,
    /// Namespace of the Ingress.
    pub namespace: NamespaceName,
    /// Name of the Ingress.
    pub name: ObjectName,
    /// Ingress class.
    pub ingress_class_name: ObjectName,
    /// The Gateway that the spec names, if it does.
    pub gateway: Option<Gateway>,
    /// Paths, at least one; none where the Ingress exists already.
    pub routes: Vec<Route>,
    /// Server certificate; `None` for HTTP only.
    pub tls: Option<ServerTls>,
    /// Client authentication; never without `tls`, but for an Ingress that exists already.
    pub client_auth: Option<ClientAuthentication>,
    /// Where the Ingress exists already: which ones are meant.
    pub existing_ingress: Option<crate::specification::PatchTarget>,
    /// The entry whose wildcard host has a certificate and covers this one's name, if there is one.
    pub covered_by: Option<String>,
    /// Labels, the spec's included.
    pub labels: Labels,
    /// Annotations, the spec's included.
    pub annotations: Annotations,
    /// Names of annotations that the spec allows although the target refuses them.
    pub allowed_annotations: BTreeSet<AnnotationKey>,
}

impl Exposure {
    /// Whether clients are asked for certificates, but annotations that the spec allows by name may change who
    /// gets in: that is not known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        let is_protected = self.client_auth.as_ref().is_some_and(|auth| auth.verify != Verify::Off);
        is_protected && !self.allowed_annotations.is_empty()
    }

    /// Whether the spec allows an annotation of that name.
    #[must_use]
    pub fn allows(&self, annotation: &str) -> bool {
        self.allowed_annotations.iter().any(|allowed| allowed.as_str() == annotation)
    }
}

/// A path and the service behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Path.
    pub path: String,
    /// How it is matched.
    pub path_type: PathType,
    /// Name of the Service, in the exposure's namespace.
    pub service: ObjectName,
    /// Port of the Service.
    pub port: PortReference,
}

/// Server certificate of an exposure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerTls {
    /// Secret that the Ingress names, in the exposure's namespace.
    pub secret_name: ObjectName,
    /// Who fills that Secret.
    pub source: ServerCertificateSource,
}

/// Who fills the Secret of a server certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerCertificateSource {
    /// mtlsgen: the certificate of that holder, issued or supplied.
    Held(Holder),
    /// cert-manager, by a `ClusterIssuer` of that name.
    ClusterIssuer(ObjectName),
    /// cert-manager, by an Issuer of that name.
    Issuer(ObjectName),
    /// A Secret that exists, filled by others.
    Existing,
}

/// Client authentication of an exposure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAuthentication {
    /// Secret of the trust bundle.
    pub secret: Reference,
    /// Whether that Secret exists already, unseen by mtlsgen.
    pub existing: bool,
    /// Names of the trusted authorities; empty where the Secret exists already.
    pub authorities: Vec<String>,
    /// Whether a certificate is required.
    pub verify: Verify,
    /// How deep chains may be, as it is written; `None`: as deep as they are.
    pub verify_depth: Option<u8>,
    /// Whether the backend sees the client's certificate.
    pub pass_certificate_to_upstream: bool,
    /// Where refused clients are sent.
    pub error_page: Option<ErrorPage>,
    /// Those who may, in the order in which they are written; `None`: all that the authorities sign.
    pub allow: Option<Vec<AllowedClient>>,
}

/// A client that a host lets in by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AllowedClient {
    /// Name under `clients`.
    pub name: String,
    /// Subject of its certificate.
    pub subject: DistinguishedName,
}

/// A Secret to render.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Namespace and name.
    pub reference: Reference,
    /// What it holds.
    pub content: SecretContent,
    /// Keys under `hosts` of the exposures that use it.
    pub exposures: Vec<String>,
    /// Labels, the spec's included.
    pub labels: Labels,
    /// Annotations, the spec's included.
    pub annotations: Annotations,
}

/// What a Secret holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretContent {
    /// `tls.crt` and `tls.key` of that holder (type `kubernetes.io/tls`).
    KeyPair(Holder),
    /// `ca.crt`: the bundle of these authorities up to their roots, signing authorities first (type `Opaque`).
    TrustBundle(Vec<String>),
}

/// A change to rendered objects.
#[derive(Clone, Debug)]
pub struct Patch {
    /// Position under `patches`, from zero.
    pub index: usize,
    /// Which objects.
    pub target: Option<crate::specification::PatchTarget>,
    /// A strategic merge patch (an object) or RFC 6902 operations (an array).
    pub patch: serde_json::Value,
}
