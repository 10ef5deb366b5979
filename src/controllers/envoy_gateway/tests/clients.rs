//! What is asked of clients, by the Gateway itself and by policies, and when.

use super::*;

#[test]
fn the_gateway_itself_may_ask() {
    let of = |frontend: &Value, validation: &Value| {
        let mut gateway = gateway("web", &[https("a", Some("a.test"))]);
        gateway["spec"]["tls"]["frontend"] = frontend.clone();
        let map = core("ConfigMap", "map", &json!({ "data": {} }));
        let mut objects = vec![gateway, map, route("shop", &["a.test"], Some("a"))];
        objects.extend((!validation.is_null()).then(|| policy("a", Some("a"), validation)));
        at(&observed(&objects), "a.test")
    };
    let asks = json!({ "default": { "validation": { "caCertificateRefs": [{ "kind": "Secret", "name": "clients" }] } } });
    assert_eq!(of(&asks, &Value::Null), "alert shop alert");
    assert_eq!(of(&asks, &of_secret("others")), "alert alert shop");
    let mut insecure = asks.clone();
    insecure["default"]["validation"]["mode"] = json!("AllowInsecureFallback");
    assert_eq!(of(&insecure, &Value::Null), "shop shop shop");
    let mut at_port = asks.clone();
    at_port["perPort"] = json!([{ "port": 443, "tls": {} }]);
    assert_eq!(
        of(&at_port, &Value::Null),
        "shop shop shop",
        "an entry without validation switches it off"
    );
    let missing = json!({ "default": { "validation": { "caCertificateRefs": [{ "kind": "ConfigMap", "name": "x" }] } } });
    assert_eq!(of(&missing, &Value::Null), "404 404 404");
}

#[test]
fn a_broken_policy_leaves_what_the_gateway_asks() {
    let of = |validation: &Value| {
        let mut gateway = gateway("web", &[https("a", Some("a.test"))]);
        gateway["spec"]["tls"]["frontend"] = json!({ "default": { "validation": { "caCertificateRefs": [{ "kind": "Secret", "name": "clients" }] } } });
        at(
            &observed(&[
                gateway,
                route("shop", &["a.test"], Some("a")),
                policy("a", Some("a"), validation),
            ]),
            "a.test",
        )
    };
    assert_eq!(of(&of_secret("missing")), "alert 500 alert");
    assert_eq!(of(&json!({})), "alert 500 alert");
    assert_eq!(of(&json!({ "mode": "VerifyIfGiven" })), "500 500 alert");
    assert_eq!(of(&json!({ "mode": "Request" })), "shop shop shop");
    assert_eq!(of(&json!({ "mode": "RequireAny" })), "alert shop shop");
}

#[test]
fn names_and_hashes_require_a_certificate() {
    let of = |more: Value| {
        let mut validation = of_secret("clients");
        validation["mode"] = json!("VerifyIfGiven");
        for (key, value) in more.as_object().unwrap() {
            validation[key] = value.clone();
        }
        let objects = [
            gateway("web", &[https("a", Some("a.test"))]),
            route("shop", &["a.test"], Some("a")),
            policy("a", Some("a"), &validation),
        ];
        at(&observed(&objects), "a.test")
    };
    assert_eq!(of(json!({})), "shop shop alert");
    assert_eq!(
        of(json!({ "subjectAltNames": { "dnsNames": [{ "value": "x" }] } })),
        "alert alert alert"
    );
    assert_eq!(of(json!({ "certificateHashes": ["00".repeat(32)] })), "alert alert alert");
    assert_eq!(
        of(json!({ "certificateHashes": ["00".repeat(32)], "mode": "Request" })),
        "shop shop shop"
    );
}

#[test]
fn dates_are_those_of_the_moment_of_reading() {
    let objects = [
        gateway("web", &[https("a", Some("a.test"))]),
        route("shop", &["a.test"], Some("a")),
        policy("a", Some("a"), &of_secret("clients")),
    ];
    let own = Certificate::from_pem(OWN.as_bytes()).unwrap().remove(0);
    let after = |days| own.not_after.after(crate::time::Seconds::days(days));
    let of = |now| at(&observed_at(&objects, Some(now)), "a.test");
    assert_eq!(of(own.not_after), "alert shop alert");
    assert_eq!(of(after(1)), "500 500 500", "an authority that has expired is none");
    // rcgen's certificates end in the year 4096.
    let end = Timestamp::parse("4097-01-01T00:00:00Z").unwrap();
    assert_eq!(of(end), "404 404 404", "the listener's own has expired");
}

#[test]
fn the_key_of_a_listener_belongs_to_its_certificate() {
    let of = |certificate: &str, key: &str| {
        let data = json!({ "type": "kubernetes.io/tls", "stringData": { "tls.crt": certificate, "tls.key": key } });
        let mut listener = https("a", Some("a.test"));
        listener["tls"]["certificateRefs"] = json!([{ "name": "own" }]);
        let objects = [
            gateway("web", &[listener]),
            route("shop", &["a.test"], Some("a")),
            core("Secret", "own", &data),
        ];
        at(&observed(&objects), "a.test")
    };
    let ((certificate, key), (_, other)) = (pair(), pair());
    assert_eq!(of(&certificate, &key), "shop shop shop");
    for (certificate, key) in
        [(&*certificate, &*other), (&certificate, ""), ("x", &key), (&certificate, "x")]
    {
        assert_eq!(of(certificate, key), "404 404 404");
    }
}
