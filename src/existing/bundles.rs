//! Trust bundles in objects: which authorities they trust.

use serde_json::Value;

use crate::manifest::{data, lists};
use crate::pki::certificate::Certificate;
use crate::yaml;

/// What objects show of authorities.
#[derive(Default)]
pub struct Shown {
    /// Certificates of authorities that they trust.
    pub trusted: Vec<Certificate>,
    /// Certificates that a server shows, with those behind them.
    pub served: Vec<Certificate>,
}

/// What the Secrets and `ConfigMaps` in `text` show; `None` where it holds no object that can be read.
#[must_use]
pub fn shown_in(text: &str) -> Option<Shown> {
    let mut shown = Shown::default();
    let objects = yaml::parse(text).ok().filter(|objects| !objects.is_empty())?;
    for object in lists::unfold(objects).0 {
        for (name, value) in values(&object) {
            let certificates = Certificate::from_pem(&value).unwrap_or_default().into_iter();
            if name == "tls.crt" {
                shown.served.extend(certificates);
            } else {
                shown.trusted.extend(certificates.filter(|one| one.is_authority));
            }
        }
    }
    Some(shown)
}

/// What a Secret or a `ConfigMap` holds, by name.
fn values(object: &Value) -> Vec<(&str, Vec<u8>)> {
    let read = |(name, value, is_base64): (_, &Value, _)| {
        Some((name, data::decoded(value.as_str()?, is_base64)?.to_vec()))
    };
    data::entries(object).filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bundles_in_lists_count() {
        let pem = include_str!("../../tests/cases/supplied-files/partner.pem");
        let bundle = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"ca.crt": pem}});
        let list = json!({"apiVersion": "v1", "kind": "List", "items": [bundle]});
        for object in [bundle, list] {
            assert_eq!(shown_in(&object.to_string()).unwrap().trusted.len(), 1, "{object}");
        }
    }
}
