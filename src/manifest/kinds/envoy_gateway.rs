//! Kinds of Envoy Gateway (`api/v1alpha1` of <https://github.com/envoyproxy/gateway>), as far as they matter.

use serde::Deserialize;
use serde_json::Value;

use super::gateway::{Labels, Reference, kinds};
use super::{Api, Kind, Metadata, null_is_absent};

/// Their API group.
pub const GROUP: &str = "gateway.envoyproxy.io";

kinds! {
    /// Settings of listeners.
    ClientTrafficPolicy "ClientTrafficPolicy" { ClientTrafficPolicySpec } in GROUP;
    /// Settings of Envoy.
    EnvoyProxy "EnvoyProxy" { EnvoyProxySpec } in GROUP;
    /// Changes of Envoy's configuration.
    EnvoyPatchPolicy "EnvoyPatchPolicy" { Targets } in GROUP;
    /// Who may make requests.
    SecurityPolicy "SecurityPolicy" { Targets } in GROUP;
    /// Code that handles requests.
    EnvoyExtensionPolicy "EnvoyExtensionPolicy" { Targets } in GROUP;
}

/// What a policy is about.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Targets {
    /// An object.
    #[serde(default)]
    pub target_ref: Option<Reference>,
    /// Objects.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub target_refs: Vec<Reference>,
    /// Objects by their labels.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub target_selectors: Vec<TargetSelector>,
}

impl Targets {
    /// Objects that are named; the old field counts where it is there (`GetTargetRefs` of `api/v1alpha1/policy_helpers.go`).
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        let own = self.target_ref.iter();
        own.chain(self.target_refs.iter().filter(|_| self.target_ref.is_none()))
    }
}

/// Objects by their labels.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetSelector {
    /// API group.
    #[serde(default)]
    pub group: Option<String>,
    /// Kind.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub kind: String,
    /// Their labels.
    #[serde(flatten)]
    pub labels: Labels,
    /// Their namespaces; none: the policy's own.
    #[serde(default)]
    pub namespaces: Option<Value>,
}

/// What a [`ClientTrafficPolicy`] says.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct ClientTrafficPolicySpec {
    /// The listeners.
    #[serde(flatten)]
    pub targets: Targets,
    /// TLS.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub tls: PolicyTls,
    /// Headers of requests.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub headers: PolicyHeaders,
}

/// TLS of listeners.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyTls {
    /// What is asked of clients; none: what the Gateway says.
    #[serde(default)]
    pub client_validation: Option<PolicyValidation>,
}

/// How certificates of clients are validated.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyValidation {
    /// `Request`, `RequireAny`, `VerifyIfGiven` or `RequireAndVerify`.
    #[serde(default)]
    pub mode: Option<String>,
    /// Without a mode: `VerifyIfGiven`.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub optional: bool,
    /// Objects with the authorities.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub ca_certificate_refs: Vec<Reference>,
    /// Revocation lists.
    #[serde(default)]
    pub crl: Option<PolicyLists>,
    /// Alternative names of which a certificate has one.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub subject_alt_names: PolicyNames,
    /// SHA-256 of public keys, base64.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub spki_hashes: Vec<String>,
    /// SHA-256 of certificates, hexadecimal.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub certificate_hashes: Vec<String>,
    /// Whether certificates may be over.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub allow_expired_certificate: bool,
}

/// Revocation lists.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyLists {
    /// Objects that have them.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub refs: Vec<Reference>,
    /// Whether the client's own certificate alone is looked up.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub only_verify_leaf_certificate: bool,
}

/// Alternative names.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyNames {
    /// `dNSName`.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub dns_names: Vec<StringMatch>,
    /// `rfc822Name`.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub email_addresses: Vec<StringMatch>,
    /// `iPAddress`.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub ip_addresses: Vec<StringMatch>,
    /// `uniformResourceIdentifier`.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub uris: Vec<StringMatch>,
    /// `otherName`.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub other_names: Vec<StringMatch>,
}

/// A text that others are compared with.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct StringMatch {
    /// `Exact`, `Prefix`, `Suffix` or `RegularExpression`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// The text.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub value: String,
}

/// Headers of requests.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyHeaders {
    /// The one with the client's certificate.
    #[serde(default)]
    pub x_forwarded_client_cert: Option<ForwardedCertificate>,
}

/// The header `x-forwarded-client-cert`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForwardedCertificate {
    /// `Sanitize`, `ForwardOnly`, `AppendForward`, `SanitizeSet` or `AlwaysForwardOnly`.
    #[serde(default)]
    pub mode: Option<String>,
    /// `Subject`, `Cert`, `Chain`, `DNS`, `URI`.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub cert_details_to_add: Vec<String>,
}

/// What an [`EnvoyProxy`] says.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvoyProxySpec {
    /// Whether all Gateways of a class have one Envoy.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub merge_gateways: bool,
    /// Whether rules are tried in the order in which they are written.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub preserve_route_order: bool,
    /// Another configuration of Envoy to begin with.
    #[serde(default)]
    pub bootstrap: Option<Value>,
}
