//! Subjects as users write them: text in either of two forms, or a table in cert-manager's words.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::pki::name::{DistinguishedName, NameError};

/// Longest common name (`ub-common-name` of RFC 5280, appendix A).
const MAX_COMMON_NAME: usize = 64;

/// Subject of a certificate: text (`CN=alice, O=MyOrganization` by RFC 4514, or openssl's
/// `/O=MyOrganization/CN=alice`), or a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Text, and the name that it says; nothing is added to it.
    Text {
        /// As the user wrote it.
        text: String,
        /// What it says.
        name: DistinguishedName,
    },
    /// A table.
    Table(SubjectTable),
}

/// Defines types for values of one attribute, which refuse what the attribute cannot hold.
macro_rules! attribute_values {
    ($($(#[$doc:meta])* $name:ident = $attribute:literal { $($schema:tt)* })*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The attribute in the words of RFC 4514.
            const ATTRIBUTE: &'static str = $attribute;

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                DistinguishedName::from_attributes([(Self::ATTRIBUTE, text.as_str())]).map_err(|error| refusal(&error))?;
                Ok(Self(text))
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "minLength": 1, $($schema)* })
            }
        }
    )* };
}

attribute_values! {
    /// Name of an organization.
    Organization = "O" { "maxLength": 64 }
    /// Name of a part of an organization.
    OrganizationalUnit = "OU" { "maxLength": 64 }
    /// Country code of two letters.
    Country = "C" { "pattern": "^[A-Za-z]{2}$" }
    /// Name of a locality.
    Locality = "L" { "maxLength": 128 }
    /// Name of a state or province.
    Province = "ST" { "maxLength": 128 }
    /// Street and house number.
    StreetAddress = "STREET" { "maxLength": 128 }
    /// Postal code.
    PostalCode = "postalCode" { "maxLength": 40 }
    /// Serial number of the holder, not of the certificate.
    HolderSerialNumber = "serialNumber" { "maxLength": 64, "pattern": "^[A-Za-z0-9 '()+,./:=?-]+$" }
}

/// Common name, or nothing: `""` leaves the subject without one.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(inline)]
pub struct CommonName(#[schemars(length(max = 64))] String);

impl<'de> Deserialize<'de> for CommonName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if !text.is_empty() {
            DistinguishedName::from_attributes([("CN", text.as_str())])
                .map_err(|error| refusal(&error))?;
        }
        Ok(Self(text))
    }
}

/// Defines the two tables, which differ by the common name alone.
macro_rules! subject_tables {
    ($($(#[$doc:meta])* $field:ident: $value:ty,)*) => {
        /// Subject of a certificate as a table. Its parts are encoded in the order country,
        /// province, locality, street address, postal code, organization, organizational unit,
        /// common name, serial number.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields, default)]
        pub struct SubjectTable {
            /// Common name (CN). Defaults to the holder's name or host; none if empty.
            pub common_name: Option<CommonName>,
            $($(#[$doc])* pub $field: Option<$value>,)*
        }

        /// Parts of the subject that every certificate shares, unless its own table sets them.
        /// Subjects that are written as text are unchanged.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields, default)]
        pub struct SharedSubject {
            $($(#[$doc])* pub $field: Option<$value>,)*
        }

        impl SubjectTable {
            /// This table, with what it does not set taken from `shared`.
            fn over(&self, shared: Option<&SharedSubject>) -> Self {
                let Some(shared) = shared else { return self.clone() };
                Self {
                    common_name: self.common_name.clone(),
                    $($field: self.$field.clone().or_else(|| shared.$field.clone()),)*
                }
            }
        }
    };
}

subject_tables! {
    /// Organizations (O).
    organizations: Vec<Organization>,
    /// Organizational units (OU).
    organizational_units: Vec<OrganizationalUnit>,
    /// Countries (C), as codes of two letters.
    countries: Vec<Country>,
    /// Localities (L).
    localities: Vec<Locality>,
    /// States or provinces (ST).
    provinces: Vec<Province>,
    /// Street addresses (STREET).
    street_addresses: Vec<StreetAddress>,
    /// Postal codes.
    postal_codes: Vec<PostalCode>,
    /// Serial number of the holder (not of the certificate).
    serial_number: HolderSerialNumber,
}

impl Subject {
    /// Builds the name: text as it is; a table with the shared parts that it does not set
    /// itself, and with `default_common_name` if it has no `commonName`. A default longer than 64
    /// characters is left out, since the names of a certificate are in its subjectAltName.
    ///
    /// # Errors
    /// One line that says what is wrong and what to write.
    pub fn to_name(
        &self,
        default_common_name: &str,
        shared: Option<&SharedSubject>,
    ) -> Result<DistinguishedName, String> {
        match self {
            Self::Text { name, .. } => Ok(name.clone()),
            Self::Table(table) => table.over(shared).to_name(default_common_name),
        }
    }
}

/// Builds the name of a certificate whose subject the spec does not mention.
///
/// # Errors
/// One line that says what is wrong and what to write.
pub fn default_name(
    common_name: &str,
    shared: Option<&SharedSubject>,
) -> Result<DistinguishedName, String> {
    SubjectTable::default().over(shared).to_name(common_name)
}

impl SubjectTable {
    fn to_name(&self, default_common_name: &str) -> Result<DistinguishedName, String> {
        let common_name = match &self.common_name {
            Some(CommonName(text)) => Some(text.as_str()),
            None => {
                Some(default_common_name).filter(|name| name.chars().count() <= MAX_COMMON_NAME)
            }
        };
        let mut attributes = Vec::new();
        list(&mut attributes, Country::ATTRIBUTE, self.countries.as_ref(), Country::as_str);
        list(&mut attributes, Province::ATTRIBUTE, self.provinces.as_ref(), Province::as_str);
        list(&mut attributes, Locality::ATTRIBUTE, self.localities.as_ref(), Locality::as_str);
        list(
            &mut attributes,
            StreetAddress::ATTRIBUTE,
            self.street_addresses.as_ref(),
            StreetAddress::as_str,
        );
        list(
            &mut attributes,
            PostalCode::ATTRIBUTE,
            self.postal_codes.as_ref(),
            PostalCode::as_str,
        );
        list(
            &mut attributes,
            Organization::ATTRIBUTE,
            self.organizations.as_ref(),
            Organization::as_str,
        );
        list(
            &mut attributes,
            OrganizationalUnit::ATTRIBUTE,
            self.organizational_units.as_ref(),
            OrganizationalUnit::as_str,
        );
        attributes.extend(common_name.filter(|text| !text.is_empty()).map(|text| ("CN", text)));
        attributes.extend(
            self.serial_number
                .iter()
                .map(|number| (HolderSerialNumber::ATTRIBUTE, number.as_str())),
        );
        DistinguishedName::from_attributes(attributes).map_err(|error| error.to_string())
    }
}

/// Adds each value of a list as an attribute of its own.
fn list<'a, T>(
    attributes: &mut Vec<(&'static str, &'a str)>,
    name: &'static str,
    values: Option<&'a Vec<T>>,
    text: fn(&T) -> &str,
) {
    attributes.extend(values.into_iter().flatten().map(|value| (name, text(value))));
}

/// The problem on the first line, help on the second.
fn refusal<E: Error>(error: &NameError) -> E {
    E::custom(format_args!("{}\n{}", error.problem, error.help))
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SubjectVisitor)
    }
}

struct SubjectVisitor;

impl<'de> Visitor<'de> for SubjectVisitor {
    type Value = Subject;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a subject: text such as `CN=alice, O=MyOrganization`, or a table")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Subject, E> {
        let name = DistinguishedName::read(text).map_err(|error| refusal(&error))?;
        Ok(Subject::Text { text: text.to_owned(), name })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Subject, A::Error> {
        SubjectTable::deserialize(MapAccessDeserializer::new(map)).map(Subject::Table)
    }
}

impl JsonSchema for Subject {
    fn schema_name() -> Cow<'static, str> {
        "Subject".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Subject of a certificate: text (`CN=alice, O=MyOrganization` by RFC 4514, or \
                openssl's `/O=MyOrganization/CN=alice`), or a table.",
            "anyOf": [{ "type": "string", "minLength": 1 }, generator.subschema_for::<SubjectTable>()],
        })
    }
}

#[cfg(test)]
mod tests;
