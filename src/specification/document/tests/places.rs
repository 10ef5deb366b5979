//! Where values are.

use super::*;

const TOML: &str = "[hosts.\"a.b\"]\nservice = 'x'\ntls.issuer = 'y'\nroutes = [\n  { path = '/' },\n  { path = '/b' },\n]\n[[patches]]\npath = 'p'\n[[patches]]\npath = 'q'\n";
const YAML: &str = "hosts:\n  a.b:\n    service: x\n    tls: {issuer: y}\n    routes:\n    - path: /\n    - path: /b\npatches:\n- path: p\n- path: q\n";

/// Line, column and text of what is found at a path, by value and by key.
fn found(document: &Document, path: &Path) -> (String, String) {
    let shown = |span: Option<Span>| {
        let span = span.unwrap();
        let (line, column) = span.line_and_column();
        format!("{line}:{column} {}", &span.source.text[span.range()])
    };
    (shown(document.span(path)), shown(document.key_span(path)))
}

#[test]
fn values_and_keys_are_found_in_toml() {
    let document = read(&[source("a.toml", TOML)]).0;
    for (path, value, key) in [
        (path!["hosts", "a.b", "service"], "2:11 'x'", "2:1 service"),
        (path!["hosts", "a.b"], "1:1 [hosts.\"a.b\"]", "1:8 \"a.b\""),
        (path!["hosts"], "1:2 hosts", "1:2 hosts"),
        (path!["hosts", "a.b", "tls", "issuer"], "3:14 'y'", "3:5 issuer"),
        (path!["hosts", "a.b", "tls"], "3:1 tls", "3:1 tls"),
        (path!["hosts", "a.b", "routes", 1, "path"], "6:12 '/b'", "6:5 path"),
        (path!["hosts", "a.b", "routes", 1], "6:3 { path = '/b' }", "6:3 { path = '/b' }"),
        (path!["patches", 1, "path"], "11:8 'q'", "11:1 path"),
        (path!["hosts", "a.b", "clientAuth", "cas"], "1:1 [hosts.\"a.b\"]", "1:8 \"a.b\""),
        (path!["hosts", "other"], "1:2 hosts", "1:2 hosts"),
    ] {
        assert_eq!(found(&document, &path), (value.into(), key.into()), "{path:?}");
    }
}

#[test]
fn values_and_keys_are_found_in_yaml() {
    let document = read(&[source("a.yaml", YAML)]).0;
    for (path, value, key) in [
        (path!["hosts", "a.b", "service"], "3:14 x", "3:5 service"),
        (path!["hosts", "a.b"], "2:3 a.b", "2:3 a.b"),
        (path!["hosts", "a.b", "tls"], "4:10 {issuer: y}", "4:5 tls"),
        (path!["hosts", "a.b", "tls", "issuer"], "4:19 y", "4:11 issuer"),
        (path!["hosts", "a.b", "routes"], "5:5 routes", "5:5 routes"),
        (path!["hosts", "a.b", "routes", 1], "7:7 path", "7:7 path"),
        (path!["hosts", "a.b", "routes", 1, "path"], "7:13 /b", "7:7 path"),
        (path!["patches", 1, "path"], "10:9 q", "10:3 path"),
        (path!["hosts", "other"], "1:1 hosts", "1:1 hosts"),
        (path!["namespace"], "1:1 hosts", "1:1 hosts"),
    ] {
        assert_eq!(found(&document, &path), (value.into(), key.into()), "{path:?}");
    }
}

#[test]
fn what_was_written_is_contained_even_if_it_was_refused() {
    let (document, spec, diagnostics) = read_all(&[(
        "a.yaml",
        "namespace: 1\nname: null\nhosts: {a: {clientAuth: {cas: [x, 2]}}}",
    )]);
    assert_eq!(diagnostics.len(), 3);
    assert!(spec.namespace.is_none());
    assert!(document.contains(&path!["namespace"]));
    assert!(document.contains(&path!["hosts", "a", "clientAuth", "cas", 1]));
    assert!(document.contains(&path![]));
    assert!(document.contains(&path!["name"]));
    assert!(!document.contains(&path!["hosts", "b"]));
    assert!(!document.contains(&path!["hosts", "a", "clientAuth", "cas", 2]));
}

#[test]
fn an_alias_is_the_place_of_its_value() {
    let document = read(&[source("a.yaml", "name: &n x\nnamespace: *n\n")]).0;
    assert_eq!(found(&document, &path!["namespace"]).0, "2:12 *n");
}

#[test]
fn spans_are_right_behind_wide_characters() {
    let text = "annotations: {\"ä✓\": 'ß', b: 'ü'}\nnamespace: x\n";
    let document = read(&[source("a.yaml", text)]).0;
    assert_eq!(found(&document, &path!["annotations", "b"]).0, "1:29 'ü'");
    assert_eq!(found(&document, &path!["namespace"]).0, "2:12 x");
}
