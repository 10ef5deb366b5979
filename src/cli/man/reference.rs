//! `docs/reference.md`: every command, flag, key of the spec and code, from where the program has them.
//! `MTLSGEN_UPDATE=1 cargo test` rewrites it.

mod fields;

use clap::Arg;
use serde_json::{Map, Value, json};

use super::with_below;
use crate::cli::{command, explain, renamed};
use crate::diagnostic::codes;
use crate::specification;

fn page() -> String {
    let (commands, former_names, codes) = (commands(), former_names(), codes());
    let fields = fields::fields();
    let (keys, object_keys) = keys();
    format!(
        "# Reference

<!-- Generated from the code: `MTLSGEN_UPDATE=1 cargo test` rewrites it. -->

[Commands](#commands), [keys of the spec](#keys-of-the-spec), [fields of JSON](#fields-of-json), [codes of messages](#codes-of-messages).

## Commands

Every command has the flags of `mtlsgen` itself, `--version` apart.
{commands}
### Former names

They work for one more version, with the notice `renamed-flag`.
{former_names}
## Keys of the spec

`NAME` is a name of your choice, `[]` an entry of a list. A required key is required wherever the table that has it is there; of files that
are merged, one has it. Only the first sentence of each description is here; `mtlsgen schema` has them whole.
{keys}
### Object form

As the configuration of Kustomize, a spec is an object: the keys above are under `spec`.
{object_keys}
## Fields of JSON

`mtlsgen schema NAME` prints the JSON Schema of each; [the command line](command-line.md#json) says what the common ones mean. `[]` is an entry of
a list, an optional field may be absent, and `object as` names the first field that has the same fields, `.` the whole output.
{fields}
## Codes of messages

A message begins with its severity and code: `error[unknown-key]`.
{codes}"
    )
}

/// A table, or nothing if it has no rows.
fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head = [head.map(str::to_owned), head.map(|_| "---".to_owned())];
    let lines = head.iter().chain(rows).map(|cells| format!("| {} |\n", cells.join(" | ")));
    let lines: Vec<String> = lines.collect();
    format!("\n{}", lines.concat())
}

/// A text in a cell: what Markdown would take for its own is escaped.
fn cell(text: &str) -> String {
    let escape = |(at, piece): (usize, &str)| {
        // Between backticks, everything but `|` is taken as it is.
        if at % 2 == 1 { piece.to_owned() } else { piece.replace('<', "\\<").replace('*', "\\*") }
    };
    let pieces: Vec<String> = text.split('`').enumerate().map(escape).collect();
    pieces.join("`").replace('|', "\\|")
}

fn code(text: &str) -> String {
    cell(&format!("`{text}`"))
}

fn code_of(value: &Value) -> String {
    code(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn list(items: impl Iterator<Item = String>, between: &str) -> String {
    items.collect::<Vec<_>>().join(between)
}

fn commands() -> String {
    let mut root = command();
    root.build();
    let mut all = with_below(root);
    all.sort_by(|one, next| one.get_bin_name().cmp(&next.get_bin_name()));
    let sections: Vec<String> = all.into_iter().map(section).collect();
    sections.concat()
}

fn section(mut command: clap::Command) -> String {
    let usage = command.render_usage().to_string();
    let usage = list(usage.lines().map(|l| l.trim_start_matches("Usage:").trim().to_owned()), "\n");
    let name = command.get_bin_name().unwrap_or("mtlsgen").to_owned();
    let about = command.get_about().unwrap().to_string();
    let is_root = name == "mtlsgen";
    let is_own = |argument: &&Arg| {
        let is_shared = argument.is_global_set() || argument.get_id() == "help";
        !argument.is_hide_set() && (is_root || !is_shared)
    };
    let flags = command.get_arguments().filter(|argument| !argument.is_positional());
    let own = command.get_positionals().chain(flags).filter(is_own);
    let rows: Vec<_> = own.map(argument).collect();
    let head = ["argument or flag", "values", "default", "meaning"];
    let table = table(head, &rows);
    format!("\n### `{name}`\n\n{about}\n\n```text\n{usage}\n```\n{table}")
}

fn argument(argument: &Arg) -> [String; 4] {
    let short = argument.get_short().map(|short| code(&format!("-{short}")));
    let values = argument.get_possible_values();
    let values = values.iter().filter(|value| !value.is_hide_set());
    let takes_value = argument.get_action().takes_values();
    let defaults = argument.get_default_values().iter().filter(|_| takes_value);
    [
        list(short.into_iter().chain([code(&argument.to_string())]), ", "),
        list(values.map(|value| code(value.get_name())), ", "),
        list(defaults.map(|value| code(&value.to_string_lossy())), ", "),
        cell(&argument.get_help().unwrap().to_string()),
    ]
}

fn former_names() -> String {
    let flag = |name: &str| code(&format!("--{name}"));
    let flags = renamed::FLAGS.iter();
    let flags = flags.map(|one| [code(one.command), flag(one.former), flag(one.now)]);
    let switches = renamed::SWITCHES.iter();
    let switches = switches.map(|(of, former, now)| [code(of), flag(former), code(now)]);
    let values = renamed::VALUES.iter().map(|(of, former, now)| {
        let with = |value: &str| flag(&format!("{of} {value}"));
        ["every command".to_owned(), with(former), with(now)]
    });
    let rows: Vec<_> = flags.chain(switches).chain(values).collect();
    table(["command", "former name", "name"], &rows)
}

/// The tables of the keys of a spec, and of those around it in the object form.
fn keys() -> (String, String) {
    let mut schema = specification::json_schema();
    let unless_merged = schema["allOf"][0]["else"].clone();
    json_patch::merge(&mut schema, &unless_merged);
    let properties = schema["properties"].as_object().unwrap().clone();
    let is_of_spec = |key: &str| schema["else"]["properties"].get(key).is_some();
    let (of_spec, of_object): (Map<_, _>, Map<_, _>) =
        properties.into_iter().partition(|(key, _)| is_of_spec(key));
    let table = |properties: Map<String, Value>, form: &str| {
        let mut rows = Vec::new();
        let required = &schema[form]["required"];
        add_keys(&json!({ "properties": properties, "required": required }), "", &mut rows);
        table(["key", "type", "required", "default", "meaning"], &rows)
    };
    (table(of_spec, "else"), table(of_object, "then"))
}

fn add_keys(schema: &Value, path: &str, rows: &mut Vec<[String; 5]>) {
    let is_required = |key: &str| {
        let required = schema["required"].as_array();
        required.is_some_and(|required| required.iter().any(|one| one == key))
    };
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        // What is described elsewhere.
        if property.get("$ref").is_some() {
            continue;
        }
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        rows.push([
            code(&path),
            type_of(property),
            if is_required(key) { "yes".to_owned() } else { String::new() },
            property.get("default").map(code_of).unwrap_or_default(),
            cell(first_sentence(property["description"].as_str().unwrap())),
        ]);
        add_keys(property, &path, rows);
    }
    for (several, end) in [("items", "[]"), ("additionalProperties", ".NAME")] {
        if schema[several].is_object() {
            add_keys(&schema[several], &format!("{path}{end}"), rows);
        }
    }
}

/// The usual name of the type of a key, or the values that it may have.
fn type_of(schema: &Value) -> String {
    let one = schema.get("const").map(std::slice::from_ref);
    if let Some(values) = one.or(schema["enum"].as_array().map(Vec::as_slice)) {
        return list(values.iter().map(code_of), ", ");
    }
    if let Some(options) = schema["anyOf"].as_array() {
        return list(options.iter().map(type_of), " or ");
    }
    let types = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
    let name = |of: &Value| match of.as_str() {
        Some("array") => format!("list{}", of_several(&schema["items"])),
        Some("object") => format!("table{}", of_several(&schema["additionalProperties"])),
        Some("boolean") if schema["then"]["enum"] == json!([false]) => code("false"),
        name => name.unwrap_or("anything").to_owned(),
    };
    list(types.iter().map(name), " or ")
}

/// What the entries of a list or a table with free keys are.
fn of_several(schema: &Value) -> String {
    if !schema.is_object() {
        return String::new();
    }
    let one = type_of(schema);
    let plural = if one.chars().all(char::is_alphabetic) { "s" } else { "" };
    format!(" of {one}{plural}")
}

/// A text up to its first full stop that is not in code.
fn first_sentence(text: &str) -> &str {
    let is_end = |at: &usize| text[..*at].matches('`').count().is_multiple_of(2);
    let end = text.match_indices(". ").map(|(at, _)| at).find(is_end);
    end.map_or(text, |at| &text[..=at])
}

fn codes() -> String {
    let row = |one: &codes::Code| {
        let page = one.page.strip_prefix("docs/").expect("every page is in docs");
        let severities = explain::words(one).join(", ");
        [code(one.name), severities, cell(one.meaning), format!("[{page}]({page})")]
    };
    let rows: Vec<_> = codes::all().iter().map(row).collect();
    table(["code", "severity", "meaning", "more"], &rows)
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a switch rewrites the file that is under test")]
fn the_page_is_current() {
    let current = page();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference.md");
    if std::env::var_os("MTLSGEN_UPDATE").is_some() {
        std::fs::write(path, &current).unwrap();
    }
    let file = std::fs::read_to_string(path).unwrap_or_default();
    assert!(file == current, "{path} is out of date: MTLSGEN_UPDATE=1 cargo test rewrites it");
}

#[test]
fn cells_are_what_they_say() {
    assert_eq!(cell("`a|<b>*` or <c>|*"), "`a\\|<b>*` or \\<c>\\|\\*");
    assert_eq!(first_sentence("As `a. b`, or 1.2. More."), "As `a. b`, or 1.2.");
    assert_eq!(first_sentence("All of it"), "All of it");
    let form = json!({ "type": ["boolean", "object"], "then": { "enum": [false] } });
    assert_eq!(type_of(&form), "`false` or table");
    let several =
        json!({ "type": "array", "items": { "type": "array", "items": { "type": "string" } } });
    assert_eq!(type_of(&several), "list of list of strings");
    let words = json!({ "type": "object", "additionalProperties": { "enum": ["a", 1] } });
    assert_eq!(type_of(&words), "table of `a`, `1`");
}
