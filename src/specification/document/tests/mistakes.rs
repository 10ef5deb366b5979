//! What is said about mistakes.

use super::*;

/// Checks the one message about a text.
fn says(name: &str, text: &str, expected: &str) {
    assert_eq!(messages(&[(name, text)]), [expected], "{text}");
}

#[test]
fn strings_that_read_as_something_else() {
    says(
        "a.yaml",
        "namespace: 1.10",
        "a.yaml:1:12 wrong-type expected a string, found the number `1.10` | write `\"1.10\"`, in quotes",
    );
    says(
        "a.toml",
        "namespace = 1.10",
        "a.toml:1:13 wrong-type expected a string, found the number `1.10` | write `\"1.10\"`, in quotes",
    );
    says(
        "a.yaml",
        "labels: {a: true}",
        "a.yaml:1:13 wrong-type expected a string, found the boolean `true` | write `\"true\"`, in quotes",
    );
    says(
        "a.yaml",
        "labels: {a: ~}",
        "a.yaml:1:10 empty-entry the entry `a` is empty | write a value, or remove the key; null only removes what an earlier file says",
    );
    says(
        "a.toml",
        "labels.a = 1979-05-27",
        "a.toml:1:12 wrong-type expected a string, found the date `1979-05-27` | write `\"1979-05-27\"`, in quotes",
    );
    says("a.yaml", "namespace: [a]", "a.yaml:1:12 wrong-type expected a string, found a list");
}

#[test]
fn other_wrong_types() {
    says(
        "a.yaml",
        "cas: {a: {maxPathLen: 300}}",
        "a.yaml:1:23 wrong-type expected an integer from 0 to 255, found the number `300`",
    );
    says(
        "a.yaml",
        "cas: {a: {maxPathLen: '3'}}",
        "a.yaml:1:23 wrong-type expected an integer from 0 to 255, found the string `3` | write `3`, without quotes",
    );
    says(
        "a.yaml",
        "secrets: {allowPlainInGit: yes}",
        "a.yaml:1:28 two-readings `yes` is a string to YAML 1.2, and the boolean `true` to YAML 1.1 | write `true`, or `\"yes\"` for a string",
    );
    says(
        "a.yaml",
        "secrets: {allowPlainInGit: 'yes'}",
        "a.yaml:1:28 wrong-type expected a boolean, found the string `yes` | write `true`, without quotes",
    );
    says("a.yaml", "hosts: [a]", "a.yaml:1:8 wrong-type expected a table, found a list");
    says(
        "a.toml",
        "hosts.a = 'x'",
        "a.toml:1:11 wrong-type expected a table, found the string `x`",
    );
    says(
        "a.toml",
        "hosts.a.tls = 'off'",
        "a.toml:1:15 wrong-type expected `false` or a table, found the string `off` | write `false`, without quotes",
    );
    says(
        "a.toml",
        "[hosts.a.clientAuth]\ncas = 'x'",
        "a.toml:2:7 wrong-type expected a list, found the string `x` | write `[\"x\"]`",
    );
    says(
        "a.toml",
        "[hosts.a.clientAuth]\nverify = 3",
        "a.toml:2:10 wrong-type expected `on`, `optional`, `optional_no_ca` or `off`, found the number `3`",
    );
    says(
        "a.toml",
        "services.a.port = 70000",
        "a.toml:1:19 invalid-value `70000` is not a port | write a number from 1 to 65535",
    );
    says(
        "a.toml",
        "services.a.port = '80'",
        "a.toml:1:19 invalid-value expected a port number or name, found the string `80` | write `80`, without quotes",
    );
    says(
        "a.toml",
        "services.a.port = 1e999",
        "a.toml:1:19 wrong-type expected a finite number, found the number `1e999`",
    );
    says("a.yaml", "- a", "a.yaml:1:3 wrong-type expected a table, found a list");
}

#[test]
fn unknown_names() {
    says(
        "a.toml",
        "[hosts.a]\nclient_auth.cas = []",
        "a.toml:2:1 unknown-key unknown key `client_auth` | write `clientAuth` | known keys: `host`, `service`, `routes`, `tls`, `clientAuth`, `ingressName`, `existingIngress`, `ingressClassName`, `gateway`, `namespace`, `labels`, `annotations`, `allowAnnotations`",
    );
    says("a.yaml", "banana: 1", "a.yaml:1:1 unknown-key unknown key `banana`");
    says("a.yaml", "foo:", "a.yaml:1:1 unknown-key unknown key `foo`");
    says(
        "a.yaml",
        "services: {a: {protocol: tcp}}",
        "a.yaml:1:26 unknown-value expected one of `TCP`, `UDP`, `SCTP`, found the string `tcp` | write `TCP`",
    );
}

#[test]
fn keys_of_later_versions() {
    says(
        "a.toml",
        "networkPolicy = {}",
        "a.toml:1:1 not-supported-yet `networkPolicy` is not supported yet",
    );
    says(
        "a.yaml",
        "secrets: {}\nrbac: [{x: 1}]",
        "a.yaml:2:1 not-supported-yet `rbac` is not supported yet",
    );
}

#[test]
fn names_that_are_keys_are_pointed_at() {
    says(
        "a.toml",
        "[services.My_App]",
        "a.toml:1:11 invalid-value `My_App` cannot be an object name: it contains `M` | write lower-case letters, digits, `-` and `.`, such as `my-app`",
    );
    says(
        "a.yaml",
        "labels: {a/b/c: x}",
        "a.yaml:1:10 invalid-value `b/c` cannot be a name in a label key: it contains `/` | write letters, digits, `-`, `_` and `.`, with a letter or digit at either end",
    );
}

#[test]
fn duplicate_keys_show_both_places() {
    for (name, text, first, second) in [
        ("a.yaml", "hosts:\n  a: {}\n  a: {}\n", 2, 3),
        ("a.yaml", "hosts: {a: {},\n  'a': {}}\n", 1, 2),
        ("a.toml", "[hosts.a]\nservice='x'\nservice='y'\n", 2, 3),
        ("a.toml", "[hosts.a]\n[hosts.b]\n[hosts.a]\n", 1, 3),
        ("a.toml", "[hosts.a]\ntls.issuer='x'\ntls.issuer='y'\n", 2, 3),
        ("a.toml", "hosts = { a = {},\n a = {} }\n", 1, 2),
        ("a.toml", "[hosts.\"a\"]\n\n[hosts.a]\n", 1, 3),
    ] {
        let (document, _, diagnostics) = read_all(&[(name, text)]);
        let [duplicate] = diagnostics.as_slice() else { panic!("{text}: {diagnostics:#?}") };
        assert_eq!(duplicate.code, "duplicate-key");
        let line = |span: &Span| span.line_and_column().0;
        assert_eq!(duplicate.span.as_ref().map(line), Some(second), "{text}");
        assert_eq!(line(&duplicate.related[0].0), first, "{text}");
        assert!(document.is_whole());
    }
}

#[test]
fn all_mistakes_come_at_once() {
    let found = messages(&[
        (
            "a.toml",
            "namespace = 1\n[hosts.a]\nfoo = 1\nroutes = [{ pth = 1 }, 2, { path = 3 }]\n[hosts.b]\ntls = 5\nbar = 1\n",
        ),
        ("b.yaml", "labels: {a: 1, b: 2}\nservices: {A: {port: 0}}\nunknown: 1\n"),
    ]);
    let places: Vec<_> = found.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(
        places,
        [
            "a.toml:1:13",
            "a.toml:3:1",
            "a.toml:4:13",
            "a.toml:4:24",
            "a.toml:4:36",
            "a.toml:6:7",
            "a.toml:7:1",
            "b.yaml:1:13",
            "b.yaml:1:19",
            "b.yaml:2:12",
            "b.yaml:3:1"
        ]
    );
}

#[test]
fn what_is_right_survives_what_is_wrong() {
    let (_, spec, diagnostics) = read_all(&[(
        "a.yaml",
        "hosts: {a: {service: x, foo: 1, routes: [{path: /}, 2]}}\nservices: {s: {port: 80, replicas: x}}\n",
    )]);
    assert_eq!(diagnostics.len(), 3);
    assert_eq!(spec.hosts["a"].service.as_deref(), Some("x"));
    assert!(spec.hosts["a"].routes.is_empty(), "indices of a mended list would be wrong");
    assert!(spec.services["s"].port.is_some());
}

#[test]
fn many_mistakes_are_counted() {
    let text = repeated(500, |i| format!("[hosts.h{i}]\nfoo = 1\n"));
    let (.., diagnostics) = read_all(&[("a.toml", &text)]);
    assert_eq!(diagnostics.len(), 101);
    assert_eq!(diagnostics[100].title, "400 more mistakes are not shown");
    assert_eq!(diagnostics[100].code, "too-many-mistakes");
    let text = repeated(5000, |i| format!("foo{i} = 1\n"));
    let (.., diagnostics) = read_all(&[("a.toml", &text)]);
    assert_eq!(diagnostics[100].title, "at least 901 more mistakes are not shown");
}

#[test]
fn many_duplicates_are_counted() {
    let (.., diagnostics) = read_all(&[("a.yaml", &"name: x\n".repeat(300))]);
    assert_eq!(diagnostics.len(), 101);
    assert_eq!(diagnostics[100].title, "199 more mistakes are not shown");
}

#[test]
fn syntax_errors_in_toml() {
    says("a.toml", "a", "a.toml:1:2 syntax key with no value, expected `=` | write `key = value`");
    says(
        "a.toml",
        "hosts: {}",
        "a.toml:1:6 syntax invalid unquoted key, expected letters, numbers, `-`, `_`",
    );
    says(
        "a.toml",
        "namespace =",
        "a.toml:1:12 syntax a value is missing behind `=` | write `key = value`",
    );
    says(
        "a.toml",
        "namespace = prod # x",
        "a.toml:1:13 syntax a string must be quoted, found `prod` | write `\"prod\"`",
    );
    says(
        "a.toml",
        "secrets.allowPlainInGit = yes",
        "a.toml:1:27 syntax a string must be quoted, found `yes` | write `true`, or `\"yes\"` for a string",
    );
    let found = messages(&[("a.toml", "namespace = 'a\n[hosts.a]\nservice = \"\\q\"\nfoo = 1\n")]);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[2].contains("unknown key `foo`"));
    let cascade =
        "[hosts.a]\nclientAuth.cas = ['a',\n[hosts.b]\nservice='x'\n[hosts.c]\nservice='y'\n";
    assert!(messages(&[("a.toml", cascade)]).len() <= 3, "{:?}", messages(&[("a.toml", cascade)]));
}

#[test]
fn syntax_errors_in_yaml() {
    says(
        "a.yaml",
        "a:\n\tb: 1",
        "a.yaml:2:2 syntax a tab in place of spaces | indent with spaces; YAML allows no tabs there",
    );
    says(
        "a.yaml",
        "namespace: a: b",
        "a.yaml:1:13 syntax `:` makes a key where none is allowed | put a value that contains `: ` or starts with a special character in quotes",
    );
    says(
        "a.yaml",
        "namespace: @x",
        "a.yaml:1:12 syntax no value can start with `@` | put a value that contains `: ` or starts with a special character in quotes",
    );
    says("a.yaml", "hosts: {a: {}", "a.yaml:1:8 syntax the bracket `{` is not closed");
    says(
        "a.yaml",
        "namespace: a\n---\nnamespace: b\n",
        "a.yaml:2:1 syntax a second document starts here; a spec is one document | remove `---`, or put the second document into a file of its own and give it with another `-f`",
    );
    says(
        "a.yaml",
        "namespace: !foo b",
        "a.yaml:1:12 syntax the tag `!foo` does not fit here | remove the tag; to make a string, write quotes",
    );
    says(
        "a.yaml",
        "hosts: !!seq {}",
        "a.yaml:1:8 syntax the tag `!!seq` does not fit here | remove the tag; to make a string, write quotes",
    );
    says(
        "a.yaml",
        "? [a]\n: b",
        "a.yaml:1:3 syntax a list or table cannot be a key | write a string as the key; quote a value that starts with `[`, `{`, `?` or `*`",
    );
    says("a.yaml", ": b", "a.yaml:1:1 syntax a key is missing before `:`");
    says("a.yaml", "hosts: &a {a: *a}", "a.yaml:1:15 syntax the alias is inside its own anchor");
    says(
        "a.yaml",
        "<<: 1",
        "a.yaml:1:5 wrong-type `<<` expects a table or a list of tables, found the number `1` | write `<<: *name`, with `&name` at a table",
    );
    assert!(!read(&[source("a.yaml", "a: [")]).0.is_whole());
}

#[test]
fn mistakes_in_set() {
    says(
        "--set",
        "a.b",
        "--set:1:1 syntax expected `KEY=VALUE`, found no `=` | write such as `--set hosts.\"www.example.com\".tls.issuer=self-signed`",
    );
    says(
        "--set",
        "patches[0].path=1",
        "--set:1:8 syntax an entry of a list cannot be set alone | set the whole list, such as `--set 'patches=[a, b]'`",
    );
    says(
        "--set",
        "=1",
        "--set:1:1 syntax `` is not a dotted key: unquoted keys cannot be empty, expected letters, numbers, `-`, `_` | quote parts with other characters than letters, digits, `-` and `_`: `hosts.\"www.example.com\".tls=false`",
    );
    says(
        "--set",
        "namespace=1",
        "--set:1:11 wrong-type expected a string, found the number `1` | write `\"1\"`, in quotes",
    );
    says(
        "--set",
        "hosts.a.foo=1",
        "--set:1:9 unknown-key unknown key `foo` | known keys: `host`, `service`, `routes`, `tls`, `clientAuth`, `ingressName`, `existingIngress`, `ingressClassName`, `gateway`, `namespace`, `labels`, `annotations`, `allowAnnotations`",
    );
    says(
        "--set",
        "hosts.a.service='x",
        "--set:1:17 syntax a quoted text is not closed | close it with the same quote, or indent its next line",
    );
    says(
        "--set",
        "namespace=\"a\" b",
        "--set:1:15 syntax there is text behind the closing quote | put the whole value in quotes",
    );
    says("--set", "a\nb=1", "--set:1:1 syntax `a\\nb` is not a dotted key");
    says("--set", "a=1\nb='2'", "--set:1:1 unknown-key unknown key `a`");
    let deep = format!("{}a=1", "a.".repeat(100));
    says("--set", &deep, "--set:1:1 too-large nested too deeply: more than 64 levels");
}

#[test]
fn mistakes_in_the_object_form() {
    let found = messages(&[(
        "o.yaml",
        "apiVersion: mtlsgen.dev/v1\nkind: MutualTls\nmetadat: {}\nhosts: {}\n",
    )]);
    let starts: Vec<_> = found.iter().map(|line| line.split(" | ").next().unwrap()).collect();
    assert_eq!(
        starts,
        [
            "o.yaml:1:1 missing-key `metadata.name` is missing in the object of kind `MutualTLS`",
            "o.yaml:1:1 missing-key `spec` is missing in the object of kind `MutualTLS`",
            "o.yaml:1:13 object-form expected `apiVersion: mtlsgen.dev/v1alpha1`, found the string `mtlsgen.dev/v1`",
            "o.yaml:2:7 object-form expected `kind: MutualTLS`, found the string `MutualTls`",
            "o.yaml:3:1 unknown-key unknown key `metadat` in the object of kind `MutualTLS`",
            "o.yaml:4:1 unknown-key unknown key `hosts` in the object of kind `MutualTLS`",
        ]
    );
    let namespace = "apiVersion: mtlsgen.dev/v1alpha1\nkind: MutualTLS\nmetadata: {name: a, namespace: b}\nspec: {}\n";
    says(
        "o.yaml",
        namespace,
        "o.yaml:3:21 ignored-key `metadata.namespace` says nothing about the generated objects | write `spec.namespace`",
    );
}

#[test]
fn follow_ups_on_a_broken_line_are_not_reported() {
    assert_eq!(messages(&[("a.toml", "services.a.port = eighty\n")]).len(), 1);
}
