//! Settings of the controller that weaken what certificates prove.

use super::{SPEC, rendered_beside};

/// What is said where a ConfigMap of the controller has a setting.
#[track_caller]
fn said(name: &str, value: &str) -> String {
    let map = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: controller, namespace: ingress-nginx}}\ndata: {{{name}: '{value}'}}\n---\n"
    );
    let (status, said) = rendered_beside(SPEC, &map);
    assert_eq!(status, 0, "{name}: {said}");
    said
}

#[test]
fn what_weakens_certificates_is_said() {
    for (name, value, is_said) in [
        ("ssl-ciphers", "HIGH:@SECLEVEL=0", true),
        ("ssl-ciphers", "DEFAULT@SECLEVEL=1", true),
        ("ssl-ciphers", "HIGH:@SECLEVEL=2", false),
        ("ssl-ciphers", "HIGH:!aNULL", false),
        // A reader of the key can forge TLS sessions of any client.
        ("ssl-session-ticket-key", "a2V5", true),
        ("ssl-session-tickets", "true", false),
        // At the default level, OpenSSL has no protocol before TLS 1.2.
        ("ssl-protocols", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3", false),
        ("ssl-early-data", "true", false),
        ("ssl-ecdh-curve", "prime256v1", false),
        ("ssl-dh-param", "ingress-nginx/dh", false),
    ] {
        let found = said(name, value);
        let words = format!("`ingress-nginx/controller` has `{name}`");
        assert_eq!(found.contains(&words), is_said, "{name}: {value}: {found}");
    }
}
