//! Objects out of files, folders and standard input.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::cli::report::CommandError;
use crate::diagnostic::Diagnostic;
use crate::identity::{DEFAULT_NAMESPACE, Identity};
use crate::io::{foreign, input};

use crate::manifest::{ObjectSet, Wiped, identity_within, lists};
use crate::yaml;

/// Endings of the files of a folder that are read.
const ENDS: [&str; 3] = ["yaml", "yml", "json"];

/// Kinds that are looked at: without a name, they would be passed over.
const NAMED: [&str; 9] = [
    "Ingress",
    "IngressClass",
    "Secret",
    "ConfigMap",
    "Gateway",
    "GatewayClass",
    "ListenerSet",
    "HTTPRoute",
    "ClientTrafficPolicy",
];

/// Objects that came in, out of their lists; their values are wiped in the end.
#[derive(Default)]
pub struct Objects {
    all: Vec<(Identity, Wiped)>,
    /// Positions by group, kind, namespace and name; only asked, never iterated over.
    places: HashMap<[String; 4], usize>,
}

impl Objects {
    /// Reads them.
    ///
    /// # Errors
    /// A file cannot be read, or is not YAML or JSON.
    pub fn read(files: &[PathBuf]) -> Result<Self, CommandError> {
        let mut objects = Self::default();
        for file in files {
            if file.as_os_str() == "-" {
                objects.add(input::STANDARD_INPUT, &input::standard_input_objects()?)?;
            } else if file.is_dir() {
                objects.add_folder(file)?;
            } else {
                objects.add(&file.display().to_string(), &input::read_objects(file)?)?;
            }
        }
        Ok(objects)
    }

    fn add_folder(&mut self, folder: &Path) -> Result<(), CommandError> {
        let mut failed = None;
        foreign::read(folder, |file| {
            let end = Path::new(&file.name).extension().and_then(|end| end.to_str());
            if failed.is_some() || !end.is_some_and(|end| ENDS.contains(&end)) {
                return;
            }
            let added = match &file.content {
                Ok(content) => self.add(&file.name, content),
                Err(why) => Err(unread(&file.name, why)),
            };
            failed = added.err();
        })?;
        failed.map_or(Ok(()), Err)
    }

    fn add(&mut self, name: &str, content: &Zeroizing<Vec<u8>>) -> Result<(), CommandError> {
        let text = std::str::from_utf8(content).map_err(|error| unread(name, &error))?;
        let items = yaml::parse(text).map_err(|error| unread(name, &error))?;
        let (items, _) = lists::unfold(items);
        for item in items.into_iter().map(Wiped::from) {
            let identity = identity_within(&item, DEFAULT_NAMESPACE);
            if identity.is_none() && NAMED.iter().any(|kind| item["kind"] == *kind) {
                return Err(unread(name, &"an object of it has no name, or no apiVersion"));
            }
            if let Some(identity) = identity {
                // The later one is what is applied in the end.
                let mut key = identity.key().map(str::to_owned);
                if identity.kind == "Ingress" {
                    // One object in both of its groups.
                    key[0].clear();
                }
                match self.places.entry(key) {
                    Entry::Occupied(place) => self.all[*place.get()] = (identity, item),
                    Entry::Vacant(place) => {
                        place.insert(self.all.len());
                        self.all.push((identity, item));
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds all of them to a set.
    pub fn add_to<'a>(&'a self, set: &mut ObjectSet<'a>) {
        for (identity, object) in &self.all {
            set.add_other(identity.clone(), object);
        }
    }
}

fn unread(name: &str, why: &impl ToString) -> CommandError {
    let title = format!("`{name}` cannot be read as Kubernetes objects: {}", why.to_string());
    CommandError::Input(vec![Diagnostic::error("objects", title)])
}
