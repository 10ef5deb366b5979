//! Trust bundles in objects: which authorities they trust.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

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
    for object in objects {
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
    let is = |kind: &str| object["kind"] == kind;
    let entries = |field: &str| {
        let entries = object[field].as_object().into_iter().flatten();
        entries.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
    };
    if is("Secret") {
        let coded =
            entries("data").filter_map(|(name, text)| Some((name, STANDARD.decode(text).ok()?)));
        let open = entries("stringData").map(|(name, text)| (name, text.as_bytes().to_vec()));
        coded.chain(open).collect()
    } else if is("ConfigMap") {
        entries("data").map(|(name, text)| (name, text.as_bytes().to_vec())).collect()
    } else {
        Vec::new()
    }
}
