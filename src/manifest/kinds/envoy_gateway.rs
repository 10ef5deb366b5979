//! Kinds of Envoy Gateway (`api/v1alpha1` of <https://github.com/envoyproxy/gateway>), as far as they matter.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::gateway::{Labels, Reference, is_default, kinds};
use super::{Api, Kind, Metadata, null_is_absent};

/// Their API group.
pub const GROUP: &str = "gateway.envoyproxy.io";

kinds! {
    /// Settings of listeners.
    ClientTrafficPolicy "ClientTrafficPolicy" { ClientTrafficPolicySpec } in GROUP, made as ClientTrafficPolicy;
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Targets {
    /// An object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_ref: Option<Reference>,
    /// Objects.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub target_refs: Vec<Reference>,
    /// Objects by their labels.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetSelector {
    /// API group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Kind.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub kind: String,
    /// Their labels.
    #[serde(flatten)]
    pub labels: Labels,
    /// Their namespaces; none: the policy's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<Value>,
}

/// What a [`ClientTrafficPolicy`] says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClientTrafficPolicySpec {
    /// The listeners.
    #[serde(flatten)]
    pub targets: Targets,
    /// TLS.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_default")]
    pub tls: PolicyTls,
    /// Headers of requests.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_default")]
    pub headers: PolicyHeaders,
}

/// TLS of listeners.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyTls {
    /// What is asked of clients; none: what the Gateway says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_validation: Option<PolicyValidation>,
}

/// How certificates of clients are validated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyValidation {
    /// `Request`, `RequireAny`, `VerifyIfGiven` or `RequireAndVerify`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Without a mode: `VerifyIfGiven`.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_default")]
    pub optional: bool,
    /// Objects with the authorities.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub ca_certificate_refs: Vec<Reference>,
    /// Revocation lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crl: Option<PolicyLists>,
    /// Alternative names of which a certificate has one.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_default")]
    pub subject_alt_names: PolicyNames,
    /// SHA-256 of public keys, base64.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub spki_hashes: Vec<String>,
    /// SHA-256 of certificates, hexadecimal.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub certificate_hashes: Vec<String>,
    /// Whether certificates may be over.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_default")]
    pub allow_expired_certificate: bool,
}

/// Revocation lists.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyLists {
    /// Objects that have them.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<Reference>,
    /// Whether the client's own certificate alone is looked up.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_default")]
    pub only_verify_leaf_certificate: bool,
}

/// Alternative names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyNames {
    /// `dNSName`.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub dns_names: Vec<StringMatch>,
    /// `rfc822Name`.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub email_addresses: Vec<StringMatch>,
    /// `iPAddress`.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub ip_addresses: Vec<StringMatch>,
    /// `uniformResourceIdentifier`.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub uris: Vec<StringMatch>,
    /// `otherName`.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub other_names: Vec<StringMatch>,
}

/// A text that others are compared with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StringMatch {
    /// `Exact`, `Prefix`, `Suffix` or `RegularExpression`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The text.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub value: String,
}

/// Headers of requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyHeaders {
    /// What is done with headers before anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_request_headers: Option<HeaderFilter>,
    /// The one with the client's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x_forwarded_client_cert: Option<ForwardedCertificate>,
}

/// What is done with headers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeaderFilter {
    /// Names of those that are removed.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
}

/// The header `x-forwarded-client-cert`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForwardedCertificate {
    /// `Sanitize`, `ForwardOnly`, `AppendForward`, `SanitizeSet` or `AlwaysForwardOnly`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// `Subject`, `Cert`, `Chain`, `DNS`, `URI`.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "Vec::is_empty")]
    pub cert_details_to_add: Vec<String>,
}

/// What an [`EnvoyProxy`] says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvoyProxySpec {
    /// Whether all Gateways of a class have one Envoy.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_default")]
    pub merge_gateways: bool,
    /// Whether rules are tried in the order in which they are written.
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_default")]
    pub preserve_route_order: bool,
    /// Another configuration of Envoy to begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bootstrap: Option<Value>,
}
