//! Values that can be written in several forms. No form is tried and thrown away: the kind of the
//! value decides, so that a mistake inside keeps its place.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};

use super::{ExtendedKeyName, ObjectName};
use crate::specification::{Environment, Existing, Verify};

/// `false`, or the structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FalseOr<T> {
    /// `false`.
    False,
    /// The structure.
    Is(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for FalseOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FalseOrVisitor(PhantomData))
    }
}

struct FalseOrVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FalseOrVisitor<T> {
    type Value = FalseOr<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`false` or a table")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        if value {
            return Err(E::custom(
                "`true` does not say how; expected `false` or a table\n\
                 write a table such as `tls = { issuer = \"self-signed\" }` or `clientAuth = { cas = [\"NAME\"] }`",
            ));
        }
        Ok(FalseOr::False)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(FalseOr::Is)
    }
}

impl<T: JsonSchema> JsonSchema for FalseOr<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("FalseOr{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let structure = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [{ "type": "boolean", "enum": [false] }, structure] })
    }
}

/// The cluster's default `IngressClass`, or `false`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultIngressClass {
    /// `false`: there is none.
    Absent,
    /// That of this name.
    Named(ObjectName),
}

impl<'de> Deserialize<'de> for DefaultIngressClass {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ClassVisitor;

        impl Visitor<'_> for ClassVisitor {
            type Value = DefaultIngressClass;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`false` or the name of an IngressClass")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<DefaultIngressClass, E> {
                if value {
                    return Err(E::custom(
                        "`true` does not say which one; expected `false` or the name of an IngressClass\n\
                         write the name, such as `\"nginx\"`",
                    ));
                }
                Ok(DefaultIngressClass::Absent)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<DefaultIngressClass, E> {
                text.parse().map(DefaultIngressClass::Named).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(ClassVisitor)
    }
}

impl JsonSchema for DefaultIngressClass {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DefaultIngressClass".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        FalseOr::<ObjectName>::json_schema(generator)
    }
}

/// A key of a later version: any value is refused with "not supported yet".
#[derive(Clone, Debug)]
pub struct Later;

impl<'de> Deserialize<'de> for Later {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer)?;
        Err(D::Error::custom("not-supported-yet: this is not supported yet"))
    }
}

impl JsonSchema for Later {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Later".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        false.into()
    }
}

impl<'de> Deserialize<'de> for Existing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ExistingVisitor;

        impl Visitor<'_> for ExistingVisitor {
            type Value = Existing;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false` or `\"deployment\"`")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Existing, E> {
                Ok(if value { Existing::Service } else { Existing::Nothing })
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Existing, E> {
                match text {
                    "deployment" => Ok(Existing::Deployment),
                    "service" => Err(E::custom(
                        "unknown-value: expected `true`, `false` or `\"deployment\"`, found the string `service`\nwrite `true`",
                    )),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }
        }

        deserializer.deserialize_any(ExistingVisitor)
    }
}

impl JsonSchema for Existing {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Existing".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": [true, false, "deployment"] })
    }
}

impl<'de> Deserialize<'de> for Verify {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct VerifyVisitor;

        impl Visitor<'_> for VerifyVisitor {
            type Value = Verify;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`on`, `optional`, `optional_no_ca` or `off`")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Verify, E> {
                Ok(if value { Verify::On } else { Verify::Off })
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Verify, E> {
                match text {
                    "on" => Ok(Verify::On),
                    "optional" => Ok(Verify::Optional),
                    "optional_no_ca" => Ok(Verify::OptionalNoCa),
                    "off" => Ok(Verify::Off),
                    _ => {
                        Err(E::unknown_variant(text, &["on", "optional", "optional_no_ca", "off"]))
                    }
                }
            }
        }

        deserializer.deserialize_any(VerifyVisitor)
    }
}

/// Adds to the schema of [`Verify`] what readers of YAML 1.1 make of `on` and `off`.
pub(crate) fn or_boolean(schema: &mut Schema) {
    if let Some(Value::Array(words)) = schema.get_mut("oneOf") {
        words.push(json!({ "const": true, "description": "The same as `on`." }));
        words.push(json!({ "const": false, "description": "The same as `off`." }));
    }
}

impl<'de> Deserialize<'de> for Environment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EnvironmentVisitor)
    }
}

struct EnvironmentVisitor;

impl<'de> Visitor<'de> for EnvironmentVisitor {
    type Value = Environment;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of names and values, or a list of Kubernetes' `EnvVar`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Environment, A::Error> {
        let mut table = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<ExtendedKeyName, String>()? {
            table.insert(name, value);
        }
        Ok(Environment::Table(table))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Environment, A::Error> {
        let mut variables = Vec::new();
        while let Some(variable) = list.next_element::<EnvironmentVariable>()? {
            variables.push(variable.into_map());
        }
        Ok(Environment::List(variables))
    }
}

/// Kubernetes' `EnvVar`; the API server judges `valueFrom`.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EnvironmentVariable {
    /// Name of the variable.
    name: ExtendedKeyName,
    /// Its value.
    value: Option<String>,
    /// The source of its value, in Kubernetes' form.
    value_from: Option<Map<String, Value>>,
}

impl EnvironmentVariable {
    fn into_map(self) -> Map<String, Value> {
        let mut map = Map::new();
        map.insert("name".to_owned(), self.name.as_str().into());
        map.extend(self.value.map(|value| ("value".to_owned(), value.into())));
        map.extend(self.value_from.map(|from| ("valueFrom".to_owned(), from.into())));
        map
    }
}
