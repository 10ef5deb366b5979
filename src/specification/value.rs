//! Values that can be judged alone: each type refuses what Kubernetes, DNS or X.509 would refuse.
//!
//! A type is made from text by [`std::str::FromStr`]; reading a spec does the same, so that the
//! message points at the very value. An error's first line says what is wrong, further lines say
//! what to write instead.

mod address;
mod age;
mod choice;
mod duration;
mod host;
mod image;
mod kubernetes;
mod number;
mod path;
#[cfg(test)]
mod proposals;
mod quantity;
mod revocation;
mod serial;
mod text;

pub use address::{EmailAddress, ErrorPage, IpAddress, IpRange, Uri};
pub use age::AgeRecipient;
pub use choice::{DefaultIngressClass, FalseOr, Later};
pub(crate) use choice::{EnvironmentVariable, or_boolean};
pub use duration::{Duration, RenewBefore};
pub use host::{DnsName, HostName};
pub use image::ImageName;
pub use kubernetes::{
    AnnotationKey, ContainerName, ExtendedKeyName, LabelKey, LabelValue, NamespaceName,
    NamespacedName, ObjectName, PortName, SpecName,
};
pub use number::{Generation, Port, PortReference, PublicKeySize};
pub use path::FilePath;
pub use quantity::Quantity;
pub use revocation::{Crl, Revoked, RevokedSerial};
pub use serial::Serial;
