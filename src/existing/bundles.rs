//! Trust bundles in objects: which authorities they trust.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::pki::certificate::Certificate;
use crate::yaml;

/// Certificates of authorities that the Secrets and `ConfigMaps` in `text` hold; `None` where it holds no object that can
/// be read.
#[must_use]
pub fn trusted_in(text: &str) -> Option<Vec<Certificate>> {
    let mut found = Vec::new();
    let objects = yaml::parse(text).ok().filter(|objects| !objects.is_empty())?;
    for object in objects {
        for value in values(&object) {
            let certificates = Certificate::from_pem(&value).unwrap_or_default();
            found.extend(certificates.into_iter().filter(|one| one.is_authority));
        }
    }
    Some(found)
}

/// What a Secret or a `ConfigMap` holds.
fn values(object: &Value) -> Vec<Vec<u8>> {
    let is = |kind: &str| object["kind"] == kind;
    let entries = |field: &str| {
        let entries = object[field].as_object().into_iter().flatten();
        entries.filter_map(|(_, value)| value.as_str())
    };
    let plain = |field: &str| entries(field).map(|text| text.as_bytes().to_vec()).collect();
    if is("Secret") {
        let coded = entries("data").filter_map(|text| STANDARD.decode(text).ok());
        coded.chain(entries("stringData").map(|text| text.as_bytes().to_vec())).collect()
    } else if is("ConfigMap") {
        plain("data")
    } else {
        Vec::new()
    }
}
