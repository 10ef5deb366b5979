//! Templates and patches that put the private key where a message would quote it: into names, kinds, labels, tags,
//! arguments. No message may have any part of it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::support::{Run, Sandbox};

/// Characters of a key that are too many.
const PART: usize = 12;

fn spec() -> Value {
    json!({
        "cas": {"clients": {}},
        "services": {"web": {"existing": true, "port": 80}},
        "hosts": {"a.example.com": {
            "service": "web",
            "tls": {"issuer": "self-signed"},
            "clientAuth": {"cas": ["clients"]},
        }},
        "clients": {"alice": {"issuer": "clients", "secretName": "alice"}},
    })
}

/// The built-in template with `{{ key }}` for the private key, and changes in it.
fn template(changes: &[(&str, &str)]) -> String {
    let built_in = crate::support::run(&["templates", "secret.yaml.j2"]).stdout;
    let mut text = format!("{{% set key = data[\"tls.key\"] | default(\"none\") %}}\n{built_in}");
    for (from, to) in changes {
        assert!(text.contains(from), "{from} in {text}");
        text = text.replace(from, to);
    }
    text
}

/// Templates of Secrets that misplace the key.
fn templates() -> Vec<(String, String)> {
    let replaced = [
        ("kind", "kind: Secret", "kind: {{ key }}"),
        ("apiVersion", "apiVersion: v1", "apiVersion: {{ key }}"),
        ("name", "name: {{ name }}", "name: {{ key }}"),
        ("namespace", "namespace: {{ namespace }}", "namespace: {{ key }}"),
        ("part of a name", "name: {{ name }}", "name: {{ key[:40] }}"),
        ("middle of a name", "name: {{ name }}", "name: {{ key[100:140] }}"),
        ("reversed name", "name: {{ name }}", "name: {{ key | reverse }}"),
        ("upper-case kind", "kind: Secret", "kind: {{ key | upper }}"),
        ("lower-case kind", "kind: Secret", "kind: {{ key | lower }}"),
        ("letters as a list", "name: {{ name }}", "name: {{ key | list }}"),
    ];
    let put = [
        ("label", "  labels: {a: {{ key }}}"),
        ("key of a label", "  labels: {\"{{ key }}\": a}"),
        ("label that is a list", "  labels: [{{ key }}]"),
        ("key of an annotation", "  annotations:\n    \"!{{ key }}\": a"),
        ("annotation that is a list", "  annotations:\n    a: [{{ key }}]"),
        ("finalizer", "  finalizers: {{ key }}"),
    ];
    let behind = [
        ("unknown field", "{{ key }}: 1"),
        ("unknown field with the key as value", "unknownField: {{ key }}"),
        ("number", "immutable: {{ key }}"),
        ("duplicate key", "{{ key }}: 1\n{{ key }}: 2"),
        ("tag", "a: !{{ key }} b"),
        ("tag of two marks", "a: !!{{ key }} b"),
        ("anchor", "a: &{{ key }} b\nb: *{{ key }}x"),
        ("alias", "a: *{{ key }}"),
        ("directive", "---\n%{{ key }}"),
        ("list that is not closed", "a: [{{ key }}"),
        ("scalar that is not closed", "a: \"{{ key[:60] }}"),
        ("mapping in a scalar", "a: b: {{ key }}"),
        ("bad indentation", "a:\n  b: 1\n {{ key }}: 2"),
        ("text of its own", "---\n{{ key }}"),
        ("object of its own", "---\napiVersion: v1\nkind: {{ key }}\nmetadata: {name: a}"),
        ("data", "stringData: {a: [{{ key }}]}"),
        ("key of data", "stringData: {\"!{{ key }}\": a}"),
        ("include", "{% include key %}"),
        ("include of a part", "{% include key[100:130] %}"),
        ("import", "{% import key as a %}"),
        ("from import", "{% from key import a %}"),
        ("extends", "{% extends key %}"),
        ("attribute of its name", "{{ data[key].a }}"),
        ("index", "{{ data[key][0] }}"),
        ("attribute that is missing", "{{ key.a.b }}"),
        ("call", "{{ key() }}"),
        ("call with a name", "{{ key(a=1) }}"),
        ("argument of a filter", "{{ 1 | round(key) }}"),
        ("round", "{{ key | round }}"),
        ("int", "a: {{ key | int }}"),
        ("float", "a: {{ key | float }}"),
        ("indent", "{{ key | indent(key) }}"),
        ("items", "{{ key | items }}"),
        ("batch", "{{ key | batch(0) }}"),
        ("map", "{{ [1] | map(key) | list }}"),
        ("select", "{{ [1] | select(key) | list }}"),
        ("sort", "{{ [{\"a\": 1}, 1] | sort(attribute=key) }}"),
        ("sum", "{{ [1, key] | sum }}"),
        ("join", "{{ key | join(1) }}"),
        ("addition", "{{ key + 1 }}"),
        ("negation", "{{ -key }}"),
        ("division", "{{ key / 2 }}"),
        ("range", "{{ range(key) }}"),
        ("dict", "{{ dict(key) }}"),
        ("loop", "{% for a, b in [key] %}{{ a }}{% endfor %}"),
        ("test", "{{ 1 is divisibleby(key) }}"),
        ("block of a text", "{{ key | block(key) }}"),
        ("macro", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(key, key, b=key) }}"),
    ];
    let named = |(name, text): (&str, String)| (name.to_owned(), text);
    let replaced = replaced.map(|(name, from, to)| (name, template(&[(from, to)])));
    let put = put.map(|(name, line)| {
        (
            name,
            template(&[
                ("metadata:", &format!("metadata:\n{line}")),
                ("{% if labels %}", "{% if false %}"),
            ]),
        )
    });
    let behind = behind.map(|(name, text)| (name, template(&[]) + text + "\n"));
    replaced.into_iter().chain(put).chain(behind).map(named).collect()
}

/// Patches that move the key about.
fn patches() -> Vec<(String, String)> {
    let operations = [
        ("kind", r#"{"op": "copy", "from": "/data/tls.key", "path": "/kind"}"#),
        ("name", r#"{"op": "copy", "from": "/data/tls.key", "path": "/metadata/name"}"#),
        ("label", r#"{"op": "copy", "from": "/data/tls.key", "path": "/metadata/labels"}"#),
        (
            "annotations",
            r#"{"op": "copy", "from": "/data/tls.key", "path": "/metadata/annotations"}"#,
        ),
        ("immutable", r#"{"op": "copy", "from": "/data/tls.key", "path": "/immutable"}"#),
        ("unknown field", r#"{"op": "copy", "from": "/data/tls.key", "path": "/spec"}"#),
        ("type", r#"{"op": "copy", "from": "/data/tls.key", "path": "/type/a"}"#),
        ("test", r#"{"op": "test", "path": "/data/tls.key", "value": "a"}"#),
        ("inside itself", r#"{"op": "move", "from": "/data", "path": "/data/tls.key"}"#),
        ("data", r#"{"op": "move", "from": "/data/tls.key", "path": "/data"}"#),
    ];
    operations.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// All parts of the keys of a store, in the texts that a template is given and that are in files.
fn parts(sandbox: &Sandbox) -> Vec<String> {
    let mut parts = Vec::new();
    for (path, pem) in sandbox.files() {
        if path.extension().is_none_or(|ending| ending != "key") {
            continue;
        }
        let pem = String::from_utf8(pem).unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let data = BASE64_STANDARD.encode(&pem);
        for text in [data, body] {
            let reversed = text.chars().rev().collect();
            parts.extend([text.to_uppercase(), text.to_lowercase(), reversed, text]);
        }
    }
    parts
}

/// The first part of a key in a text, with any line breaks.
fn leak(text: &str, parts: &[String]) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '|').collect();
    let windows =
        parts.iter().flat_map(|part| (0..=part.len() - PART).map(move |at| &part[at..at + PART]));
    let mut windows = windows.filter(|window| text.contains(*window));
    windows.next().map(str::to_owned)
}

/// What a command says; of a function, its results too.
fn words(run: &Run) -> String {
    let lists = mtlsgen::yaml::parse(&run.stdout).unwrap_or_default();
    let results: String = lists.iter().map(|list| list["results"].to_string()).collect();
    format!("{}{results}", run.stderr)
}

/// Everything that is said of a folder by the commands that render.
fn said(sandbox: &Sandbox, config: &Value) -> Vec<(String, Run)> {
    let list = json!({
        "apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList",
        "items": [], "functionConfig": config,
    });
    let chart = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    let mut said = Vec::new();
    for format in ["text", "json"] {
        let format = ["--message-format", format];
        let all = [
            (&["render", "--locked"][..], ""),
            (&["kustomize"], &list.to_string()),
            (&["render"], ""),
            (&["diff", "out"], ""),
            (&["render", "--kind", "Secret", "-o", "out"], ""),
            (&["kustomize", "config.yaml"], ""),
            (&["post-render"], chart),
        ];
        // The words are the same in both forms.
        for (arguments, input) in all.into_iter().take(if format[1] == "json" { 2 } else { 7 }) {
            let arguments = [arguments, &format[..]].concat();
            said.push((arguments.join(" "), sandbox.run_with_input(&arguments, input)));
        }
    }
    said
}

/// Runs every trial and gives how many failed runs there were, as they should.
fn try_out(trials: Vec<(String, String)>, write: impl Fn(&Sandbox, &mut Value, &str)) -> usize {
    let sandbox = Sandbox::new();
    sandbox.may_hold_keys("out");
    sandbox.write("mtls.toml", toml_of(&spec()));
    sandbox.ok(&["render", "-q"]);
    sandbox.ok(&["render", "-q", "-o", "out"]);
    let parts = parts(&sandbox);
    let mut failed = 0;
    for (name, trial) in trials {
        let mut spec = spec();
        write(&sandbox, &mut spec, &trial);
        sandbox.write("mtls.toml", toml_of(&spec));
        let config = json!({
            "apiVersion": "mtlsgen.dev/v1alpha1", "kind": "MutualTLS", "metadata": {"name": "site"}, "spec": spec,
        });
        sandbox.write("config.yaml", mtlsgen::yaml::emit(&config));
        for (command, run) in said(&sandbox, &config) {
            let words = words(&run);
            assert_eq!(leak(&words, &parts), None, "{name}: `{command}` said\n{words}");
            assert!(!words.contains("mtlsgen has a bug"), "{name}: {words}");
            failed += usize::from(run.status != 0);
        }
    }
    failed
}

fn toml_of(spec: &Value) -> String {
    let tables = spec.as_object().unwrap().iter();
    tables.map(|(key, value)| format!("{key} = {}\n", inline(value))).collect()
}

fn inline(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let entries =
                map.iter().map(|(key, value)| format!("{} = {}", json!(key), inline(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// A template author (or a mistake) puts the private key where the message about it would quote it, or a patch moves
/// it there.
#[test]
fn no_message_about_what_a_template_or_patch_gives_has_a_part_of_a_key() {
    let trials = patches();
    let failed = try_out(trials, |_, spec, trial| {
        let operation: Value = serde_json::from_str(trial).unwrap();
        spec["patches"] = json!([{
            "target": {"kind": "Secret", "name": "a-example-com-tls"}, "patch": [operation],
        }]);
    });
    assert!(failed > 0);
    let trials = templates();
    let count = trials.len();
    let failed = try_out(trials, |sandbox, spec, trial| {
        sandbox.write("templates/secret.yaml.j2", trial);
        spec["templates"] = "templates".into();
    });
    assert!(failed > count * 5, "most of them are mistakes: {failed} of {count}");
}

/// Objects of others carry a part of the key, in any wrapping, where a message calls them by their names.
#[test]
fn no_message_about_an_object_has_a_part_of_a_key() {
    let sandbox = Sandbox::new();
    let mut spec = spec();
    spec["name"] = "site".into();
    sandbox.write("mtls.toml", toml_of(&spec));
    sandbox.ok(&["render", "-q"]);
    let pem = sandbox.read("pki/hosts/a.example.com/tls.key");
    let data = BASE64_STANDARD.encode(&pem);
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let secret = &BASE64_STANDARD.decode(&body).unwrap()[36..60];
    let hexadecimal =
        |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    let shifted = BASE64_STANDARD.encode([b"x", secret].concat());
    let names = [
        data.clone(),
        data[100..130].to_owned(),
        data[101..113].to_owned(),
        data.to_lowercase(),
        data.to_uppercase()[104..124].to_owned(),
        data.chars().rev().collect(),
        BASE64_STANDARD.encode(&data),
        BASE64_STANDARD.encode(&data)[150..190].to_owned(),
        body[50..80].to_owned(),
        body[50..80].replace('/', "%2F").replace('+', "%2B"),
        body[50..80].replace('+', "-").replace('/', "_"),
        body.as_bytes()[48..88]
            .chunks(4)
            .map(|part| format!("{}\n  ", String::from_utf8_lossy(part)))
            .collect(),
        hexadecimal(secret),
        hexadecimal(secret).to_uppercase(),
        shifted,
    ];
    for name in names {
        let config = json!({
            "apiVersion": "mtlsgen.dev/v1alpha1", "kind": "MutualTLS", "metadata": {"name": "site"}, "spec": spec,
        });
        let item = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": format!("begin {name} end"), "labels": {"mtlsgen.dev/name": "site"}},
        });
        let list = json!({
            "apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList",
            "items": [item], "functionConfig": config,
        });
        for format in ["text", "json"] {
            let arguments = ["kustomize", "--message-format", format];
            let words = words(&sandbox.run_with_input(&arguments, list.to_string()));
            // What looks secret is masked before the guard sees it.
            let is_marked =
                ["[private key]", "(not shown)"].iter().any(|mark| words.contains(mark));
            assert!(is_marked, "{name}: {words}");
            let visible = name.replace('\n', "\\n");
            assert!(!words.contains(&name) && !words.contains(&visible), "{name}: {words}");
        }
    }
}
