//! What the user wrote: the serde types of the spec, before any reference is resolved.
//!
//! Everything here is optional or empty by default: whether something is missing is decided in
//! [`crate::model`], where it can be said together with everything else that is wrong. Values that
//! can be judged alone (names, ports, durations) have a type in [`value`], which refuses them while
//! they are read, so that the message points at the very value.
//!
//! The doc comments of the fields are user documentation: they become `schema/mtls.schema.json`.

pub mod document;
mod encryption;
pub mod plugin;
mod schema;
pub mod selector;
pub mod subject;
pub mod value;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub use encryption::{AgeEncryption, Encryption};
pub use schema::json_schema;
use subject::{SharedSubject, Subject};
use value::{
    AnnotationKey, ContainerName, Crl, DefaultIngressClass, DnsName, Duration, EmailAddress,
    ErrorPage, ExtendedKeyName, FalseOr, FilePath, Generation, HostName, ImageName, IpAddress,
    LabelKey, LabelValue, Later, NamespaceName, NamespacedName, ObjectName, Port, PortName,
    PublicKeySize, RenewBefore, Revoked, RevokedSerial, Serial, SpecName, Uri,
};

/// The target of specs that name none.
pub const DEFAULT_TARGET: &str = "ingress-nginx";
/// The Secret format of specs that name none.
pub const DEFAULT_SECRET_FORMAT: &str = "plain";

/// One spec: hosts, the clients that may call them, and the authorities that sign both.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(title = "mtlsgen spec")]
pub struct Spec {
    /// Address of the JSON Schema, for editors; mtlsgen does not read it.
    #[serde(rename = "$schema")]
    pub schema: Option<String>,
    /// Files that this one is merged over, in their order: what they have in common with other environments. Relative
    /// paths start from the folder of this file; included files may include others. A file that is included more than
    /// once counts once, at its first place. With this key, an empty list too, editors know that the rest is in other files.
    pub include: Vec<FilePath>,
    /// Name of this set of objects, and of the environment that the store belongs to; becomes the label `mtlsgen.dev/name` on each of them, for
    /// `kubectl apply --prune -l mtlsgen.dev/name=NAME`.
    pub name: Option<SpecName>,
    /// Namespace of every object without one of its own. Defaults to `default`.
    #[schemars(extend("default" = "default"))]
    pub namespace: Option<NamespaceName>,
    /// The ingress or gateway dialect to write. Defaults to `ingress-nginx`.
    #[schemars(extend("default" = DEFAULT_TARGET))]
    pub target: Option<String>,
    /// The controllers that read the objects, such as `[{ name = "ingress-nginx", version = "1.15.1" }]`: a client that any of them
    /// would admit against the spec is an error. Defaults to the target's own controller in its last version.
    pub controllers: Vec<Controller>,
    /// Ingress class of every host without one of its own. Defaults to `nginx`.
    #[schemars(extend("default" = "nginx"))]
    pub ingress_class_name: Option<ObjectName>,
    /// Gateway of every host without one of its own, for targets that write Gateways. Defaults to one that mtlsgen makes in each
    /// namespace with hosts.
    pub gateway: Option<Gateway>,
    /// The cluster's default `IngressClass`, which Kubernetes gives to Ingresses that are created without a class; `false`: there is
    /// none. Defaults to the one among the objects that is marked so; without one, it is not known.
    pub default_ingress_class: Option<DefaultIngressClass>,
    /// Labels that every object carries.
    pub labels: BTreeMap<LabelKey, LabelValue>,
    /// Annotations that every object carries.
    pub annotations: BTreeMap<AnnotationKey, String>,
    /// Defaults of hosts, clients and authorities.
    pub defaults: Defaults,
    /// Where certificates and keys are kept.
    pub store: Store,
    /// How Secrets are handed over.
    pub secrets: Secrets,
    /// Folder whose `*.yaml.j2` files replace built-in templates of the same name, or add to them.
    pub templates: Option<FilePath>,
    /// Changes to rendered objects, in the form of Kustomize's `patches`.
    pub patches: Vec<Patch>,
    /// Certification authorities.
    pub cas: BTreeMap<ObjectName, Ca>,
    /// Services that hosts lead to.
    pub services: BTreeMap<ObjectName, Service>,
    /// Hosts, each seen from outside under one name.
    pub hosts: BTreeMap<String, Host>,
    /// Holders of client certificates.
    pub clients: BTreeMap<String, Client>,
    /// Not supported yet.
    #[schemars(skip)]
    pub network_policy: Option<Later>,
    /// Not supported yet.
    #[schemars(skip)]
    pub rbac: Option<Later>,
    /// Not supported yet.
    #[schemars(skip)]
    pub monitoring: Option<Later>,
    /// Not supported yet.
    #[schemars(skip)]
    pub logging: Option<Later>,
    /// Not supported yet.
    #[schemars(skip)]
    pub external_dns: Option<Later>,
}

/// The Gateway that hosts are served by.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Gateway {
    /// Its name. Defaults to `gateway`.
    #[schemars(extend("default" = "gateway"))]
    pub name: Option<ObjectName>,
    /// Its namespace, if it exists already; mtlsgen makes one in each namespace with hosts. Defaults to the host's.
    pub namespace: Option<NamespaceName>,
    /// Whether it exists already: it is not rendered, and hosts attach their listeners to it by `ListenerSet`s of their own
    /// namespaces. Its `allowedListeners` has to let these in.
    pub existing: bool,
}

/// A controller that reads the objects.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(extend("required" = ["name"]))]
pub struct Controller {
    /// Its name, such as `ingress-nginx`.
    pub name: Option<String>,
    /// Its version. Defaults to the last one that the model knows.
    pub version: Option<String>,
    /// The controller's name in an `IngressClass` (`spec.controller`): the `--controller-class` of ingress-nginx, the
    /// `controllerClass` of Traefik's provider `kubernetesIngressNGINX`. Defaults to that of an object that
    /// runs it, else `k8s.io/ingress-nginx`; other `IngressClass`es are other controllers'.
    pub controller_class: Option<String>,
    /// The class that the controller compares the annotation `kubernetes.io/ingress.class` with: `--ingress-class`,
    /// `ingressClass`. Defaults to that of an object that runs it, else `nginx`.
    pub ingress_class: Option<String>,
    /// Whether Ingresses without a class are the controller's own: `--watch-ingress-without-class`, `watchIngressWithoutClass`.
    /// Defaults to that of an object that runs it, else `false`. A default `IngressClass` is declared with `defaultIngressClass`.
    pub watch_ingress_without_class: Option<bool>,
    /// Whether the `IngressClass` with the name `ingressClass` is the controller's own, for any `spec.controller`:
    /// `--ingress-class-by-name`, `ingressClassByName`. Defaults to that of an object that runs it, else `false`.
    pub ingress_class_by_name: Option<bool>,
    /// Traefik's `core.strictTLSOptions`. Defaults to `false`.
    pub strict_tls_options: Option<bool>,
    /// The controller's name in a `GatewayClass` (`spec.controllerName`): `gateway.controllerName` of Envoy Gateway's configuration.
    /// Defaults to `gateway.envoyproxy.io/gatewayclass-controller`; other `GatewayClass`es are other controllers'.
    pub controller_name: Option<String>,
    /// Whether Envoy Gateway reads `EnvoyPatchPolicy`: `extensionApis.enableEnvoyPatchPolicy`. Unless it is `false`, it is not known what
    /// a Gateway with such a policy serves.
    pub enable_envoy_patch_policy: Option<bool>,
}

/// Defaults of hosts, clients and authorities.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Defaults {
    /// Kind of key for every new certificate. Defaults to ECDSA 256.
    pub private_key: PrivateKeyKind,
    /// Parts of the subject that every certificate shares.
    pub subject: Option<SharedSubject>,
    /// Validity of leaf certificates. Defaults to `365d`.
    #[schemars(extend("default" = "365d"))]
    pub duration: Option<Duration>,
    /// How long before its end a leaf certificate is renewed. Defaults to `30d`.
    #[schemars(extend("default" = "30d"))]
    pub renew_before: Option<RenewBefore>,
    /// Defaults of every host.
    pub hosts: HostDefaults,
}

/// Defaults of every host.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HostDefaults {
    /// Server certificate; a host's own `tls` is laid over it key by key.
    pub tls: Option<FalseOr<Tls>>,
    /// Client authentication; a host's own `clientAuth` is laid over it key by key.
    pub client_auth: Option<FalseOr<ClientAuth>>,
    /// Ingress class.
    pub ingress_class_name: Option<ObjectName>,
}

/// Kind of a private key, in cert-manager's words.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PrivateKeyKind {
    /// Key algorithm.
    pub algorithm: Option<KeyAlgorithm>,
    /// RSA: 2048, 3072 or 4096 (default 2048); ECDSA: 256 or 384 (default 256); not for Ed25519.
    pub size: Option<PublicKeySize>,
}

/// Algorithm of a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum KeyAlgorithm {
    /// Elliptic curves P-256 and P-384.
    #[serde(rename = "ECDSA")]
    Ecdsa,
    /// RSA with 2048, 3072 or 4096 bits.
    #[serde(rename = "RSA")]
    Rsa,
    /// Edwards curve 25519; not every client and controller accepts it.
    Ed25519,
}

/// Where certificates and keys are kept.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Store {
    /// Folder of the store, relative to the file that sets it. Defaults to `pki` beside the spec.
    #[schemars(extend("default" = "pki"))]
    pub path: Option<FilePath>,
    /// Kind of store. Defaults to `directory`.
    #[schemars(extend("default" = "directory"))]
    pub kind: Option<StoreKind>,
    /// Only with `kind = "derived"`: file with the seed, 32 random bytes as hexadecimal digits, in base64 or raw,
    /// readable by its owner alone. `--seed-file`, `MTLSGEN_SEED_FILE` and `MTLSGEN_SEED` take precedence.
    pub seed_file: Option<FilePath>,
    /// Encryption of private keys at rest. By default, they are not encrypted.
    pub encryption: Option<Encryption>,
}

/// Kind of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StoreKind {
    /// PEM files in a folder.
    Directory,
    /// None: keys, serials and validity are derived from one seed and the spec.
    Derived,
}

/// How Secrets are handed over.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Secrets {
    /// Secret format. Defaults to `plain`.
    #[schemars(extend("default" = DEFAULT_SECRET_FORMAT))]
    pub format: Option<String>,
    /// With `-o DIR`: put Secrets that hold keys beside the other objects, readable and named by the kustomization.
    #[schemars(extend("default" = false))]
    pub allow_plain_in_git: Option<bool>,
    /// End the name of every Secret in a hash of its content, as Kustomize's generators do, and carry it into
    /// every reference: workloads that use a Secret are rolled out again when its content changes.
    #[schemars(extend("default" = false))]
    pub name_suffix_hash: Option<bool>,
}

/// A patch, by its form alone.
fn patch<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<serde_json::Value>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(deserializer)?;
    if value.as_ref().is_some_and(|value| value.is_boolean() || value.is_number()) {
        return Err(serde::de::Error::custom(
            "a patch is a mapping (merge patch) or a list (RFC 6902), as it is or as text",
        ));
    }
    Ok(value)
}

/// A change to rendered objects, in the form of Kustomize's `patches`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Patch {
    /// The objects to change. Required for RFC 6902 patches; a merge patch may name its object itself.
    pub target: Option<PatchTarget>,
    /// The patch: a strategic merge patch (an object) or RFC 6902 operations (a list), as text or as a structure.
    #[schemars(with = "PatchSchema")]
    #[serde(deserialize_with = "patch")]
    pub patch: Option<serde_json::Value>,
    /// File that contains the patch, instead of `patch`.
    pub path: Option<FilePath>,
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum PatchSchema {
    Text(String),
    Merge(serde_json::Map<String, serde_json::Value>),
    Operations(Vec<serde_json::Value>),
}

/// Which objects a patch changes; what is absent matches everything.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PatchTarget {
    /// API group, such as `apps`.
    pub group: Option<String>,
    /// API version, such as `v1`.
    pub version: Option<String>,
    /// Kind, such as `Deployment`; an anchored regular expression, as in Kustomize.
    pub kind: Option<String>,
    /// Name; an anchored regular expression, as in Kustomize.
    pub name: Option<String>,
    /// Namespace; an anchored regular expression, as in Kustomize.
    pub namespace: Option<String>,
    /// Label selector, such as `app=demo-app`.
    pub label_selector: Option<String>,
    /// Annotation selector, in the form of a label selector.
    pub annotation_selector: Option<String>,
}

/// A certification authority: one of the spec's own, or an external one.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Ca {
    /// Authority of the spec that signs this one; by default, it is self-signed.
    pub issuer: Option<String>,
    /// Subject; defaults to `CN=` and the key.
    pub subject: Option<Subject>,
    /// Kind of key.
    pub private_key: Option<PrivateKeyKind>,
    /// Validity. Defaults to `10y`.
    #[schemars(extend("default" = "10y"))]
    pub duration: Option<Duration>,
    /// How long before its end the authority is renewed: defaults to 30 days, or a third of a validity that is not longer.
    pub renew_before: Option<RenewBefore>,
    /// Serial number of the first certificate; random by default.
    pub serial: Option<Serial>,
    /// Only with `store.kind = "derived"`: a higher number gives another key and another certificate. Defaults to 1.
    #[schemars(extend("default" = 1))]
    pub generation: Option<Generation>,
    /// Only with `store.kind = "derived"`: the generations that are trusted, `generation` among them; defaults to
    /// that one alone. Name the next one here before it signs, and the last one as long as a certificate needs it.
    pub trusted_generations: Vec<Generation>,
    /// How many further authorities a chain below this one may have (pathLenConstraint). Defaults to what the spec needs.
    pub max_path_len: Option<u8>,
    /// Names that certificates below this authority may have.
    pub name_constraints: Option<NameConstraints>,
    /// Name of the Secret that holds the trust bundle, where only this authority is trusted.
    pub secret_name: Option<ObjectName>,
    /// PEM file of an external authority: its certificate and its issuers, in any order.
    pub certificate: Option<FilePath>,
    /// PEM file of that authority's key, if mtlsgen signs with it.
    pub key: Option<FilePath>,
    /// Serial numbers of certificates that it signed and that are revoked; `render` enters them in its ledger.
    /// Each a serial number or a table `{ serial, reason }`.
    pub revoked: Vec<RevokedSerial>,
    /// Its revocation lists: a PEM file of its owner, for a supplied authority; or a
    /// table with the validity of those that mtlsgen issues.
    pub crl: Option<Crl>,
}

/// Name constraints of an authority (RFC 5280, section 4.2.1.10).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NameConstraints {
    /// Whether readers that do not know name constraints must refuse the certificate. Defaults to `true`.
    #[schemars(extend("default" = true))]
    pub critical: Option<bool>,
    /// Subtrees that names must lie in.
    pub permitted: NameSubtrees,
    /// Subtrees that names must not lie in.
    pub excluded: NameSubtrees,
}

/// Subtrees of names, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NameSubtrees {
    /// DNS domains, such as `example.com` (itself and everything below).
    pub dns_domains: Vec<DnsName>,
    /// IP ranges in CIDR form.
    pub ip_ranges: Vec<value::IpRange>,
    /// Mail addresses, hosts or `.domains`.
    pub email_addresses: Vec<String>,
}

/// A service: a Deployment and a Service, unless it exists already.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Service {
    /// Name of the objects; defaults to the key.
    pub name: Option<ObjectName>,
    /// Namespace; defaults to the spec's.
    pub namespace: Option<NamespaceName>,
    /// Container image.
    pub image: Option<ImageName>,
    /// Number of Pods; defaults to 1.
    #[schemars(extend("default" = 1))]
    pub replicas: Option<u32>,
    /// Port of the Service, by number, or by name where it exists already.
    pub port: Option<value::PortReference>,
    /// Ports of the Service, where one is not enough; instead of `port`.
    pub ports: Vec<ServicePort>,
    /// Port of the container; defaults to the Service's port.
    pub container_port: Option<Port>,
    /// Name of the Service's port; none by default.
    pub port_name: Option<PortName>,
    /// Protocol of the port; defaults to `TCP`.
    #[schemars(extend("default" = "TCP"))]
    pub protocol: Option<Protocol>,
    /// Name of the container; defaults to the one that `kubectl create deployment` derives from the image.
    pub container_name: Option<ContainerName>,
    /// Environment of the container: a table of names and values, or Kubernetes' list.
    pub env: Option<Environment>,
    /// Resource requests and limits of the container.
    pub resources: Option<Resources>,
    /// `true`: the Service exists, nothing is rendered. `"deployment"`: the Deployment exists, only the Service is rendered.
    pub existing: Option<Existing>,
    /// Labels of the existing Pods; only with `existing = "deployment"`.
    pub selector: BTreeMap<LabelKey, LabelValue>,
    /// Labels of the objects.
    pub labels: BTreeMap<LabelKey, LabelValue>,
    /// Annotations of the objects.
    pub annotations: BTreeMap<AnnotationKey, String>,
    /// Pod Security Standard that the Pods meet.
    pub pod_security: Option<PodSecurity>,
}

/// One port of a Service.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(extend("required" = ["port"]))]
pub struct ServicePort {
    /// Name; required where there are several ports.
    pub name: Option<PortName>,
    /// Port of the Service.
    pub port: Option<Port>,
    /// Port of the container; defaults to the Service's port.
    pub container_port: Option<Port>,
    /// Protocol; defaults to `TCP`.
    #[schemars(extend("default" = "TCP"))]
    pub protocol: Option<Protocol>,
}

/// Protocol of a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// Environment of a container.
#[derive(Clone, Debug, JsonSchema)]
#[serde(untagged)]
pub enum Environment {
    /// Names and values.
    Table(BTreeMap<ExtendedKeyName, String>),
    /// Kubernetes' list of `EnvVar`.
    List(
        #[schemars(with = "Vec<value::EnvironmentVariable>")]
        Vec<serde_json::Map<String, serde_json::Value>>,
    ),
}

/// Resource requests and limits of a container, as Kubernetes quantities.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Resources {
    /// The minimum that the container is given.
    pub requests: BTreeMap<String, value::Quantity>,
    /// The maximum that the container is given.
    pub limits: BTreeMap<String, value::Quantity>,
}

/// What of a service exists in the cluster already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Nothing: `existing = false`.
    Nothing,
    /// The Service (and its Pods): `existing = true`.
    Service,
    /// The Deployment: `existing = "deployment"`.
    Deployment,
}

/// Pod Security Standard (<https://kubernetes.io/docs/concepts/security/pod-security-standards/>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PodSecurity {
    /// Non-root, no privilege escalation, no capabilities, the runtime's seccomp profile.
    Restricted,
}

/// One host as seen from outside.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Host {
    /// DNS name; defaults to the key.
    pub host: Option<HostName>,
    /// Service behind `/`; short for one route.
    pub service: Option<String>,
    /// Paths and the services behind them.
    pub routes: Vec<Route>,
    /// Server certificate; `false` for HTTP only.
    pub tls: Option<FalseOr<Tls>>,
    /// Client authentication; `false` where clients send no certificate.
    pub client_auth: Option<FalseOr<ClientAuth>>,
    /// Name of the Ingress; defaults to the host's name with dashes.
    pub ingress_name: Option<ObjectName>,
    /// The Ingress exists already, among the objects that a Kustomize build passes to mtlsgen: mtlsgen
    /// renders no Ingress, and adds client authentication to this one.
    pub existing_ingress: Option<ExistingIngress>,
    /// Ingress class; defaults to the spec's.
    pub ingress_class_name: Option<ObjectName>,
    /// Gateway; defaults to the spec's.
    pub gateway: Option<Gateway>,
    /// Namespace of the Ingress and its Secrets; defaults to the spec's.
    pub namespace: Option<NamespaceName>,
    /// Labels of the objects.
    pub labels: BTreeMap<LabelKey, LabelValue>,
    /// Annotations of the Ingress.
    pub annotations: BTreeMap<AnnotationKey, String>,
    /// Annotations that may be on Ingresses of this host although mtlsgen refuses them, by their full names:
    /// those that can change which clients are admitted, those that it does not know, and snippets, which the controller's
    /// defaults refuse as well. Which clients are admitted is not known then.
    pub allow_annotations: Vec<AnnotationKey>,
}

/// Which Ingress objects are a host's: of those with a rule for the host, the ones that match all of these selectors.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ExistingIngress {
    /// Name; an anchored regular expression, as in Kustomize.
    pub name: Option<String>,
    /// Namespace; an anchored regular expression, as in Kustomize. The host's `namespace` must match as well.
    pub namespace: Option<String>,
    /// Label selector, such as `app=shop`.
    pub label_selector: Option<String>,
    /// Annotation selector, in the form of a label selector.
    pub annotation_selector: Option<String>,
}

/// A path of a host and the service behind it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(extend("required" = ["service"]))]
pub struct Route {
    /// Path; defaults to `/`.
    #[schemars(extend("default" = "/"))]
    pub path: Option<String>,
    /// How the path is matched; defaults to `Prefix`.
    #[schemars(extend("default" = "Prefix"))]
    pub path_type: Option<PathType>,
    /// Service behind the path.
    pub service: Option<String>,
    /// Port of the service, by number or name; defaults to its only or first port.
    pub port: Option<value::PortReference>,
}

/// How the path of a route is matched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
pub enum PathType {
    /// By path elements.
    #[default]
    Prefix,
    /// Exactly.
    Exact,
    /// By the controller's own rules.
    ImplementationSpecific,
}

/// Server certificate of a host: one source, and the contents of the certificate.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Tls {
    /// Authority of the spec that signs the certificate, or `self-signed`.
    pub issuer: Option<String>,
    /// PEM file of a certificate that an external authority issued, chain included.
    pub certificate: Option<FilePath>,
    /// PEM file of its key.
    pub key: Option<FilePath>,
    /// cert-manager issues the certificate.
    pub cert_manager: Option<CertManager>,
    /// Another entry of `hosts` whose certificate serves this host as well.
    pub host: Option<String>,
    /// Name of the Secret. Alone: it exists already. Beside a source, defaults to `<ingress name>-tls`.
    pub secret_name: Option<ObjectName>,
    /// Subject; defaults to `CN=` and the host.
    pub subject: Option<Subject>,
    /// DNS names; defaults to the host.
    pub dns_names: Option<Vec<HostName>>,
    /// IP addresses.
    pub ip_addresses: Vec<IpAddress>,
    /// Kind of key.
    pub private_key: Option<PrivateKeyKind>,
    /// Validity, 398 days at most. Defaults to `365d`.
    #[schemars(extend("default" = "365d"))]
    pub duration: Option<Duration>,
    /// How long before its end the certificate is renewed. Defaults to `30d`.
    #[schemars(extend("default" = "30d"))]
    pub renew_before: Option<RenewBefore>,
    /// Serial number of the first certificate; random by default.
    pub serial: Option<Serial>,
    /// Only with `store.kind = "derived"`: a higher number gives another key and another certificate. Defaults to 1.
    #[schemars(extend("default" = 1))]
    pub generation: Option<Generation>,
}

/// The cert-manager issuer of a server certificate: exactly one of both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CertManager {
    /// Name of a `ClusterIssuer`.
    pub cluster_issuer: Option<ObjectName>,
    /// Name of an Issuer in the host's namespace.
    pub issuer: Option<ObjectName>,
}

/// Client authentication of a host.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ClientAuth {
    /// Authorities that sign clients of this host.
    pub cas: Option<Vec<String>>,
    /// Secret of the trust bundle. Alone: it exists already, as `namespace/name`.
    pub secret_name: Option<NamespacedName>,
    /// Whether a certificate is required. Defaults to `on`.
    #[schemars(extend("default" = "on"))]
    pub verify: Option<Verify>,
    /// How many intermediates a client's chain may have. Defaults to what the chain needs, at least 1.
    #[schemars(range(min = 1))]
    pub verify_depth: Option<u8>,
    /// Whether the backend sees the client's certificate. Defaults to `true`: with `false`, clients can forge the header.
    #[schemars(extend("default" = true))]
    pub pass_certificate_to_upstream: Option<bool>,
    /// Absolute http(s) URL that refused clients are sent to.
    pub error_page: Option<ErrorPage>,
    /// Names of the clients that are admitted, of all that the authorities sign.
    pub allow: Option<Vec<String>>,
}

/// Whether and how a client's certificate is verified, in the controller's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(rename_all = "snake_case", transform = value::or_boolean)]
pub enum Verify {
    /// A certificate of a trusted authority is required.
    #[default]
    On,
    /// A certificate is optional, but must be one of a trusted authority.
    Optional,
    /// A certificate is optional; the backend decides about those of unknown authorities.
    OptionalNoCa,
    /// No certificate is requested.
    Off,
}

/// A part of a signing request that is copied into the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FromCsr {
    /// The subject.
    Subject,
    /// The alternative names: DNS names, IP addresses, mail addresses and URIs.
    Names,
}

/// A holder of a client certificate.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Client {
    /// Authority of the spec that signs the certificate.
    pub issuer: Option<String>,
    /// Subject; defaults to `CN=` and the key.
    pub subject: Option<Subject>,
    /// DNS names.
    pub dns_names: Vec<HostName>,
    /// Mail addresses.
    pub email_addresses: Vec<EmailAddress>,
    /// URIs, such as SPIFFE IDs.
    pub uris: Vec<Uri>,
    /// IP addresses.
    pub ip_addresses: Vec<IpAddress>,
    /// Kind of key.
    pub private_key: Option<PrivateKeyKind>,
    /// Validity. Defaults to `365d`.
    #[schemars(extend("default" = "365d"))]
    pub duration: Option<Duration>,
    /// How long before its end the certificate is renewed. Defaults to `30d`.
    #[schemars(extend("default" = "30d"))]
    pub renew_before: Option<RenewBefore>,
    /// Serial number of the first certificate; random by default.
    pub serial: Option<Serial>,
    /// Only with `store.kind = "derived"`: a higher number gives another key and another certificate. Defaults to 1.
    #[schemars(extend("default" = 1))]
    pub generation: Option<Generation>,
    /// Name of a Secret with certificate and key, for clients inside the cluster.
    pub secret_name: Option<ObjectName>,
    /// Namespace of that Secret; defaults to the spec's.
    pub namespace: Option<NamespaceName>,
    /// File with a signing request (PKCS#10, PEM or DER) of the client, whose key never leaves its owner.
    pub csr: Option<FilePath>,
    /// What the certificate takes from the signing request instead of the spec: `subject`, `names`.
    pub from_csr: Vec<FromCsr>,
    /// Whether the client is revoked: `true`, or a reason of RFC 5280, section 5.3.1. All its certificates are
    /// revoked, and no new one is issued.
    #[schemars(extend("default" = false))]
    pub revoked: Option<Revoked>,
}
