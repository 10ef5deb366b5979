use std::path::Path;

use minijinja::Value;
use proptest::prelude::*;
use serde_json::json;

use super::{BUILT_IN, Engine, TemplateSet};
use crate::diagnostic::Source;
use crate::manifest::texts::Texts;
use crate::manifest::values::fields;
use crate::yaml;

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
            ("map", Texts::of([("k", "1e3"), ("b", "two\nlines\n")]).view()),
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

/// Expressions, and the engine's results for them without and within the budget.
const EXPRESSIONS: [&str; 41] = [
    "1 + 2 - 3 + 4 + 5 - 6 * 2 * 3 // 2 * 2",
    "1 + 2 * 3 - 4",
    "2 * 3 ** 2 ~ 'x'",
    "-v.n * 2 + -1",
    "'a' ~ 1 + 2 ~ 'b'",
    "7 // 2 * 3 % 4 * 5",
    "'ab' * 3",
    "3 * 'ab' ~ 'c' * 2",
    "[1, 2] + [3] * 2",
    "(v.s ~ 'x')[1:3] ~ v.s[::-1]",
    "v.l[1:][0] ~ v.l[:1]",
    "v.s ~ v.s if v.s ~ 'q' == 'abcq' else 'no' ~ 'thing'",
    "'a' in v.l ~ 'x' and 'z' not in v.l",
    "not v.s ~ 'a' == 'b'",
    "v.n is divisibleby 3 and v.n is not odd or v.s is startingwith 'a' ~ 'b'",
    "v.l | map('upper') | join(', ' ~ '-') ~ '!'",
    "{'k' ~ 1: 'a' ~ 'b', 'l': [1 + 1]}",
    "dict(a=1 + 1, b='x' ~ 'y').b ~ dict(**{'c': 'd' ~ 'e'}).c",
    "range(1 + 2) | list",
    "range(*[1, 2 + 3]) | list + [9]",
    "'%s-%05d' | format(v.s ~ 'x', v.n * 2)",
    "'x' 'y' ~ 'z'",
    "[1, 2] + [3, 4] == [1, 2, 3, 4]",
    "1 < 2 + 1 < 4",
    "v.s | replace('a', 'b' ~ 'b') | upper ~ v.s | title",
    "'a\nb' | indent(2, true)",
    "v.l | batch(2) | list",
    "v.l | slice(2) | list",
    "'1.5' | float + 1.5 * 2",
    "v.l | sort | reverse | first ~ v.l | last",
    "v.missing | default('d' ~ 'e')",
    "(1, 2) + (3,)",
    "'a,b' | split(',') | length",
    "v.n - 1 if v.n in [1 + 2, 12] else 0",
    "'a' if v.n < 3 or v.n > 5 else 'b' ~ 'c' ~ v.n",
    "10010 | replace(1, v.l) ~ v.l | replace('a', v.n)",
    "v.l | indent(2) ~ [1, 2] | join(v.l)",
    "v.l is startingwith '[' and v.n is endingwith 2",
    "12 is divisibleby(-1) and 1.5 is not divisibleby(-1) and v.s is not divisibleby(2)",
    "12 is divisibleby 5 or 12 is divisibleby(3.0)",
    "-9223372036854775807 is divisibleby -7",
];

#[test]
fn the_budget_changes_nothing_but_the_size() {
    let value = serde_json::json!({"s": "abc", "n": 12, "l": ["b", "a", "c"]});
    let context = || fields([("v", Value::from(minijinja::value::Serde(&value)))]);
    let mut plain = minijinja::Environment::new();
    plain.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    for expression in EXPRESSIONS {
        let within = set(&format!("a: {{{{ {expression} }}}}\n"));
        let within = Engine::new(&within).unwrap().render("x.yaml.j2", &context()).unwrap();
        let want = plain.compile_expression(expression).unwrap().eval(context()).unwrap();
        let want = serde_json::to_value(&want).unwrap();
        assert_eq!(parsed(&within), json!({"a": want}), "{expression}\n{within}");
    }
}

/// Whitespace, blocks and every kind of tag; what the engine gives without the budget is the same text.
const TEMPLATES: [&str; 15] = [
    "\n  {% if v %}\n  a: {{ v }}\n  {% endif %}\nb\n",
    "  {%- if v -%}  a  {%- endif %}\n",
    "a {{- v -}} b {{ v }}\n c",
    "{% for x in [1, 2] %}\n  - {{ x }}{% if not loop.last %},{% endif %}\n{% else %}none{% endfor %}",
    "{% set x %}\n t {{ v }}\n{% endset %}{{ x }}{% set y = v ~ v %}{{ y }}",
    "{% macro m(a, b='x' ~ 'y') %}<{{ a }}{{ b }}{{ caller() }}>{% endmacro %}{% call m(v ~ 1) %} in {% endcall %}\n",
    "{% with a = v ~ 1, b = 'q' * 2 %}{{ a }}{{ b }}{% endwith %}",
    "{% filter upper %}x {{ v }}{% endfilter %}{% raw %} {{ no }} {% if %}{% endraw %}\n",
    "{# c #}  {# d #}\n{% for k, w in {'a': 1 + 1}|items if w in [2] recursive %}{{ k }}{{ w }}{% endfor %}",
    "{% set ns = namespace(t='') %}{% for x in range(3) %}{% set ns.t = ns.t ~ x %}{% endfor %}{{ ns.t }}",
    "{% block b %} one {{ self.c() }}{% endblock %}{% block c %}two{% endblock %}\n\n",
    "{%+ if v ~ 'a' == 'xa' and not v is none %}  yes{% elif v * 2 %}no{% endif +%}\n",
    "{% for x in [1, 1, 2] %}{{ loop.cycle('a', 'b' ~ v, ) }}{{ loop.cycle(*[3, 4]) }}{% endfor %}",
    "{% for x in [1, 1, 2] %}{% if loop.changed(x, [x + 1]) %}{{ x }}{% endif %}{% endfor %}",
    "{% for x in [1, 1] %}{% set l = loop %}{{ l.changed( ) }}{{ l.changed(l.changed(v ~ 1) ~ [v][0:1]) }}{% endfor %}",
];

#[test]
fn rewritten_templates_give_the_same_text() {
    for text in TEMPLATES {
        let set = set(text);
        let within = Engine::new(&set).unwrap();
        let context = || fields([("v", Value::from("x"))]);
        let mut plain = super::engine::environment();
        plain.add_template("t", text).unwrap();
        let want = plain.get_template("t").unwrap().render(context()).unwrap();
        assert_eq!(within.render("x.yaml.j2", &context()).unwrap(), want, "{text}");
    }
}

/// The engine panics at each.
const DIVISIONS: [&str; 5] = [
    "{% for x in [1] %}{{ loop.cycle() }}{% endfor %}",
    "{% for x in [1] %}{% set l = loop %}{{ l.cycle(*[]) }}{% endfor %}",
    "{{ 1 is divisibleby(0) }}",
    "{{ [1] | select('divisibleby', 0) | list }}",
    "{{ 1 is divisibleby false }}",
];

#[test]
fn nothing_is_divided_by_nothing() {
    for text in DIVISIONS {
        let set = set(&format!("# first line\n{text}\n"));
        let error = Engine::new(&set).unwrap().render("x.yaml.j2", &fields([])).unwrap_err();
        assert!(error.title.contains("line 2"), "{text}\n{error:?}");
    }
    let set = set("a: {{ (-170141183460469231731687303715884105727 - 1) is divisibleby(-1) }}\n");
    let printed = Engine::new(&set).unwrap().render("x.yaml.j2", &fields([])).unwrap();
    assert_eq!(printed, "a: True\n");
}

/// What the engine does with `x`, a list that holds a list twice, and so on sixty times, as `y` does; each makes a text
/// of it, or compares it.
const LOOKS: [&str; 10] = [
    "x | replace('a', 'b')",
    "'a' | replace(x, 'b')",
    "'a' | replace('a', x)",
    "[x] | map('replace', 'a', 'b') | list",
    "x | indent(2)",
    "['a', 'b'] | join(x)",
    "'a' is startingwith(x)",
    "'a' is endingwith x",
    "loop.changed(x) ~ loop.changed(y)",
    "loop.changed(*[x]) ~ loop.changed(*[y])",
];

#[test]
fn no_text_is_made_of_a_list_that_is_too_long_when_written() {
    for look in LOOKS {
        let text = format!(
            "# first line\n{{% set n = namespace(x=['a'], y=['a']) %}}\
            {{% for i in range(60) %}}{{% set n.x = [n.x, n.x] %}}{{% set n.y = [n.y, n.y] %}}{{% endfor %}}\
            {{% set x = n.x %}}{{% set y = n.y %}}{{% for i in [1] %}}{{{{ {look} }}}}{{% endfor %}}\n"
        );
        let set = set(&text);
        let error = Engine::new(&set).unwrap().render("x.yaml.j2", &fields([])).unwrap_err();
        assert_eq!(error.code, "template-too-large", "{look}\n{error:?}");
        assert!(error.title.contains("line 2"), "{look}\n{error:?}");
    }
}

/// Each doubles, or makes much of little, in another way.
const EXPLOSIONS: [&str; 30] = [
    "{% set n = namespace(x='ab') %}{% for i in range(50) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "{% set n = namespace(x='ab') %}{% for i in range(50) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% set n = namespace(x='ab') %}{% for i in range(50) %}{% set n.x = [n.x, n.x] | join %}{% endfor %}",
    "{% set n = namespace(x='ab') %}{% for i in range(50) %}{% set n.x = n.x | replace('a', n.x) %}{% endfor %}",
    "{% set n = namespace(x='ab') %}{% for i in range(50) %}{% set n.x = '%s%s' | format(n.x, n.x) %}{% endfor %}",
    "{% set n = namespace(x='ab') %}{% for i in range(50) %}{% set n.x %}{{ n.x }}{{ n.x }}{% endset %}{% endfor %}",
    "{% set n = namespace(x=[1]) %}{% for i in range(50) %}{% set n.x = n.x + n.x %}{% endfor %}{{ n.x | length }}",
    "{% set n = namespace(x=[1]) %}{% for i in range(50) %}{% set n.x = n.x | chain(n.x) %}{% endfor %}",
    "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}a: {{ n.x }}",
    "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}a: {{ n.x | pprint }}",
    "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}a: {{ '%s' | format(n.x) }}",
    "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% set n.y = [n.y, n.y] %}{% endfor %}a: {{ n.x == n.y }}",
    "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% set n.y = [n.y, n.y] %}{% endfor %}a: {{ n.x in [n.y] }}",
    "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% set n.y = [n.y, n.y] %}{% endfor %}a: {{ n.x is eq(n.y) }}",
    "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% set n.y = [n.y, n.y] %}{% endfor %}a: {{ [n.x, n.y] | sort }}",
    "{% set x = 'abc' | indent(1000000000, true) %}",
    "{% set x = 'a\\nb' | indent(width=1000000000) %}",
    "{% set x = '%1000000000d' | format(1) %}",
    "{% set x = '%*d' | format(1000000000, 1) %}",
    "{% set x = '%.1000000000f' | format(1) %}",
    "{% set x = 'x' * 90000000 %}",
    "{% set x = 90000000 * (1,) %}",
    "{% set x = ([1] * 90000000) | list %}",
    "{% set x = [1] | slice(1000000000) %}",
    "{% set x = [1] | batch(1000000000, 'x') %}",
    "{% set n = namespace(l=[]) %}{% set b = 'x' * 9000000 %}{% for i in range(90000) %}{% set n.l = n.l + [b[1:]] %}{% endfor %}",
    "{% macro m(x) %}{{ m(x ~ x) }}{% endmacro %}{{ m('abcd') }}",
    "{% for x in [['ab']] recursive %}{{ loop([x[0] ~ x[0]]) }}{% endfor %}",
    "{% set b = 'x' * 1000000 %}{% for i in range(100000) %}{{ b }}{% endfor %}",
    "{% set x = ['x' * 60000, ','] | map('list') | list %}{% set y = ('a' * 9000000) | split('') %}",
];

#[test]
fn what_makes_much_of_little_is_stopped_and_the_place_named() {
    for text in EXPLOSIONS {
        let set = set(&format!("# first line\n{text}\n"));
        let error = Engine::new(&set).unwrap().render("x.yaml.j2", &fields([])).unwrap_err();
        let is_ours = error.code == "template-too-large"
            || error.title.contains("recursion")
            || error.title.contains("too large");
        assert!(is_ours, "{text}\n{error:?}");
        assert!(error.title.contains("line 2"), "{text}\n{error:?}");
    }
}

#[test]
fn raw_text_counts_as_well() {
    let raw = "raw text ".repeat(1000);
    let set = set(&format!(
        "{{% set x %}}{{% for i in range(90000) %}}{raw}{{% endfor %}}{{% endset %}}\n"
    ));
    let error = Engine::new(&set).unwrap().render("x.yaml.j2", &fields([])).unwrap_err();
    assert_eq!(error.code, "template-too-large", "{error:?}");
}

#[test]
fn long_expressions_are_as_good_as_short_ones() {
    for operator in ["~", "+", "*", "-"] {
        let set = set(&format!("a: {{{{ {}1 }}}}\n", format!("1 {operator} ").repeat(900)));
        let printed = Engine::new(&set).unwrap().render("x.yaml.j2", &fields([])).unwrap();
        assert_eq!(printed.len() > 900, operator == "~", "{printed}");
    }
}

fn is_refused(text: String) -> bool {
    let source = Source { name: "t/x.yaml.j2".into(), directory: "t".into(), text };
    TemplateSet::new([("x.yaml.j2".to_owned(), source.into())].into()).is_err()
}

/// The engine's compiler calls itself for each of them.
#[test]
fn templates_that_the_engine_could_not_compile_are_refused() {
    for repeated in ["1 - ", "1 ~ ", "v.a or ", "1 ** ", "1 if ", "not ", "- "] {
        assert!(is_refused(format!("{{{{ {}1 }}}}", repeated.repeat(100_000))), "{repeated}");
    }
    for repeated in [".a", "|upper", "[0]", "(1)", "[1:]", " is none", ".changed(v)"] {
        assert!(is_refused(format!("{{{{ v{} }}}}", repeated.repeat(100_000))), "{repeated}");
    }
    for open in ["{% if v %}", "{{ (", "{{ v.changed(", "{{ [", "{% set x %}", "{% for x in v %}"] {
        assert!(is_refused(open.repeat(100_000)), "{open}");
    }
    assert!(is_refused(format!("{{% if v %}}{}{{% endif %}}", "{% elif v %}".repeat(100_000))));
}
