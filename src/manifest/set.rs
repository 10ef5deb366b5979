//! Objects that are judged together.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashSet;

use serde_json::Value;

use super::kinds::Api;
use super::object::{self, Body, Misread, Object};
use crate::identity::Identity;

/// Objects that are judged together: those of a spec, and those that came in beside them, out of their lists.
pub struct ObjectSet<'a> {
    members: Vec<Member<'a>>,
    namespace: Namespace<'a>,
    /// Group, kind, namespace and name of all members, once one was asked for; never iterated over.
    keys: OnceCell<HashSet<[String; 4]>>,
}

/// Namespace of objects that say none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace<'a> {
    /// They are applied to it.
    Known(&'a str),
    /// That is likely; where they are applied, nobody has said.
    Assumed(&'a str),
}

/// What a set shows of an object that another one refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// It is there.
    Found,
    /// It is not there.
    Absent,
    /// It is not there under that namespace, and may be there all the same: one of its kind and name says no namespace, and goes
    /// to one that is not known.
    NotShown,
}

/// An object of a set.
enum Member<'a> {
    Ours(&'a Object),
    Other(Identity, &'a Value),
}

impl Member<'_> {
    fn identity(&self) -> &Identity {
        match self {
            Member::Ours(object) => &object.identity,
            Member::Other(identity, _) => identity,
        }
    }
}

/// An object of a set, as its kind.
#[derive(Clone, Debug)]
pub struct Seen<'a, K: Clone> {
    /// What makes it that object.
    pub identity: &'a Identity,
    /// What it says.
    pub object: Cow<'a, K>,
    /// Whether it is as mtlsgen makes it: no template, patch, hash suffix or structure of the user has changed it.
    pub is_as_made: bool,
}

impl<'a> Namespace<'a> {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'a str {
        match self {
            Self::Known(name) | Self::Assumed(name) => name,
        }
    }
}

impl<'a> ObjectSet<'a> {
    /// An empty set, whose objects go to that namespace if they say none.
    #[must_use]
    pub fn within(namespace: Namespace<'a>) -> Self {
        Self { members: Vec::new(), namespace, keys: OnceCell::new() }
    }

    /// What it shows of the object of that identity, whatever the version.
    #[must_use]
    pub fn get(&self, wanted: &Identity) -> Shown {
        let owned = |key: [&str; 4]| key.map(str::to_owned);
        let keys = self.keys.get_or_init(|| {
            self.members.iter().map(|member| owned(member.identity().key())).collect()
        });
        let [group, kind, _, name] = wanted.key();
        if keys.contains(&owned(wanted.key())) {
            return Shown::Found;
        }
        match self.namespace {
            Namespace::Assumed(assumed) if keys.contains(&owned([group, kind, assumed, name])) => {
                Shown::NotShown
            }
            Namespace::Assumed(_) | Namespace::Known(_) => Shown::Absent,
        }
    }

    /// Adds one that mtlsgen prints.
    pub fn add(&mut self, object: &'a Object) {
        self.members.push(Member::Ours(object));
    }

    /// Adds one of others.
    pub fn add_other(&mut self, identity: Identity, object: &'a Value) {
        self.members.push(Member::Other(identity, object));
    }

    /// All objects of a kind, in their order; and those that are not of the form of their kind.
    #[must_use]
    pub fn all<K: Api>(&self) -> (Vec<Seen<'_, K>>, Vec<Misread>) {
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
        (seen, misread)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service(namespace: &str) -> Identity {
        Identity {
            api_version: "v1".to_owned(),
            kind: "Service".to_owned(),
            namespace: Some(namespace.to_owned()),
            name: "shop".to_owned(),
        }
    }

    #[test]
    fn what_is_in_another_namespace_perhaps_is_not_shown() {
        let object = json!({ "kind": "Service" });
        for (namespace, elsewhere) in [
            (Namespace::Known("default"), Shown::Absent),
            (Namespace::Assumed("default"), Shown::NotShown),
        ] {
            let mut set = ObjectSet::within(namespace);
            set.add_other(service("default"), &object);
            assert_eq!(set.get(&service("default")), Shown::Found);
            assert_eq!(set.get(&service("prod")), elsewhere);
            let other = Identity { name: "other".to_owned(), ..service("default") };
            assert_eq!(set.get(&other), Shown::Absent);
        }
    }
}
