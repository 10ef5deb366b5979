//! What is a store, and what is none.

use serde_json::json;

use super::*;

fn read_text(text: &str) -> Result<Secrets, Vec<String>> {
    let input = |text: &str| Input { name: "f".into(), text: text.as_bytes().to_vec().into() };
    read(text.split("\n====\n").map(input).collect())
        .map_err(|errors| errors.into_iter().map(|error| error.title).collect())
}

fn reference(name: &str) -> Reference {
    Reference { namespace: "ns".into(), name: name.into() }
}

fn value(secrets: &Secrets, name: &str, key: &str) -> Option<String> {
    let octets = secrets.get(&reference(name))?.value(key)?.ok()?;
    Some(String::from_utf8(octets.to_vec()).unwrap())
}

#[test]
fn lists_documents_and_files_are_read_and_other_kinds_are_not() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  \
                metadata: {name: a, namespace: ns}\n  data:\n    x: |\n      YW\n      I=\n\
                - {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: y}}\n---\n\
                {apiVersion: v1, kind: Secret, metadata: {name: b, namespace: ns}, data: {x: YQ==, z: null}, stringData: {x: z}}\n\
                ====\n{\"kind\": \"SecretList\", \"apiVersion\": \"v1\", \"items\": [{\"metadata\": {\"name\": \"c\", \"namespace\": \"ns\"}, \"type\": \"t\"}]}";
    let secrets = read_text(text).unwrap();
    assert_eq!(secrets.count(), 3);
    assert_eq!(value(&secrets, "a", "x").as_deref(), Some("ab"));
    assert_eq!(value(&secrets, "b", "x").as_deref(), Some("z"));
    assert!(secrets.get(&reference("b")).unwrap().has("z"));
    assert_eq!(value(&secrets, "b", "z"), None);
    assert_eq!(secrets.get(&reference("c")).unwrap().type_name, "t");
    assert_eq!(secrets.get(&reference("b")).unwrap().type_name, "Opaque");
}

#[test]
fn what_cannot_be_a_store_is_refused() {
    let one = |data: &str| {
        format!(
            "{{apiVersion: v1, kind: Secret, metadata: {{name: a, namespace: ns}}, data: {data}}}"
        )
    };
    let twice = format!("{}\n---\n{}", one("{x: YQ==}"), one("{x: Yg==}"));
    let cases = [
        ("", "is empty"),
        ("# nothing\n", "is empty"),
        ("a: b: c", "neither YAML nor JSON"),
        ("{\"a\": ", "neither YAML nor JSON"),
        (&"[".repeat(100_000), "neither YAML nor JSON"),
        (&"{\"a\":".repeat(100_000), "neither YAML nor JSON"),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", "has no `metadata.namespace`"),
        ("apiVersion: v1\nkind: Secret\n", "has no `metadata.name`"),
        (&one("{x: [1]}"), "something else than text under `x`"),
        (&twice, "is there twice"),
    ];
    for (text, message) in cases {
        let errors = read_text(text).unwrap_err();
        assert!(errors[0].contains(message), "{text}: {errors:?}");
    }
    assert_eq!(read_text(&format!("{0}\n---\n{0}", one("{x: YQ==}"))).unwrap().count(), 1);
    let broken = read_text(&one("{x: 'spki-sha256:00'}")).unwrap();
    assert!(broken.get(&reference("a")).unwrap().value("x").unwrap().is_err());
}

#[test]
fn names_with_hashes_are_those_of_their_content() {
    let object = json!({"type": "Opaque", "data": {"x": "YQ=="}});
    let hash = name_suffix_hash::of_secret(&object);
    let other = name_suffix_hash::of_secret(&json!({"type": "Opaque", "data": {"x": "Yg=="}}));
    let secret = |name: &str, x: &str, created: &str| {
        format!(
            "{{apiVersion: v1, kind: Secret, type: Opaque, metadata: {{name: {name}, namespace: ns, creationTimestamp: '{created}'}}, data: {{x: {x}}}}}"
        )
    };
    let wrong = secret("a-2222222222", "YQ==", "2026-01-03T00:00:00Z");
    let texts = |first: &str, second: &str| {
        let one = secret(&format!("a-{hash}"), "YQ==", first);
        let two = secret(&format!("a-{other}"), "Yg==", second);
        format!("{one}\n---\n{two}\n---\n{wrong}")
    };
    let newest = |text: &str| {
        let secrets = read_text(text).unwrap();
        let found = secrets.rendered(&reference("a"), true);
        found.map(|found| found.map(|(reference, _)| reference.name.clone()))
    };
    let two = texts("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
    assert_eq!(newest(&two), Ok(Some(format!("a-{other}"))));
    assert!(newest(&texts("", "")).unwrap_err().title.contains("could be the Secret `ns/a`"));
    let unhashed = read_text(&secret("a", "YQ==", "")).unwrap();
    assert!(unhashed.rendered(&reference("a"), true).unwrap().is_some());
    assert!(read_text(&two).unwrap().rendered(&reference("a"), false).unwrap().is_none());
}

#[test]
fn values_are_not_shown_by_debug() {
    let text = "{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: ns}, stringData: {x: geheim}}";
    assert!(!format!("{:?}", read_text(text).unwrap()).contains("geheim"));
}
