//! Secrets as they are, which anyone who has the file can read; `manifest/kinds/secret.rs` makes base64 of the values.

use serde_json::Value;

use super::{Content, Held, Sealing, SecretFormat};
use crate::diagnostic::Diagnostic;
use crate::manifest::{Object, data};

pub(super) struct Plain;

impl SecretFormat for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn reveals_keys(&self) -> bool {
        true
    }

    fn wrap(&self, _: &Object, _: &mut Sealing) -> Result<Option<Object>, Diagnostic> {
        Ok(None)
    }

    /// Secrets, and `ConfigMap`s, in which public certificates are handed over too.
    fn unwrap<'a>(&self, object: &'a Value) -> Option<Vec<Held<'a>>> {
        if !matches!(object["kind"].as_str(), Some("Secret" | "ConfigMap")) {
            return None;
        }
        let held = |(name, value, is_base64): (&'a str, &'a Value, bool)| {
            let octets = data::decoded(value.as_str()?, is_base64);
            let content = octets.map_or(Content::Malformed, Content::Shown);
            Some(Held { name, content })
        };
        Some(data::entries(object).filter_map(held).collect())
    }
}
