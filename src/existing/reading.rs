//! From texts, as `kubectl get secret -o yaml` prints them, to Secrets by namespace and name.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Place;

use serde_json::Value;
use zeroize::Zeroizing;

use crate::diagnostic::{Diagnostic, literal};
use crate::manifest::{Wiped, data, lists, name_suffix_hash};
use crate::model::Reference;
use crate::yaml;

/// A text with objects.
#[derive(Debug)]
pub struct Input {
    /// The file as the user named it, or `<stdin>`.
    pub name: String,
    /// YAML or JSON; wiped at the end.
    pub text: Zeroizing<Vec<u8>>,
}

/// Secrets by namespace and name.
#[derive(Debug, Default)]
pub struct Secrets {
    found: BTreeMap<Reference, Secret>,
    /// Names with a hash of their content at the end, by those without.
    hashed: BTreeMap<Reference, Vec<Reference>>,
}

/// A Secret. Its values are wiped at the end.
#[derive(PartialEq, Eq)]
pub struct Secret {
    /// Its `type`, `Opaque` where it has none.
    pub type_name: String,
    /// Whether the API server refuses other content.
    pub is_immutable: bool,
    /// When it was made (RFC 3339), if the API server says so.
    created: Option<String>,
    entries: BTreeMap<String, Entry>,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").field("keys", &self.entries.keys()).finish_non_exhaustive()
    }
}

#[derive(PartialEq, Eq)]
struct Entry {
    text: Zeroizing<String>,
    is_base64: bool,
}

impl Secret {
    /// The octets under `key`; `None` if there is no such key, or nothing under it.
    ///
    /// # Errors
    /// They are not Base64.
    pub fn value(&self, key: &str) -> Option<Result<Zeroizing<Vec<u8>>, &'static str>> {
        let Entry { text, is_base64 } = self.entries.get(key)?;
        let octets = data::decoded(text, *is_base64).ok_or("is not Base64");
        if octets.as_ref().is_ok_and(|octets| octets.is_empty()) { None } else { Some(octets) }
    }

    /// Names of its keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Whether there is a key of that name, with any value.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }
}

impl Secrets {
    /// The Secret of that namespace and name.
    #[must_use]
    pub fn get(&self, reference: &Reference) -> Option<&Secret> {
        self.found.get(reference)
    }

    /// All of them, in the order of their namespaces and names.
    pub fn all(&self) -> impl Iterator<Item = (&Reference, &Secret)> {
        self.found.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// The Secret that was rendered for `reference`: with a hash of its content behind the name, if `hashed`,
    /// and of several the one that was made last.
    ///
    /// # Errors
    /// Several are there, and nothing says which was made last.
    pub fn rendered(
        &self,
        reference: &Reference,
        hashed: bool,
    ) -> Result<Option<(&Reference, &Secret)>, Diagnostic> {
        let hashed = if hashed { self.hashed.get(reference) } else { None };
        let Some(names) = hashed else { return Ok(self.found.get_key_value(reference)) };
        let mut found: Vec<_> =
            names.iter().filter_map(|name| self.found.get_key_value(name)).collect();
        found.sort_by_key(|(_, secret)| secret.created.as_deref());
        match found.as_slice() {
            [.., (one, a), (other, b)] if a.created == b.created => {
                Err(several(reference, one, other))
            }
            _ => Ok(found.pop()),
        }
    }
}

fn several(reference: &Reference, one: &Reference, other: &Reference) -> Diagnostic {
    let title = format!(
        "both `{one}` and `{other}` could be the Secret `{reference}`, and nothing says which was made last"
    );
    Diagnostic::error("existing-ambiguous", title)
        .help("give Secrets as `kubectl get` prints them, with `metadata.creationTimestamp`, or leave the older one out")
}

/// Reads all Secrets of all texts; objects of other kinds are passed over.
///
/// # Errors
/// Texts that are neither YAML nor JSON or hold nothing, Secrets without name or namespace, and two of one
/// name that differ.
pub fn read(inputs: Vec<Input>) -> Result<Secrets, Vec<Diagnostic>> {
    let mut secrets = Secrets::default();
    let mut errors = Vec::new();
    for input in inputs {
        match objects(&input) {
            Ok(objects) => {
                for object in lists::unfold(objects).0 {
                    add(&input.name, object, &mut secrets, &mut errors);
                }
            }
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(secrets) } else { Err(errors) }
}

fn objects(input: &Input) -> Result<Vec<Value>, Diagnostic> {
    let fail = |why: String| {
        let title = format!("`{}` is neither YAML nor JSON: {why}", input.name);
        Diagnostic::error("existing-unreadable", title)
            .help("`--existing` takes what `kubectl get secret -A -o yaml` prints")
    };
    let text = std::str::from_utf8(&input.text).map_err(|_| fail("it is not UTF-8".to_owned()))?;
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{')
        && let Ok(object) = serde_json::from_str(text)
    {
        return Ok(vec![object]);
    }
    let objects = yaml::parse(text).map_err(|error| fail(error.to_string()))?;
    if objects.is_empty() {
        let title = format!("`{}` is empty", input.name);
        return Err(Diagnostic::error("existing-empty", title)
            .help("check what the command before it says: `kubectl get secret` prints a list even where there is nothing"));
    }
    Ok(objects)
}

/// Adds what an object holds.
fn add(file: &str, mut object: Value, secrets: &mut Secrets, errors: &mut Vec<Diagnostic>) {
    if object["kind"] == "Secret" && object["apiVersion"] == "v1" {
        match secret(file, &mut object) {
            Ok((reference, secret, is_hashed)) => {
                if let Err(error) = insert(secrets, reference, secret, is_hashed) {
                    errors.push(error);
                }
            }
            Err(error) => errors.push(error),
        }
    }
    // `kubectl apply` leaves a whole copy of a Secret in its annotations.
    drop(Wiped::from(object));
}

fn insert(
    secrets: &mut Secrets,
    reference: Reference,
    secret: Secret,
    is_hashed: bool,
) -> Result<(), Diagnostic> {
    if is_hashed {
        let name = &reference.name[..reference.name.len() - name_suffix_hash::LENGTH];
        let without = Reference { namespace: reference.namespace.clone(), name: name.to_owned() };
        let names = secrets.hashed.entry(without).or_default();
        if !names.contains(&reference) {
            names.push(reference.clone());
        }
    }
    match secrets.found.entry(reference) {
        Place::Vacant(place) => {
            place.insert(secret);
            Ok(())
        }
        Place::Occupied(place) if *place.get() == secret => Ok(()),
        Place::Occupied(place) => {
            let title = format!("the Secret `{}` is there twice, with other content", place.key());
            Err(Diagnostic::error("existing-twice", title)
                .help("give one state of the cluster: `kubectl get secret -A -o yaml`"))
        }
    }
}

/// A Secret, and whether its name ends in a hash of its content. Its values are taken out of `object`.
fn secret(file: &str, object: &mut Value) -> Result<(Reference, Secret, bool), Diagnostic> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let metadata = &object["metadata"];
    let name = text(&metadata["name"]).ok_or_else(|| nameless(file, "a Secret", "name"))?;
    let namespace = text(&metadata["namespace"])
        .ok_or_else(|| nameless(file, &format!("the Secret {}", literal(&name)), "namespace"))?;
    let created = text(&metadata["creationTimestamp"]);
    let is_hashed = is_hash_of(&name, object);
    let type_name = text(&object["type"]).filter(|name| !name.is_empty());
    let reference = Reference { namespace, name };
    Ok((
        reference.clone(),
        Secret {
            type_name: type_name.unwrap_or_else(|| "Opaque".to_owned()),
            is_immutable: object["immutable"] == true,
            created,
            entries: entries(&reference, object)?,
        },
        is_hashed,
    ))
}

fn nameless(file: &str, what: &str, field: &str) -> Diagnostic {
    let title = format!("{what} in `{file}` has no `metadata.{field}`");
    Diagnostic::error("existing-nameless", title)
        .help("give Secrets as `kubectl get secret -A -o yaml` prints them")
}

fn is_hash_of(name: &str, object: &Value) -> bool {
    let Some((start, suffix)) = name.rsplit_once('-') else { return false };
    let is_suffix = suffix.len() + 1 == name_suffix_hash::LENGTH && !start.is_empty();
    is_suffix && name_suffix_hash::of_secret(object) == suffix
}

/// Values by key; `stringData` wins over `data` (Secret API).
fn entries(
    reference: &Reference,
    object: &mut Value,
) -> Result<BTreeMap<String, Entry>, Diagnostic> {
    let mut entries = BTreeMap::new();
    for (field, is_base64) in [("data", true), ("stringData", false)] {
        let Some(map) = object.get_mut(field).and_then(Value::as_object_mut) else { continue };
        for (key, value) in map {
            let text = match value.take() {
                Value::String(text) => text,
                Value::Null => String::new(),
                _ => return Err(no_text(reference, key)),
            };
            let text = Zeroizing::new(text);
            entries.insert(key.clone(), Entry { text, is_base64 });
        }
    }
    Ok(entries)
}

fn no_text(reference: &Reference, key: &str) -> Diagnostic {
    let title = format!("`{reference}` has something else than text under {}", literal(key));
    Diagnostic::error("existing-unreadable", title)
        .help("the API server would not take such a Secret: give what `kubectl get secret -A -o yaml` prints")
}

#[cfg(test)]
mod tests;
