//! What becomes of the schema that schemars derives: nothing that is true of the Rust types only, and no alternatives,
//! since validators report a mistake inside of one as "matches none of them".

use serde_json::{Map, Value, json};

use crate::json::drop_null;

/// Takes out nulls, empty defaults and number formats, and joins alternatives.
pub(super) fn tidy(schema: &mut Value) {
    match schema {
        Value::Array(list) => list.iter_mut().for_each(tidy),
        Value::Object(schema) => {
            schema.values_mut().for_each(tidy);
            // An absent key is absent: null is not written for it.
            drop_null(schema);
            // A property may have that name as well.
            if schema.get("format").is_some_and(Value::is_string) {
                schema.remove("format");
            }
            if let Some(Value::String(description)) = schema.get_mut("description") {
                *description = description.replace('\n', " ");
            }
            if schema.get("default").is_some_and(is_empty) {
                schema.remove("default");
            }
            open_patterns(schema);
            join_words(schema);
            join_alternatives(schema);
        }
        _ => {}
    }
}

/// Says every description under the key from which VS Code and yaml-language-server show Markdown.
pub(super) fn describe(schema: &mut Value) {
    match schema {
        Value::Array(list) => list.iter_mut().for_each(describe),
        Value::Object(schema) => {
            schema.values_mut().for_each(describe);
            if let Some(text @ Value::String(_)) = schema.get("description").cloned() {
                schema.insert("markdownDescription".to_owned(), text);
            }
        }
        _ => {}
    }
}

fn is_empty(default: &Value) -> bool {
    match default {
        Value::Null => true,
        Value::Object(default) => default.values().all(is_empty),
        Value::Array(default) => default.is_empty(),
        _ => false,
    }
}

/// `patternProperties` of a table with free keys become `propertyNames` and `additionalProperties`,
/// which more editors complete from.
fn open_patterns(schema: &mut Map<String, Value>) {
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    let Some(Value::Object(patterns)) = schema.get("patternProperties") else { return };
    let mut patterns = patterns.clone().into_iter();
    if let (true, Some((pattern, value)), None) = (closed, patterns.next(), patterns.next()) {
        schema.remove("patternProperties");
        schema.insert("propertyNames".to_owned(), json!({ "pattern": pattern }));
        schema.insert("additionalProperties".to_owned(), value);
    }
}

/// Words that each have a schema of their own, with a description, become one `enum`. What they mean is under the keys
/// of VS Code and yaml-language-server, and of Taplo.
fn join_words(schema: &mut Map<String, Value>) {
    let Some(Value::Array(options)) = schema.get("oneOf") else { return };
    let word = |option: &Value| Some((option.get("const")?.clone(), option["description"].clone()));
    let Some(words) = options.iter().map(word).collect::<Option<Vec<_>>>() else { return };
    let (words, meanings): (Vec<Value>, Vec<Value>) = words.into_iter().unzip();
    schema.remove("oneOf");
    let has_booleans = words.iter().any(Value::is_boolean);
    let types = if has_booleans { json!(["string", "boolean"]) } else { "string".into() };
    schema.insert("type".to_owned(), types);
    schema.insert("enum".to_owned(), words.into());
    schema.insert("x-taplo".to_owned(), json!({ "docs": { "enumValues": meanings } }));
    schema.insert("markdownEnumDescriptions".to_owned(), meanings.into());
}

/// Alternatives of different types become one schema: each keyword is about one type only, and `enum`, which is not,
/// gets an `if`.
fn join_alternatives(schema: &mut Map<String, Value>) {
    let Some(Value::Array(options)) = schema.get("anyOf") else { return };
    let mut types: Vec<Value> = Vec::new();
    let mut joined = Map::new();
    for option in options {
        let Value::Object(option) = option else { return };
        let own = match option.get("type") {
            Some(Value::Array(own)) => own.clone(),
            Some(own) => vec![own.clone()],
            None => return,
        };
        if own.iter().any(|own| types.contains(own)) {
            return;
        }
        for (key, value) in option {
            match key.as_str() {
                "type" | "description" => {}
                "enum" if !joined.contains_key("if") => {
                    joined.insert("if".to_owned(), json!({ "type": own }));
                    joined.insert("then".to_owned(), json!({ "enum": value }));
                }
                _ if joined.contains_key(key) => return,
                _ => {
                    joined.insert(key.clone(), value.clone());
                }
            }
        }
        types.extend(own);
    }
    schema.remove("anyOf");
    schema.insert("type".to_owned(), types.into());
    for (key, value) in joined {
        schema.entry(key).or_insert(value);
    }
}
