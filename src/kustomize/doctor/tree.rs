//! The kustomizations of a build, as they were read.

use std::path::PathBuf;

use serde_json::Value;

use super::object::Object;
use crate::diagnostic::{Diagnostic, Span};
use crate::json::words;

/// Names of a kustomization's file (`api/konfig/general.go`, `RecognizedKustomizationFileNames`).
pub const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Which list of a kustomization names something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// `resources`, and `bases` of old.
    Resource,
    /// `components`.
    Component,
    /// `generators`.
    Generator,
    /// `transformers`.
    Transformer,
    /// `validators`.
    Validator,
}

/// The lists of a kustomization that name files, folders or objects.
pub const LISTS: [(&str, Role); 6] = [
    ("resources", Role::Resource),
    ("bases", Role::Resource),
    ("generators", Role::Generator),
    ("components", Role::Component),
    ("transformers", Role::Transformer),
    ("validators", Role::Validator),
];

impl Role {
    /// Whether what is named configures plugins.
    #[must_use]
    pub fn is_plugin(self) -> bool {
        matches!(self, Self::Generator | Self::Transformer | Self::Validator)
    }
}

words!(Role::word {
    Resource => "resource",
    Component => "component",
    Generator => "generator",
    Transformer => "transformer",
    Validator => "validator",
});

/// All kustomizations that a build reads; the first is the one that is built.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// Each folder once.
    pub folders: Vec<Folder>,
    /// What could not be read, or was not looked at.
    pub findings: Vec<Diagnostic>,
}

/// A folder with its kustomization.
#[derive(Clone, Debug)]
pub struct Folder {
    /// The folder, absolute and without links.
    pub path: PathBuf,
    /// The folder as the user would write it; empty for the working directory.
    pub shown: PathBuf,
    /// The kustomization.
    pub kustomization: Object,
    /// What its lists name.
    pub entries: Vec<Entry>,
}

/// What one item of a list leads to.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The list.
    pub role: Role,
    /// The item.
    pub span: Option<Span>,
    /// What is there.
    pub content: Content,
}

/// What an item of a list refers to.
#[derive(Clone, Debug)]
pub enum Content {
    /// Objects of a file, or inline.
    Objects {
        /// The objects.
        objects: Vec<Object>,
        /// Whether they are in a file outside of the kustomization's folder, which Kustomize refuses by
        /// default.
        outside: bool,
    },
    /// A folder with a kustomization: its index among the tree's folders.
    Folder(usize),
}

impl Folder {
    /// What the kustomization says at a key.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&Value> {
        self.kustomization.value.get(key).filter(|value| !value.is_null())
    }

    /// What the kustomization says at a key, if it is text and not empty.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.field(key)?.as_str().filter(|text| !text.is_empty())
    }

    /// The folders that its lists name, with their lists.
    pub fn below(&self) -> impl Iterator<Item = (&Entry, usize)> {
        self.entries.iter().filter_map(|entry| match entry.content {
            Content::Folder(index) => Some((entry, index)),
            Content::Objects { .. } => None,
        })
    }
}
