//! Port numbers, key sizes and generations.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::PortName;

/// Port number, 1 to 65535.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port(pub u16);

/// Port of a service by number or name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PortReference {
    /// By number.
    Number(Port),
    /// By name.
    Name(PortName),
}

/// Size of a key in bits; which sizes go with which algorithm is checked later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKeySize(pub u16);

/// The number of a holder's key, from 1 to 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(pub u32);

fn port<E: Error>(number: i128) -> Result<Port, E> {
    let valid = u16::try_from(number).ok().filter(|number| *number > 0);
    valid.map(Port).ok_or_else(|| {
        E::custom(format!("`{number}` is not a port\nwrite a number from 1 to 65535"))
    })
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for PortReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(port) => port.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// Accepts whole numbers and hands them to one function.
macro_rules! visit_numbers {
    ($function:expr) => {
        fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
            $function(number.into())
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
            $function(number.into())
        }

        fn visit_i128<E: Error>(self, number: i128) -> Result<Self::Value, E> {
            $function(number)
        }
    };
}

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PortVisitor;

        impl Visitor<'_> for PortVisitor {
            type Value = Port;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a port number from 1 to 65535")
            }

            visit_numbers!(port);
        }

        deserializer.deserialize_any(PortVisitor)
    }
}

impl<'de> Deserialize<'de> for PortReference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PortReferenceVisitor;

        impl Visitor<'_> for PortReferenceVisitor {
            type Value = PortReference;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a port number or name")
            }

            visit_numbers!(|number| port(number).map(PortReference::Number));

            fn visit_str<E: Error>(self, text: &str) -> Result<PortReference, E> {
                if text.parse::<std::num::NonZeroU16>().is_ok() {
                    return Err(E::custom(format!(
                        "expected a port number or name, found the string `{text}`\nwrite `{text}`, without quotes"
                    )));
                }
                text.parse().map(PortReference::Name).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(PortReferenceVisitor)
    }
}

impl<'de> Deserialize<'de> for PublicKeySize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SizeVisitor;

        fn size<E: Error>(number: i128) -> Result<PublicKeySize, E> {
            u16::try_from(number).map(PublicKeySize).map_err(|_| {
                E::custom(format!(
                    "`{number}` is not a key size\nwrite 2048, 3072 or 4096 for RSA, 256 or 384 for ECDSA"
                ))
            })
        }

        impl Visitor<'_> for SizeVisitor {
            type Value = PublicKeySize;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of bits")
            }

            visit_numbers!(size);
        }

        deserializer.deserialize_any(SizeVisitor)
    }
}

impl<'de> Deserialize<'de> for Generation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct GenerationVisitor;

        fn generation<E: Error>(number: i128) -> Result<Generation, E> {
            let valid = u32::try_from(number).ok().filter(|number| (1..=1000).contains(number));
            valid.map(Generation).ok_or_else(|| {
                E::custom(format!("`{number}` is not a generation\nwrite a number from 1 to 1000"))
            })
        }

        impl Visitor<'_> for GenerationVisitor {
            type Value = Generation;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the number of a generation")
            }

            visit_numbers!(generation);
        }

        deserializer.deserialize_any(GenerationVisitor)
    }
}

impl JsonSchema for Generation {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Generation".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": 1000 })
    }
}

impl JsonSchema for Port {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Port".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": 65535 })
    }
}

impl JsonSchema for PortReference {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PortReference".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let number = generator.subschema_for::<Port>();
        let name = generator.subschema_for::<PortName>();
        json_schema!({ "anyOf": [number, name] })
    }
}

impl JsonSchema for PublicKeySize {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PublicKeySize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "enum": [256, 384, 2048, 3072, 4096] })
    }
}
