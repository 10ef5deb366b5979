//! stub
use schemars::JsonSchema;
use serde::Deserialize;
/// stub
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Subject(pub String);
