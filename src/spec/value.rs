//! Values that can be judged alone: each type refuses what Kubernetes, DNS or X.509 would refuse.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::time::Seconds;

macro_rules! text_value {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
        pub struct $name(String);
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(&self.0) }
        }
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str { &self.0 }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> { Ok(Self(text.to_owned())) }
        }
    )* }
}
text_value! {
    /// Name of a Kubernetes object: RFC 1123 label (63 characters) ...
    ObjectName;
    /// `namespace/name`, or `name`.
    NamespacedName;
    /// Label key.
    LabelKey;
    /// Label value.
    LabelValue;
    /// Annotation key.
    AnnotationKey;
    /// Host of an Ingress: DNS name, may start with `*.`.
    HostName;
    /// DNS name without wildcard.
    DnsName;
    /// Container image.
    ImageName;
    /// Name of a port (RFC 6335, 15 characters).
    PortName;
    /// Environment variable.
    ExtendedKeyName;
    /// Absolute http(s) URL in the controller's characters.
    ErrorPage;
    /// Mail address.
    EmailAddress;
    /// URI.
    Uri;
    /// Kubernetes quantity.
    Quantity;
}

/// Port number, 1 to 65535.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
pub struct Port(pub u16);

/// Port of a service by number or name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PortReference {
    Number(Port),
    Name(PortName),
}

/// Size of a key in bits; which sizes go with which algorithm is checked later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct PublicKeySize(pub u16);

/// Serial number, decimal digits or `0x` hexadecimal ones; positive, at most 20 octets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Serial(Vec<u8>);
impl Serial {
    /// Big-endian magnitude without leading zeros.
    pub fn magnitude(&self) -> &[u8] {
        &self.0
    }
}

/// Length of time: `10y`, `365d`, `8760h`, `2160h0m0s`; 1y = 365d.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
pub struct Duration(u64);
impl Duration {
    pub fn seconds(self) -> Seconds {
        Seconds(self.0)
    }
}

/// IP address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
pub struct IpAddress(#[schemars(with = "String")] pub IpAddr);

/// IP range in CIDR form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct IpRange {
    #[schemars(with = "String")]
    pub address: IpAddr,
    pub prefix: u8,
}

/// `false`, or the structure.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[serde(untagged)]
pub enum FalseOr<T> {
    False,
    Is(T),
}
impl<'de, T: Deserialize<'de>> Deserialize<'de> for FalseOr<T> {
    fn deserialize<D: serde::Deserializer<'de>>(_d: D) -> Result<Self, D::Error> {
        todo!()
    }
}

/// A key of a later version: whatever it holds, it is refused with "not supported yet".
#[derive(Clone, Debug)]
pub struct Later;
impl<'de> Deserialize<'de> for Later {
    fn deserialize<D: serde::Deserializer<'de>>(_d: D) -> Result<Self, D::Error> {
        todo!()
    }
}
impl JsonSchema for Later {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Later".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        false.into()
    }
}
impl<'de> Deserialize<'de> for super::Environment {
    fn deserialize<D: serde::Deserializer<'de>>(_d: D) -> Result<Self, D::Error> {
        todo!()
    }
}
impl<'de> Deserialize<'de> for super::Existing {
    fn deserialize<D: serde::Deserializer<'de>>(_d: D) -> Result<Self, D::Error> {
        todo!()
    }
}
impl JsonSchema for super::Existing {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Existing".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        true.into()
    }
}
