//! What the object form says beside the spec: how Kustomize, kpt and their like run the plugin.
//!
//! The doc comments of the fields are user documentation: they become `schema/mtls.schema.json`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::value::{FilePath, NamespacedName};

/// Settings of the plugin: `plugin` in the object form, beside `spec`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Plugin {
    /// Files of the spec, merged in this order before the contents of `spec`; every command reads them.
    pub spec_files: Vec<FilePath>,
    /// Whether a build may issue certificates into the store. Defaults to `never`.
    #[schemars(extend("default" = "never"))]
    pub issue: Issue,
    /// Secrets whose private keys may be printed where they do not stay in the cluster: inside Argo CD, which
    /// caches them, and by kpt, which writes them to files. As `name` or `namespace/name`.
    pub allow_plain_secrets: Vec<NamespacedName>,
    /// Give Secrets that hold a key pair Kustomize's hash suffix. Secrets that annotations name as
    /// `namespace/name`, those of trust bundles, never get one: Kustomize does not rewrite such names.
    #[schemars(extend("default" = false))]
    pub needs_hash: bool,
    /// As a transformer: make annotations that name a Secret as `namespace/name` say what a kustomization has
    /// made of it. Without it, such references are errors.
    #[schemars(extend("default" = false))]
    pub mend_references: bool,
    /// What Kustomize does where an object of the same name exists already, in the words of its
    /// generators. Defaults to `create`.
    #[schemars(extend("default" = "create"))]
    pub behavior: Option<Behavior>,
}

/// Whether a build may issue certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Issue {
    /// It fails where a certificate is missing, expired or no longer fits.
    #[default]
    Never,
    /// It issues into the store what `mtlsgen render` would issue.
    MissingOrDue,
}

/// What Kustomize does where an object of the same name exists already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Behavior {
    /// It fails.
    Create,
    /// The generated object takes its place.
    Replace,
    /// The generated object takes its place, with what `data` had beside.
    Merge,
}

impl Behavior {
    /// The word in Kustomize's annotation.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Merge => "merge",
        }
    }
}
