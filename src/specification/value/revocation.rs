//! What a spec says about revoked certificates and revocation lists.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use super::{Duration, FilePath, RenewBefore, Serial};
use crate::pki::crl::RevocationReason;

/// The words of RFC 5280, section 5.3.1, that a spec may use.
const WORDS: &[&str] = &[
    "unspecified",
    "keyCompromise",
    "cACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "privilegeWithdrawn",
];

fn reason<E: Error>(word: &str) -> Result<RevocationReason, E> {
    RevocationReason::of_word(word).ok_or_else(|| E::unknown_variant(word, WORDS))
}

/// Whether a client is shut out: `true`, or the reason for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked(pub Option<RevocationReason>);

impl<'de> Deserialize<'de> for Revoked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RevokedVisitor;

        impl Visitor<'_> for RevokedVisitor {
            type Value = Revoked;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false` or a reason such as `\"keyCompromise\"`")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Revoked, E> {
                Ok(Revoked(value.then_some(RevocationReason::Unspecified)))
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Revoked, E> {
                reason(word).map(|reason| Revoked(Some(reason)))
            }
        }

        deserializer.deserialize_any(RevokedVisitor)
    }
}

impl JsonSchema for Revoked {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Revoked".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut all = vec![serde_json::Value::from(true), false.into()];
        all.extend(WORDS.iter().map(|word| serde_json::Value::from(*word)));
        json_schema!({ "enum": all })
    }
}

/// A revoked certificate: its serial, or a table that says the reason as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedSerial {
    /// Its serial.
    pub serial: Serial,
    /// Why it was revoked.
    pub reason: RevocationReason,
}

#[derive(serde::Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RevokedTable {
    /// Serial of the certificate.
    serial: Serial,
    /// Why it was revoked, by RFC 5280, section 5.3.1. Defaults to `unspecified`.
    reason: Option<Word>,
}

struct Word(RevocationReason);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordVisitor;

        impl Visitor<'_> for WordVisitor {
            type Value = Word;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a reason such as `\"keyCompromise\"`")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Word, E> {
                reason(word).map(Word)
            }
        }

        deserializer.deserialize_str(WordVisitor)
    }
}

impl JsonSchema for Word {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RevocationReason".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": WORDS })
    }
}

impl<'de> Deserialize<'de> for RevokedSerial {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntryVisitor;

        impl<'de> Visitor<'de> for EntryVisitor {
            type Value = RevokedSerial;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a serial number such as `\"0x02ab\"`, or a table `{ serial, reason }`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<RevokedSerial, E> {
                let serial = text.parse().map_err(E::custom)?;
                Ok(RevokedSerial { serial, reason: RevocationReason::Unspecified })
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<RevokedSerial, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<RevokedSerial, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_i128<E: Error>(self, number: i128) -> Result<RevokedSerial, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RevokedSerial, A::Error> {
                let table = RevokedTable::deserialize(MapAccessDeserializer::new(map))?;
                let reason = table.reason.map_or(RevocationReason::Unspecified, |word| word.0);
                Ok(RevokedSerial { serial: table.serial, reason })
            }
        }

        deserializer.deserialize_any(EntryVisitor)
    }
}

impl JsonSchema for RevokedSerial {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RevokedSerial".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let serial = generator.subschema_for::<Serial>();
        let table = generator.subschema_for::<RevokedTable>();
        json_schema!({ "anyOf": [serial, table] })
    }
}

/// Revocation lists of an authority: a file that its owner made, or how long those last that mtlsgen makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crl {
    /// How long each list lasts.
    pub duration: Option<Duration>,
    /// How long before its end a list is renewed.
    pub renew_before: Option<RenewBefore>,
    /// PEM file of lists that others made.
    pub file: Option<FilePath>,
}

#[derive(serde::Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[derive(Default)]
struct CrlTable {
    /// Validity of each list that mtlsgen signs. Defaults to that of the authority.
    duration: Option<Duration>,
    /// How long before its end a list is renewed. Defaults to a third of its validity, at most 30 days.
    renew_before: Option<RenewBefore>,
    /// PEM file of lists that others made: the authority's own where its key is not here, and its issuers'.
    file: Option<FilePath>,
}

impl<'de> Deserialize<'de> for Crl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CrlVisitor;

        impl<'de> Visitor<'de> for CrlVisitor {
            type Value = Crl;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the path of a file, or a table such as `{ duration = \"90d\" }`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Crl, E> {
                let file = text.parse().map_err(E::custom)?;
                Ok(Crl { file: Some(file), ..Crl::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Crl, A::Error> {
                let table = CrlTable::deserialize(MapAccessDeserializer::new(map))?;
                let CrlTable { duration, renew_before, file } = table;
                Ok(Crl { duration, renew_before, file })
            }
        }

        deserializer.deserialize_any(CrlVisitor)
    }
}

impl JsonSchema for Crl {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Crl".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let file = generator.subschema_for::<FilePath>();
        let table = generator.subschema_for::<CrlTable>();
        json_schema!({ "anyOf": [file, table] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_lists() {
        let words: Vec<&str> =
            RevocationReason::ALL.into_iter().map(RevocationReason::word).collect();
        assert_eq!(words, WORDS);
    }
}
