use std::path::Path;

use minijinja::Value;
use proptest::prelude::*;
use serde_json::json;

use super::values::{fields, texts};
use super::{BUILT_IN, Engine, TemplateSet};
use crate::diagnostic::Source;
use crate::manifest::yaml;

fn set(text: &str) -> TemplateSet {
    let source = Source { name: "t/x.yaml.j2".into(), directory: "t".into(), text: text.into() };
    TemplateSet::new([("x.yaml.j2".to_owned(), source.into())].into()).unwrap()
}

fn print(text: &str, value: &str) -> String {
    let set = set(text);
    Engine::new(&set).unwrap().render("x.yaml.j2", &fields([("v", Value::from(value))])).unwrap()
}

fn parsed(text: &str) -> serde_json::Value {
    yaml::parse(text).unwrap().remove(0)
}

/// Ways in which a template may print a value; all give the value itself.
const WAYS: [&str; 9] = [
    "a: {{ v }}\n",
    "a: {% autoescape false %}{{ v }}{% endautoescape %}\n",
    "a: {% autoescape 'html' %}{{ v }}{% endautoescape %}\n",
    "{% set c %}{{ v }}{% endset %}a: {{ c }}\n",
    "{% macro m(x) %}{{ x }}{% endmacro %}a: {{ m(v) }}\n",
    "a: {{ v ~ '' }}\n",
    "a: {{ [v] | join('') }}\n",
    "a:{{ v | block(2) }}\n",
    "a: {{ {'k': v}.k }}\n",
];

#[test]
fn no_way_of_printing_leaves_the_scalar() {
    let hostile: Vec<String> =
        serde_json::from_str(include_str!("../../../tests/hostile-strings.json")).unwrap();
    for way in WAYS {
        let set = set(way);
        let engine = Engine::new(&set).unwrap();
        for text in &hostile {
            let printed =
                engine.render("x.yaml.j2", &fields([("v", Value::from(text.as_str()))])).unwrap();
            assert_eq!(parsed(&printed), json!({"a": text}), "{way} {text:?}\n{printed}");
        }
    }
}

proptest! {
    #[test]
    fn values_keep_their_place(text in any::<String>(), way in 0..WAYS.len()) {
        prop_assert_eq!(parsed(&print(WAYS[way], &text)), json!({"a": text}));
    }
}

#[test]
fn structures_are_printed_in_flow_style_or_as_blocks() {
    let context = || {
        fields([
            ("list", Value::from(vec!["on", "a: b"])),
            ("map", texts([("k", "1e3"), ("b", "two\nlines\n")])),
            ("none", Value::from(())),
            ("number", Value::from(1.5)),
        ])
    };
    let set = set(
        "a: {{ list }}\nb: {{ map }}\nc: {{ none }}\nd: {{ number }}\ne:{{ map | block(2) }}\nf:{{ list | block(2) }}\n",
    );
    let printed = Engine::new(&set).unwrap().render("x.yaml.j2", &context()).unwrap();
    let map = json!({"b": "two\nlines\n", "k": "1e3"});
    let want =
        json!({"a": ["on", "a: b"], "b": map, "c": null, "d": 1.5, "e": map, "f": ["on", "a: b"]});
    assert_eq!(parsed(&printed), want, "{printed}");
    assert!(printed.contains("a: [\"on\", \"a: b\"]\n"), "{printed}");
    assert!(
        printed.contains("e:\n  b: |\n    two\n    lines\n  k: \"1e3\"\nf:\n  - \"on\"\n"),
        "{printed}"
    );
}

#[test]
fn filters_that_print_raw_or_in_another_quoting_are_gone() {
    for filter in ["safe", "escape", "e", "tojson"] {
        let set = set(&format!("a: {{{{ v | {filter} }}}}"));
        let error =
            Engine::new(&set).unwrap().render("x.yaml.j2", &fields([("v", Value::from("x"))]));
        assert_eq!(error.unwrap_err().code, "template-failed");
    }
}

#[test]
fn errors_point_into_the_template() {
    let set = set("a: b\nc: {{ nmae }}\n");
    let context = fields([("name", Value::from("x"))]);
    let error = Engine::new(&set).unwrap().render("x.yaml.j2", &context).unwrap_err();
    let span = error.span.unwrap();
    assert_eq!(span.line_and_column(), (2, 7));
    assert_eq!(&span.source.text[span.range()], "nmae");
    assert_eq!(error.help, ["did you mean `name`?"]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the folder of templates is looked through")]
fn every_file_among_the_templates_is_embedded() {
    fn names(folder: &Path, below: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{below}{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                names(&path, &format!("{name}/"), found);
            } else {
                found.push(name);
            }
        }
    }
    let (mut found, mut known) = (Vec::new(), Vec::new());
    names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"), "", &mut found);
    known.extend(BUILT_IN.iter().map(|(name, _)| (*name).to_owned()));
    found.sort();
    known.sort();
    assert_eq!(found, known);
}
