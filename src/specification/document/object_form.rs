//! Unwraps the object form: `apiVersion`, `kind`, `metadata`, `plugin` and the spec proper under `spec`.

use super::input::Input;
use super::mistake::Mistake;
use super::node::{Entry, Node, Table, Value, describe};
use crate::diagnostic::{Diagnostic, literal, nearest};

/// API version of the object form.
pub const API_VERSION: &str = "mtlsgen.dev/v1alpha1";
/// Kind of the object form.
pub const KIND: &str = "MutualTLS";

/// The key of the plugin's own settings.
pub(super) const PLUGIN: &str = "plugin";

/// Keys beside `spec`; `$schema` is for editors.
const KEYS: [&str; 6] = ["apiVersion", "kind", "metadata", "spec", PLUGIN, "$schema"];

/// What one source says.
pub(super) struct Unwrapped {
    /// The spec proper.
    pub spec: Node,
    /// `metadata.name`, where the spec stood in an object.
    pub name: Option<Entry>,
    /// The plugin's own settings.
    pub plugin: Option<Node>,
}

impl Unwrapped {
    /// A spec without the object form.
    pub fn bare(spec: Node) -> Self {
        Self { spec, name: None, plugin: None }
    }
}

/// Takes an object apart; what is none is the spec itself.
///
/// Of `metadata`, labels and annotations belong to the object itself (Kustomize reads them there)
/// and say nothing about what is generated.
pub(super) fn unwrap(input: &mut Input<'_>, node: Node) -> Unwrapped {
    let place = node.place;
    let mut table = match node.value {
        Value::Table(table) if table.contains_key("apiVersion") || table.contains_key("kind") => {
            table
        }
        value => return Unwrapped::bare(Node { place, value }),
    };
    check_keys(input, &table);
    expect(input, &table, place, "apiVersion", API_VERSION);
    expect(input, &table, place, "kind", KIND);
    let name = name(input, table.shift_remove("metadata"), place);
    let spec = table.shift_remove("spec");
    if spec.is_none() {
        let title = format!("`spec` is missing in the object of kind `{KIND}`");
        let diagnostic = Diagnostic::error("missing-key", title).at(Some(input.span_of(place)));
        input.report(
            diagnostic.help("put `hosts`, `services`, `cas` and the other tables under `spec`"),
        );
    }
    let spec = spec.map(|entry| entry.node).filter(|node| !node.is_null());
    let plugin = table.shift_remove(PLUGIN).map(|entry| entry.node).filter(|node| !node.is_null());
    Unwrapped { spec: spec.unwrap_or_else(|| Node::empty(place)), name, plugin }
}

fn check_keys(input: &mut Input<'_>, table: &Table) {
    for (key, entry) in table {
        if KEYS.contains(&key.as_ref()) {
            if let ("spec" | PLUGIN | "$schema", true) = (key.as_ref(), entry.node.is_null()) {
                let span = input.span_of(entry.key);
                let expected = if key.as_ref() == "$schema" { "a string" } else { "a table" };
                let mistake = Mistake::empty(expected).of(key);
                input.report(mistake.diagnostic().at(Some(span)));
            }
            continue;
        }
        let title = format!("unknown key {} in the object of kind `{KIND}`", literal(key));
        let diagnostic = Diagnostic::error("unknown-key", title).at(Some(input.span_of(entry.key)));
        input.report(match nearest(key, KEYS) {
            Some(known) => diagnostic.help(format!("write `{known}`")),
            None => diagnostic
                .help("beside `apiVersion`, `kind`, `metadata` and `plugin`, everything belongs under `spec`"),
        });
    }
}

/// Checks a key that has one right value.
fn expect(input: &mut Input<'_>, table: &Table, place: super::node::Place, key: &str, right: &str) {
    let found = table.get(key).map(|entry| &entry.node);
    let title = match found {
        Some(node) if node.as_str() == Some(right) => return,
        Some(node) => format!("expected `{key}: {right}`, found {}", describe(node)),
        None => format!("`{key}` is missing in the object form"),
    };
    let place = found.map_or(place, |node| node.place);
    let diagnostic = Diagnostic::error("object-form", title).at(Some(input.span_of(place)));
    input.report(diagnostic.help(format!(
        "write `apiVersion: {API_VERSION}` and `kind: {KIND}`, or leave both out and write the spec without `spec:` around it"
    )));
}

/// The name in `metadata`, which Kubernetes requires.
fn name(
    input: &mut Input<'_>,
    metadata: Option<Entry>,
    object: super::node::Place,
) -> Option<Entry> {
    let place = metadata.as_ref().map_or(object, |entry| entry.key);
    let mut table = match metadata.map(|entry| entry.node.value) {
        Some(Value::Table(table)) => *table,
        _ => Table::new(),
    };
    if let Some(entry) = table.get("namespace") {
        let title = "`metadata.namespace` says nothing about the generated objects";
        let diagnostic = Diagnostic::warning("ignored-key", title);
        let diagnostic = diagnostic.at(Some(input.span_of(entry.key)));
        input.report(diagnostic.help("write `spec.namespace`"));
    }
    let name = table.shift_remove("name").filter(|entry| !entry.node.is_null());
    if name.is_none() {
        let title = format!("`metadata.name` is missing in the object of kind `{KIND}`");
        let diagnostic = Diagnostic::error("missing-key", title).at(Some(input.span_of(place)));
        input.report(diagnostic.help("write `metadata: {name: NAME}`"));
    }
    name
}
