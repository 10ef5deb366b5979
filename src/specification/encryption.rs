//! How private keys lie in the store: `store.encryption`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::value::AgeRecipient;

/// Encryption of private keys at rest.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Encryption {
    /// Encryption as age files, which the `age` command reads.
    pub age: AgeEncryption,
}

/// Encryption as age files.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgeEncryption {
    /// Who can read the keys: recipients as `age-keygen` prints them. Each one alone can read all of them.
    #[schemars(length(min = 1))]
    pub recipients: Vec<AgeRecipient>,
}
