//! Objects that are judged together.

use std::borrow::Cow;

use serde_json::Value;

use super::kinds::Api;
use super::object::{self, Body, Misread, Object};
use crate::identity::Identity;

/// Objects that are judged together: those of a spec, and those that came in beside them. Lists are unfolded.
#[derive(Default)]
pub struct ObjectSet<'a> {
    members: Vec<Member<'a>>,
}

/// An object of a set.
enum Member<'a> {
    Ours(&'a Object),
    Other(Identity, &'a Value),
}

/// An object of a set, as its kind.
#[derive(Clone, Debug)]
pub struct Seen<'a, K: Clone> {
    /// What makes it that object.
    pub identity: &'a Identity,
    /// What it says.
    pub object: Cow<'a, K>,
    /// Whether it is as mtlsgen makes it: no template and no patch has changed it.
    pub is_as_made: bool,
}

impl<'a> ObjectSet<'a> {
    /// Adds one that mtlsgen prints.
    pub fn add(&mut self, object: &'a Object) {
        self.members.push(Member::Ours(object));
    }

    /// Adds one of others.
    pub fn add_other(&mut self, identity: Identity, object: &'a Value) {
        self.members.push(Member::Other(identity, object));
    }

    /// All objects of a kind, in their order.
    ///
    /// # Errors
    /// Those that are not of the form of their kind.
    pub fn all<K: Api>(&self) -> Result<Vec<Seen<'_, K>>, Vec<Misread>> {
        let (mut seen, mut misread) = (Vec::new(), Vec::new());
        for member in &self.members {
            let (identity, read, is_as_made) = match member {
                Member::Ours(object) => {
                    let is_as_made = matches!(object.body, Body::Typed(_));
                    (&object.identity, object.read(), is_as_made)
                }
                Member::Other(identity, object) => {
                    let read = object::read(identity, object).map(|read| read.map(Cow::Owned));
                    (identity, read, false)
                }
            };
            match read {
                Ok(Some(object)) => seen.push(Seen { identity, object, is_as_made }),
                Ok(None) => {}
                Err(problem) => misread.push(problem),
            }
        }
        if misread.is_empty() { Ok(seen) } else { Err(misread) }
    }
}
