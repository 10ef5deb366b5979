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
                DistinguishedName::from_attributes([(Self::ATTRIBUTE, text.as_str())]).map_err(refusal)?;
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
            DistinguishedName::from_attributes([("CN", text.as_str())]).map_err(refusal)?;
        }
        Ok(Self(text))
    }
}

/// Defines the two tables, which differ by the common name alone.
macro_rules! subject_tables {
    ($($(#[$doc:meta])* $field:ident: $value:ty,)*) => {
        /// Subject of a certificate as a table. What is encoded comes in the order country,
        /// province, locality, street address, postal code, organization, organizational unit,
        /// common name, serial number.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields, default)]
        pub struct SubjectTable {
            /// Common name (CN). The holder's name or host unless said; none if empty.
            pub common_name: Option<CommonName>,
            $($(#[$doc])* pub $field: Option<$value>,)*
        }

        /// Parts of the subject that every certificate shares, unless its own table sets them.
        /// Subjects that are written as text are left as they stand.
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
    /// Builds the name: text as it stands; a table with the shared parts that it does not set
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
fn refusal<E: Error>(error: NameError) -> E {
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
        let name = DistinguishedName::read(text).map_err(refusal)?;
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
mod tests {
    use super::*;

    fn toml(text: &str) -> Result<Subject, String> {
        #[derive(Deserialize)]
        struct Holder {
            subject: Subject,
        }
        toml::from_str::<Holder>(text)
            .map(|holder| holder.subject)
            .map_err(|e| e.message().to_owned())
    }

    fn shared(text: &str) -> SharedSubject {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn text_keeps_the_order_of_its_form() {
        let internal =
            toml("subject = '/CN=Internal Cert Authority/O=Org Internal CA/C=GB'").unwrap();
        let name = internal.to_name("internal", None).unwrap();
        assert_eq!(name.rfc2253(), "C=GB,O=Org Internal CA,CN=Internal Cert Authority");
        let alice = toml("subject = 'CN=alice, O=MyOrganization'").unwrap();
        let kept = shared("organizations = ['Shared']\ncountries = ['GB']");
        assert_eq!(alice.to_name("x", Some(&kept)).unwrap().rfc2253(), "CN=alice,O=MyOrganization");
    }

    #[test]
    fn tables_have_a_fixed_order_and_take_what_they_lack() {
        let subject = toml(
            "[subject]\nserialNumber = '42'\norganizationalUnits = ['b', 'a']\norganizations = ['Org']\n\
             countries = ['GB']\nlocalities = ['Town']\nprovinces = ['Shire']\nstreetAddresses = ['Road 1']\n\
             postalCodes = ['A1']",
        )
        .unwrap();
        let name = subject.to_name("me", Some(&shared("organizations = ['Other']"))).unwrap();
        let encoded: Vec<_> =
            name.attributes().into_iter().map(|a| (a.short_name.unwrap(), a.value)).collect();
        let expected = [
            ("C", "GB"),
            ("ST", "Shire"),
            ("L", "Town"),
            ("street", "Road 1"),
            ("postalCode", "A1"),
            ("O", "Org"),
            ("OU", "b"),
            ("OU", "a"),
            ("CN", "me"),
            ("serialNumber", "42"),
        ];
        assert_eq!(encoded, expected.map(|(name, value)| (name, value.to_owned())));
        let plain = toml("subject = {}").unwrap();
        let name = plain.to_name("me", Some(&shared("organizations = ['Other']"))).unwrap();
        assert_eq!(name.rfc2253(), "CN=me,O=Other");
        let none = toml("subject = { organizations = [] }").unwrap();
        let name = none.to_name("me", Some(&shared("organizations = ['Other']"))).unwrap();
        assert_eq!(name.rfc2253(), "CN=me");
    }

    #[test]
    fn the_default_common_name_gives_way() {
        let shared = shared("organizations = ['Org']");
        assert_eq!(default_name("me", Some(&shared)).unwrap().rfc2253(), "CN=me,O=Org");
        assert_eq!(default_name(&"m".repeat(65), Some(&shared)).unwrap().rfc2253(), "O=Org");
        assert_eq!(default_name(&"ü".repeat(64), None).unwrap().common_names(), ["ü".repeat(64)]);
        let none = toml("subject = { commonName = '' }").unwrap();
        assert!(none.to_name("me", None).unwrap().is_empty());
        let own = toml("subject = { commonName = 'own' }").unwrap();
        assert_eq!(own.to_name("me", None).unwrap().rfc2253(), "CN=own");
    }

    #[test]
    fn mistakes_come_with_help_on_a_second_line() {
        let cases = [
            ("subject = 'alice'", "`alice` in a subject has no `=`\nwrite `CN=alice`"),
            ("subject = 'CNN=alice'", "unknown attribute `CNN` in a subject\nwrite `CN`"),
            ("subject = ''", "the subject is empty\nwrite `CN=name`"),
            ("subject = 7", "invalid type: integer `7`, expected a subject: text such as"),
            ("subject = { countries = ['GBR'] }", "`C` is `GBR`, which is not a country code"),
            ("subject = { organizations = [''] }", "`O` has no value\n"),
            ("subject = { organization = 'a' }", "unknown field `organization`, expected one of"),
            ("subject = { serialNumber = '4*2' }", "`serialNumber` may not contain `*`\n"),
        ];
        for (text, expected) in cases {
            let message = toml(text).unwrap_err();
            assert!(message.starts_with(expected), "{text}: {message}");
        }
        let long = toml(&format!("subject = {{ commonName = '{}' }}", "x".repeat(65))).unwrap_err();
        assert!(long.starts_with("`CN` is 65 characters long, 64 at most are allowed\n"), "{long}");
    }

    #[test]
    fn errors_point_at_the_very_value() {
        let text = "subject = { organizations = ['a'], serialNumber = '4*2' }";
        let error =
            toml::from_str::<std::collections::BTreeMap<String, Subject>>(text).unwrap_err();
        assert_eq!(&text[error.span().unwrap()], "'4*2'");
    }

    #[test]
    fn yaml_reads_both_forms() {
        let text = "a: CN=alice, O=Org\nb:\n  commonName: bob\n  postalCodes: ['0123']\n";
        let subjects: std::collections::BTreeMap<String, Subject> =
            serde_saphyr::from_str(text).unwrap();
        assert_eq!(subjects["a"].to_name("x", None).unwrap().rfc2253(), "CN=alice,O=Org");
        assert_eq!(subjects["b"].to_name("x", None).unwrap().rfc2253(), "CN=bob,postalCode=0123");
    }

    #[test]
    fn the_schema_takes_what_is_read() {
        let schema = schemars::schema_for!(Subject);
        let validator = jsonschema::validator_for(schema.as_value()).unwrap();
        for good in
            ["\"CN=a\"", "{}", r#"{"commonName":"","countries":["GB"],"serialNumber":"1-2"}"#]
        {
            assert!(validator.is_valid(&serde_json::from_str(good).unwrap()), "{good}");
        }
        for wrong in [
            "\"\"",
            "7",
            r#"{"organization":"a"}"#,
            r#"{"countries":["GBR"]}"#,
            r#"{"organizations":[""]}"#,
        ] {
            assert!(!validator.is_valid(&serde_json::from_str(wrong).unwrap()), "{wrong}");
        }
    }
}
