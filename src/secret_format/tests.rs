use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::*;
use crate::identity::Identity;
use crate::manifest::Body;
use crate::manifest::kinds::{Datum, Key, Kind, Secret};
use crate::pki::key::{KeyKind, PrivateKey};

/// A format that says that it reveals no key, and what it does with one.
struct Claims(fn(&[u8]) -> String);

impl SecretFormat for Claims {
    fn name(&self) -> &'static str {
        "claims"
    }

    fn reveals_keys(&self) -> bool {
        false
    }

    fn wrap(&self, secret: &Object, sealing: &mut Sealing) -> Result<Option<Object>, Diagnostic> {
        let values = sealing.values().map(|(name, octets)| (name.to_owned(), (self.0)(octets)));
        let values: std::collections::BTreeMap<_, _> = values.collect();
        let body = Body::Value(json!({ "kind": "Sealed", "data": values }).into());
        Ok(Some(Object { body, ..secret.clone() }))
    }

    fn unwrap<'a>(&self, _: &'a Value) -> Option<Vec<Held<'a>>> {
        None
    }
}

fn key() -> PrivateKey {
    PrivateKey::from_secret(KeyKind::EcdsaP256, &[0x5a; 32]).unwrap().unwrap()
}

fn of(key: Key) -> Secret {
    let certificate = "-----BEGIN CERTIFICATE-----\nbm90IGEga2V5LCBidXQgYSBsb25nIHRleHQ=\n-----END CERTIFICATE-----\n";
    let data = [
        ("tls.crt".to_owned(), Datum::public(certificate)),
        ("tls.key".to_owned(), Datum::Key(key)),
    ];
    Secret {
        type_name: Some("kubernetes.io/tls".to_owned()),
        data: data.into_iter().collect(),
        ..Secret::default()
    }
}

fn secret() -> Object {
    Object {
        identity: Identity {
            api_version: "v1".to_owned(),
            kind: "Secret".to_owned(),
            namespace: Some("default".to_owned()),
            name: "pair".to_owned(),
        },
        exposures: Vec::new(),
        sensitive: true,
        template: Cow::Borrowed("secret.yaml.j2"),
        body: Body::Typed(Kind::Secret(of(Key::Whole(Arc::new(key()))))),
    }
}

#[test]
fn a_format_that_claims_to_reveal_no_key_cannot_print_one() {
    let leaks: [fn(&[u8]) -> String; 4] = [
        |octets| String::from_utf8_lossy(octets).into_owned(),
        |octets| BASE64_STANDARD.encode(octets),
        |octets| BASE64_STANDARD.encode(&octets[..octets.len() / 2]),
        |octets| format!("{octets:02x?}").replace([' ', ','], ""),
    ];
    for leak in leaks {
        let refused = hand_over(&Claims(leak), &secret()).unwrap_err();
        assert_eq!(refused.code, "format-reveals-key");
        assert!(refused.title.contains("`claims`") && refused.title.contains("default/pair"));
    }
    let pair = secret();
    let sealed = hand_over(&Claims(|_| "sealed".to_owned()), &pair).unwrap();
    assert!(!sealed.sensitive, "it may go wherever public objects go");
    let certificates_alone: fn(&[u8]) -> String = |octets| {
        let text = String::from_utf8_lossy(octets);
        if text.contains("CERTIFICATE") { text.into_owned() } else { "sealed".to_owned() }
    };
    assert!(hand_over(&Claims(certificates_alone), &pair).is_ok(), "certificates are public");
}

#[test]
fn what_is_not_shown_is_not_sealed() {
    for key in [Key::Masked, Key::Fingerprint(crate::pki::key::SpkiHash([7; 32]))] {
        let masked = Object { body: Body::Typed(Kind::Secret(of(key))), ..secret() };
        let sealed: fn(&[u8]) -> String = |_| "sealed".to_owned();
        assert_eq!(hand_over(&Claims(sealed), &masked).unwrap_err().code, "format-needs-key");
        assert!(hand_over(find("plain").unwrap(), &masked).is_ok());
    }
}

#[test]
fn secrets_that_a_patch_has_made_are_held_to_the_same() {
    let value = secret().value();
    let patched = Object { body: Body::Value(value), ..secret() };
    let whole: fn(&[u8]) -> String = |octets| String::from_utf8_lossy(octets).into_owned();
    assert!(hand_over(&Claims(whole), &patched).is_err());
}

#[test]
fn plain_secrets_are_handed_over_as_they_are_and_read_back() {
    let plain = find("plain").unwrap();
    let pair = secret();
    let handed = hand_over(plain, &pair).unwrap();
    assert_eq!(*handed, pair);
    let value = handed.value();
    let held = held(&value);
    assert_eq!(held.iter().map(|one| one.name).collect::<Vec<_>>(), ["tls.crt", "tls.key"]);
    let content = Content::Shown(Zeroizing::new(key().to_pem().as_bytes().to_vec()));
    assert!(held[1].content == content);
    assert!(super::held(&json!({"kind": "Pod", "data": {"a": "b"}})).is_empty());
}
