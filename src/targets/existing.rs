//! Objects of others that a spec speaks of, and what a target adds to them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::identity::Identity;
use crate::manifest::{Namespace, ObjectSet};

/// Objects that others make.
pub struct Existing<'a> {
    /// All of them.
    pub items: Vec<Item<'a>>,
    /// These and those of mtlsgen, under every name that they have or had.
    pub objects: ObjectSet<'a>,
    /// Namespace of objects that say none.
    pub namespace: Namespace<'a>,
}

/// One of them.
pub struct Item<'a> {
    /// As it was read.
    pub value: &'a Value,
    /// What it is now, then what it was before a tool renamed it; none: it is not an object.
    pub identities: Vec<Identity>,
}

/// What is added to an object; what it has is never overwritten.
#[derive(Debug)]
pub struct Edit {
    /// Its position among [`Existing::items`].
    pub at: usize,
    /// Annotations that it does not have.
    pub annotations: BTreeMap<String, String>,
    /// Hosts of an Ingress that have no `tls` entry, each with the name of its Secret.
    pub tls: Vec<(String, String)>,
}

/// What is added to objects that exist already.
#[derive(Debug, Default)]
pub struct Amendment {
    /// Object by object, in their order.
    pub edits: Vec<Edit>,
    /// What is wrong or worth a word; with an error among it, nothing is added to any of them.
    pub found: Vec<Diagnostic>,
}
