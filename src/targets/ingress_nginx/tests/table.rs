use std::collections::BTreeSet;

use super::*;
use crate::controllers::ingress_nginx::annotation_risk::{is_too_risky, not_allowable, opens};
use crate::controllers::ingress_nginx::annotation_table::{self, Class, Risk};

/// A value that the controller accepts, for each annotation that is harmless, or not refused with it.
const VALUES: &[&str] =
    &["true", "false", "1", "10.0.0.0/8", "8m", "on", "GET", "basic", "close", "cookie", "a"];
const MORE_VALUES: &[&str] = &[
    "auth-file",
    "balanced",
    "sticky",
    "ewma",
    "lax",
    "all",
    "1.1",
    "error",
    "TLSv1.3",
    "HTTP",
    "404",
    "off",
    "1s",
];

fn allow(mut exposure: Exposure, names: &[&str]) -> Exposure {
    exposure.allowed_annotations =
        names.iter().map(|name| format!("{PREFIX}{name}").parse().unwrap()).collect();
    exposure
}

#[test]
fn the_table_is_sorted_and_names_each_annotation_once() {
    let names: Vec<&str> = annotation_table::names().collect();
    let sorted: Vec<&str> = BTreeSet::from_iter(names.clone()).into_iter().collect();
    assert_eq!(names, sorted);
    for name in names {
        let entry = annotation_table::find(name).unwrap();
        assert_eq!(entry.name, name);
        assert!(
            entry
                .source
                .split_once('/')
                .is_some_and(|(_, file)| ["main.go", "redirect.go"].contains(&file)),
            "{name}"
        );
        assert!(!format!("{PREFIX}{name}").contains(' '), "{name}");
    }
}

#[test]
fn snippets_are_refused_with_any_content() {
    let snippets: Vec<&str> =
        annotation_table::names().filter(|name| name.ends_with("-snippet")).collect();
    assert_eq!(
        snippets,
        [
            "auth-snippet",
            "configuration-snippet",
            "modsecurity-snippet",
            "server-snippet",
            "stream-snippet"
        ]
    );
    for name in snippets {
        assert_eq!(annotation_table::find(name).unwrap().risk, Risk::Critical);
        for value in [
            "",
            "# nothing",
            "more_set_headers \"X: y\";",
            "location /x { proxy_pass http://web.shop; }",
            "set $force_no_ssl_redirect 1;",
            "SSL_Verify_Client off;",
        ] {
            let found = check(&annotated(protected("a.b"), name, value));
            assert!(
                found.iter().any(|(_, code, _)| *code == "annotation-opens"),
                "{name}: {found:?}"
            );
        }
        let found = codes(&annotated(exposure("a.b"), name, "# nothing"));
        assert_eq!(found, ["annotation-too-risky"], "{name}");
    }
    assert!(
        is_too_risky(&format!("{PREFIX}some-new-snippet")),
        "the controller compares the suffix"
    );
    assert!(is_too_risky("example.com/my-snippet"), "with any prefix");
}

#[test]
fn each_entry_does_what_its_class_says() {
    for name in annotation_table::names() {
        let full = format!("{PREFIX}{name}");
        let refuses = |value: &str| opens(&full, value).is_some();
        match annotation_table::find(name).unwrap().class {
            Class::Harmless => {
                assert!(VALUES.iter().chain(MORE_VALUES).any(|value| !refuses(value)), "{name}");
                assert!(refuses("x; } location / { proxy_pass http://web; }"), "{name}");
                assert!(not_allowable(&full).is_none(), "{name}");
            }
            Class::Judged(_) => {
                assert!(VALUES.iter().chain(MORE_VALUES).any(|value| !refuses(value)), "{name}");
                assert!(not_allowable(&full).is_none(), "{name}");
            }
            Class::Refused(_) => {
                assert!(VALUES.iter().chain(MORE_VALUES).all(|value| refuses(value)), "{name}");
                assert!(not_allowable(&full).is_none(), "{name}");
            }
            Class::Ours => assert!(refuses("true") && not_allowable(&full).is_some(), "{name}"),
        }
    }
}

#[test]
fn judged_annotations_are_refused_on_protected_hosts_alone() {
    let openers = [
        ("ssl-redirect", "false"),
        ("ssl-redirect", "0"),
        ("ssl-redirect", " false"),
        ("ssl-passthrough", "true"),
        ("canary", "true"),
        ("custom-http-errors", "404, 496"),
        ("custom-http-errors", "+495"),
        ("custom-http-errors", "0496"),
        ("custom-http-errors", "413"),
        ("backend-protocol", "FCGI"),
        ("backend-protocol", " fcgi"),
        ("backend-protocol", "grpc"),
        ("backend-protocol", "Grpcs"),
        ("ssl-ciphers", "ALL:@SECLEVEL=0"),
        ("ssl-ciphers", "ALL:@SECLEVEL =0"),
        ("ssl-ciphers", "ECDHE-RSA-AES128-GCM-SHA256:!aNULL@SECLEVEL=1"),
        ("auth-url", "http://$http_x_host/auth"),
        ("auth-url", "http://$host.$http_x/auth"),
        ("auth-url", "http://$host$http_x/auth"),
        ("auth-url", "$http_x"),
        ("auth-response-headers", "X-User, SSL-Client-Verify"),
        ("auth-response-headers", "ssl_client_subject_dn"),
        ("auth-response-headers", "Transfer-Encoding"),
        ("upstream-vhost", "$http_x_host"),
        ("auth-proxy-set-headers", "default/headers"),
        ("default-backend", "errors"),
        ("mirror-target", "https://mirror.example.com$request_uri"),
        ("proxy-body-sise", "8m"),
        ("something-new", "true"),
        ("proxy-body-size", "8m; proxy_pass http://web"),
    ];
    for (name, value) in openers {
        let found = codes(&annotated(protected("a.b"), name, value));
        assert!(found.contains(&"annotation-opens"), "{name}: {value}: {found:?}");
        let found = check(&annotated(exposure("a.b"), name, value));
        let is_error = |found: &&(Severity, &str, String)| found.0 == Severity::Error;
        assert_eq!(found.iter().find(is_error), None, "{name}: {value}");
    }
    let harmless = [
        ("ssl-redirect", "true"),
        ("permanent-redirect", "https://example.com"),
        ("proxy-body-size", "8m"),
        ("custom-http-errors", "404,503"),
        ("custom-http-errors", "403, 404"),
        ("use-regex", "true"),
        ("canary", "false"),
        ("backend-protocol", "GRPC"),
        ("backend-protocol", "https"),
        ("auth-url", "https://example.com/auth?uri=$request_uri"),
        ("auth-url", "https://$host/oauth2/auth"),
        ("auth-url", "https://auth.$host:8443/oauth2/auth"),
        ("auth-response-headers", "X-Auth-Request-User,Authorization"),
        ("upstream-vhost", "internal.example.com"),
        ("satisfy", "any"),
        ("from-to-www-redirect", "true"),
        ("whitelist-source-range", "10.0.0.0/8, 2001:db8::/32,192.0.2.1"),
        ("cors-allow-origin", "https://a.example.com, https://*.example.org:8443"),
        ("ssl-ciphers", "ECDHE-RSA-AES128-GCM-SHA256:!aNULL@SECLEVEL=2"),
        ("proxy-next-upstream", "error timeout http_503"),
        ("rewrite-target", "/$1"),
    ];
    for (name, value) in harmless {
        let found = check(&annotated(protected("a.b"), name, value));
        assert!(
            found.iter().all(|(severity, ..)| *severity == Severity::Warning),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn near_misses_of_annotations_are_named() {
    let found = check(&annotated(protected("a.b"), "proxy-body-sise", "8m"));
    assert!(
        found[0].2.ends_with("did you mean `nginx.ingress.kubernetes.io/proxy-body-size`?"),
        "{found:?}"
    );
}

#[test]
fn values_that_the_controller_does_not_accept_are_warned_of_on_open_hosts() {
    for (name, value) in [
        ("ssl-redirect", "no"),
        ("proxy-read-timeout", "60s"),
        ("backend-protocol", "SPDY"),
        ("denylist-source-range", "10.0.0.0/33"),
        ("proxy-buffering", "true"),
    ] {
        assert_eq!(codes(&annotated(exposure("a.b"), name, value)), ["annotation-value"], "{name}");
    }
    assert_eq!(codes(&annotated(exposure("a.b"), "ssl-redirect", "")), Vec::<&str>::new());
}

#[test]
fn what_the_spec_allows_is_unknown() {
    let model = annotated(allow(protected("a.b"), &["server-snippet"]), "server-snippet", "# x");
    let found = check(&model);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0, found[0].1), (Severity::Warning, "annotation-allowed"));
    assert!(found[0].2.contains("which clients are admitted is not known"), "{found:?}");
    assert!(model.exposures[0].is_unknown());

    let open = annotated(allow(exposure("a.b"), &["server-snippet"]), "server-snippet", "# x");
    assert_eq!(codes(&open), ["annotation-allowed"]);
    assert!(!open.exposures[0].is_unknown());
    let new = annotated(allow(protected("a.b"), &["something-new"]), "something-new", "x");
    assert_eq!(codes(&new), ["annotation-allowed"]);
}

#[test]
fn not_everything_can_be_allowed() {
    for name in ["auth-tls-secret", "auth-tls-new", "force-ssl-redirect"] {
        let found = codes(&model(vec![allow(protected("a.b"), &[name])]));
        assert_eq!(found, ["annotation-not-allowable"], "{name}");
    }
    let mut foreign = protected("a.b");
    foreign.allowed_annotations = BTreeSet::from(["example.com/x".parse().unwrap()]);
    assert_eq!(codes(&model(vec![foreign])), ["annotation-not-allowable"]);
}

#[test]
fn permissions_that_nothing_needs_are_named() {
    let unused = model(vec![allow(protected("a.b"), &["canary"])]);
    assert_eq!(codes(&unused), ["annotation-allowed-in-vain", "annotation-allowed"]);
    let body = |value| {
        codes(&annotated(allow(protected("a.b"), &["proxy-body-size"]), "proxy-body-size", value))
    };
    assert_eq!(body("8m"), ["annotation-allowed-in-vain", "annotation-allowed"]);
    assert_eq!(body("8 MiB"), ["annotation-allowed"]);
    let open = annotated(allow(exposure("a.b"), &["canary"]), "canary", "true");
    assert_eq!(codes(&open), ["annotation-allowed-in-vain"]);
}
