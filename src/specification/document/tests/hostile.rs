//! Malicious input.

use proptest::prelude::*;

use super::*;

/// The code of the first diagnostic about a text.
fn code(name: &str, text: &str) -> &'static str {
    let (.., diagnostics) = read_all(&[(name, text)]);
    diagnostics.first().map_or("none", |diagnostic| diagnostic.code)
}

#[test]
fn depth_is_limited() {
    for open in ["[", "{a: ", "- ", "[{a: "] {
        assert_eq!(code("a.yaml", &open.repeat(100_000)), "too-large", "{open}");
    }
    let steps: String =
        (0..10_000).fold(String::new(), |text, i| text + &" ".repeat(i.min(300)) + "a:\n");
    assert_ne!(code("a.yaml", &steps), "none");
    for text in [
        "a = ".to_owned() + &"[".repeat(100_000),
        "a = ".to_owned() + &"{a = ".repeat(100_000),
        "a.".repeat(100_000) + "a = 1",
        format!("[{}a]", "a.".repeat(100_000)),
        "[".repeat(100_000),
    ] {
        assert_eq!(code("a.toml", &text), "too-large", "{}", &text[..20]);
    }
    assert_eq!(code("--set", &format!("{}a=1", "a.".repeat(100_000))), "too-large");
    assert_eq!(code("--set", &format!("a={}", "[".repeat(100_000))), "too-large");
}

#[test]
fn what_is_allowed_is_read_to_its_full_depth() {
    let depth = node::MAX_DEPTH - 3;
    let yaml = format!("patches: [{{patch: {}{}}}]", "[".repeat(depth), "]".repeat(depth));
    let toml = format!("patches = [{{patch = {}{}}}]", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(code("a.yaml", &yaml), "none");
    assert_eq!(code("a.toml", &toml), "none");
}

#[test]
fn aliases_do_not_explode() {
    let bomb = repeated(11, |level| {
        let before = format!("*a{level}, ").repeat(10);
        format!("a{0}: &a{0} [{before}]\n", level + 1)
    });
    let text = format!("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n{bomb}");
    assert_eq!(code("a.yaml", &text), "too-large");
    let many = format!("annotations: {{a: &a x{}}}", repeated(5000, |i| format!(", k{i}: *a")));
    assert_eq!(code("a.yaml", &many), "none");
}

#[test]
fn deep_values_cannot_be_stacked_by_aliases() {
    let text = format!(
        "patches:\n- patch: &a {}{}\n- patch: {}*a{}\n",
        "[".repeat(40),
        "]".repeat(40),
        "[".repeat(40),
        "]".repeat(40)
    );
    assert_eq!(code("a.yaml", &text), "too-large");
}

#[test]
fn control_characters_and_wrong_bytes_are_named() {
    for (name, text) in [
        ("a.toml", "namespace = \"a\0b\""),
        ("a.yaml", "namespace: \"a\u{1b}b\""),
        ("--set", "namespace=a\0"),
    ] {
        let found = messages(&[(name, text)]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("found the control character"), "{found:?}");
    }
    assert_eq!(code("a.yaml", "namespace: \"a\\0b\""), "invalid-value");
}

#[test]
fn long_texts_are_refused() {
    let (document, diagnostics) = read(&[source("a.yaml", &" ".repeat(MAX_BYTES + 1))]);
    assert_eq!(diagnostics[0].code, "too-large");
    assert!(!document.is_whole());
}

#[test]
fn keys_may_be_long_and_many() {
    let text = repeated(3000, |i| format!("annotations.k{i} = '{i}'\n"));
    assert_eq!(good(&[("a.toml", &text)]).annotations.len(), 3000);
}

/// Bytes that are likely to mean something to a parser.
fn snippets() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[a-z]{1,3}",
        "[ \\n\\t\\r]{1,3}",
        proptest::sample::select(vec![
            "[", "]", "{", "}", "=", ":", ": ", "- ", "\"", "'", ",", ".", "&a", "*a", "<<",
            "!!str ", "!x ", "|", ">", "#", "---\n", "...\n", "\"\"\"", "'''", "\\", "0x", "1.5",
            "~", "? ", "%", "@", "ä", "\u{feff}", "hosts", "tls", "cas", "true", "null", "\u{85}",
            "\u{2028}",
        ])
        .prop_map(str::to_owned),
    ];
    proptest::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

fn survives(text: &str) {
    for name in ["a.toml", "a.yaml", "<stdin>", "--set"] {
        let (document, _, diagnostics) = read_all(&[(name, text), (name, text)]);
        let shown = crate::diagnostic::human::render(&diagnostics, false, 80);
        assert_eq!(shown.is_empty(), diagnostics.is_empty());
        assert_eq!(
            crate::diagnostic::json::render(&diagnostics).is_empty(),
            diagnostics.is_empty()
        );
        assert!(document.span(&path!["hosts", "a", "tls"]).is_some());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_read_without_panic(text in ".{0,60}") {
        survives(&text);
    }

    #[test]
    fn any_mixture_is_read_without_panic(text in snippets()) {
        survives(&text);
    }

    #[test]
    fn any_bytes_are_decoded_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        match decode("a.yaml", "".into(), bytes) {
            Ok(source) => survives(&source.text),
            Err(diagnostic) => {
                assert!(!crate::diagnostic::human::render(&[*diagnostic], true, 80).is_empty());
            }
        }
    }
}
