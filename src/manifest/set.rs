//! Objects that are judged together.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher as _, RandomState};

use serde_json::Value;

use super::kinds::Api;
use super::object::{self, Body, Misread, Object};
use crate::identity::Identity;

/// Objects that are judged together: those of a spec, and those that came in beside them, out of their lists.
pub struct ObjectSet<'a> {
    members: Vec<Member<'a>>,
    namespace: Namespace<'a>,
    extent: Extent,
    /// Positions of all members by a hash of group, kind, namespace and name, once one was asked for; never iterated over.
    keys: OnceCell<Keys>,
    /// Secrets that are made of other objects, by namespace and name, once one was asked for.
    made: OnceCell<BTreeSet<(String, String)>>,
}

/// Positions by a hash of their keys.
#[derive(Default)]
struct Keys {
    hasher: RandomState,
    positions: HashMap<u64, Vec<usize>>,
}

/// Namespace of objects that say none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace<'a> {
    /// They are applied to it.
    Known(&'a str),
    /// That is likely; where they are applied is not said.
    Assumed(&'a str),
}

/// How much of a cluster a set has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it, of the kinds that it has: what is not in the set does not exist.
    Cluster,
    /// All that one spec or one build gives: what it refers to and does not have is in the cluster, or missing.
    Complete,
    /// A part of that.
    Part,
}

/// What a set shows of an object that another one refers to.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown<T = ()> {
    /// It is there.
    Found(T),
    /// It is not there.
    Absent,
    /// It is not there, and may exist all the same: the set is a part of what there is. Perhaps it is this one, which says no
    /// namespace and goes to one that is not known.
    NotShown(Option<Identity>),
    /// It is not there, but an object that it is made of is.
    Hidden,
}

/// Kinds of objects of which Secrets are made in the cluster, by group and kind, with the field of the Secret's name; without
/// one, it has their own.
const MAKERS: [(&str, &str, &str); 4] = [
    ("bitnami.com", "SealedSecret", "/spec/template/metadata/name"),
    ("external-secrets.io", "ExternalSecret", "/spec/target/name"),
    ("cert-manager.io", "Certificate", "/spec/secretName"),
    ("isindir.github.com", "SopsSecret", "/spec/secretTemplates/0/name"),
];

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

    /// It as a kind, if it is of that kind; `is_of_cluster`: it may come from a cluster.
    fn seen<K: Api>(&self, is_of_cluster: bool) -> Result<Option<Seen<'_, K>>, Misread> {
        let (identity, read, is_as_made, created) = match self {
            Member::Ours(object) => {
                let is_as_made = matches!(object.body, Body::Typed(_));
                (&object.identity, object.read()?, is_as_made, None)
            }
            Member::Other(identity, object) => {
                // The API server writes its own into what is applied.
                let written = object.pointer("/metadata/creationTimestamp");
                let created = written.filter(|_| is_of_cluster).and_then(Value::as_str);
                (identity, object::read(identity, object)?.map(Cow::Owned), false, created)
            }
        };
        Ok(read.map(|object| Seen { identity, object, is_as_made, created }))
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
    /// When it was made, as the API server writes it (RFC 3339, in UTC); `None`: it comes from no cluster.
    pub created: Option<&'a str>,
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
    pub fn within(namespace: Namespace<'a>, extent: Extent) -> Self {
        let (keys, made) = (OnceCell::new(), OnceCell::new());
        Self { members: Vec::new(), namespace, extent, keys, made }
    }

    /// An empty set with the namespace and the extent of another one.
    #[must_use]
    pub fn empty(other: &Self) -> Self {
        Self::within(other.namespace, other.extent)
    }

    /// The namespace that objects without one are taken to go to, where that is not known.
    #[must_use]
    pub fn assumed(&self) -> Option<&'a str> {
        match self.namespace {
            Namespace::Assumed(name) => Some(name),
            Namespace::Known(_) => None,
        }
    }

    /// Whether all of it is as mtlsgen makes it: no template, patch or hash suffix has changed it, and it has no others.
    #[must_use]
    pub fn is_as_made(&self) -> bool {
        let is_typed = |member: &Member<'_>| {
            matches!(member, Member::Ours(Object { body: Body::Typed(_), .. }))
        };
        self.members.iter().all(is_typed)
    }

    /// Whether its objects may come from a cluster: those of a spec or a build are yet to be applied.
    fn is_of_cluster(&self) -> bool {
        self.extent != Extent::Complete
    }

    /// How much of a cluster it has.
    #[must_use]
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// What it shows of the object of that identity, in any version.
    #[must_use]
    pub fn get(&self, wanted: &Identity) -> Shown {
        match self.find(wanted) {
            Shown::Found(_) => Shown::Found(()),
            Shown::Absent => Shown::Absent,
            Shown::NotShown(perhaps) => Shown::NotShown(perhaps),
            Shown::Hidden => Shown::Hidden,
        }
    }

    /// The object of that namespace and name, as its kind; of the form of its kind or not.
    #[must_use]
    pub fn read<K: Api>(&self, namespace: &str, name: &str) -> Shown<Result<Seen<'_, K>, Misread>> {
        let group = K::GROUPS.first().copied().unwrap_or_default();
        let found = match self.position([group, K::KIND, namespace, name]) {
            Some(at) => Shown::Found(at),
            None => self.find(&Identity {
                // The version does not matter.
                api_version: if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") },
                kind: K::KIND.to_owned(),
                namespace: Some(namespace.to_owned()),
                name: name.to_owned(),
            }),
        };
        match found {
            Shown::Found(at) => match self.members[at].seen(self.is_of_cluster()) {
                Ok(Some(seen)) => Shown::Found(Ok(seen)),
                Ok(None) => Shown::Absent,
                Err(misread) => Shown::Found(Err(misread)),
            },
            Shown::Absent => Shown::Absent,
            Shown::NotShown(perhaps) => Shown::NotShown(perhaps),
            Shown::Hidden => Shown::Hidden,
        }
    }

    /// The position of the last member with that key: of two that are applied, it stays.
    fn position(&self, key: [&str; 4]) -> Option<usize> {
        let keys = self.keys.get_or_init(|| {
            let mut keys = Keys::default();
            keys.positions.reserve(self.members.len());
            for (at, member) in self.members.iter().enumerate() {
                let hash = keys.hasher.hash_one(member.identity().key());
                keys.positions.entry(hash).or_default().push(at);
            }
            keys
        });
        let all = keys.positions.get(&keys.hasher.hash_one(key))?;
        all.iter().rev().copied().find(|at| self.members[*at].identity().key() == key)
    }

    /// The position of the member with that identity.
    fn find(&self, wanted: &Identity) -> Shown<usize> {
        let [group, kind, _, name] = wanted.key();
        if let Some(at) = self.position(wanted.key()) {
            return Shown::Found(at);
        }
        if wanted.kind == "Secret" && self.is_made(wanted) {
            return Shown::Hidden;
        }
        let nameless = match self.namespace {
            Namespace::Assumed(assumed) => self.position([group, kind, assumed, name]),
            Namespace::Known(_) => None,
        };
        match (nameless, self.extent) {
            (None, Extent::Cluster) if self.has_kind(group, kind) => Shown::Absent,
            (perhaps, _) => Shown::NotShown(perhaps.map(|at| self.members[at].identity().clone())),
        }
    }

    /// Whether any object of that kind is in the set.
    #[must_use]
    pub fn has<K: Api>(&self) -> bool {
        self.members.iter().any(|member| K::is(member.identity()))
    }

    /// Whether any object of a kind is in the set.
    fn has_kind(&self, group: &str, kind: &str) -> bool {
        let mut identities = self.members.iter().map(Member::identity);
        identities.any(|one| (one.group(), one.kind.as_str()) == (group, kind))
    }

    /// Whether a Secret is made of another object of the set.
    fn is_made(&self, secret: &Identity) -> bool {
        let made = self.made.get_or_init(|| {
            let name = |member: &Member<'_>| {
                let identity = member.identity();
                let is_maker = |(group, kind, _): &&(&str, &str, &str)| {
                    *kind == identity.kind && *group == identity.group()
                };
                let (_, _, path) = MAKERS.iter().find(is_maker)?;
                let Member::Other(_, object) = member else { return None };
                let name = object.pointer(path).and_then(Value::as_str).unwrap_or(&identity.name);
                Some((identity.namespace_or_default().to_owned(), name.to_owned()))
            };
            self.members.iter().filter_map(name).collect()
        });
        let key = || (secret.namespace_or_default().to_owned(), secret.name.clone());
        !made.is_empty() && made.contains(&key())
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
            match member.seen(self.is_of_cluster()) {
                Ok(Some(object)) => seen.push(object),
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
    use crate::manifest::kinds::Secret;

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
        let elsewhere = Shown::NotShown(Some(service("default")));
        for (namespace, extent, prod) in [
            (Namespace::Known("default"), Extent::Cluster, Shown::Absent),
            (Namespace::Known("default"), Extent::Complete, Shown::NotShown(None)),
            (Namespace::Assumed("default"), Extent::Part, elsewhere),
        ] {
            let mut set = ObjectSet::within(namespace, extent);
            set.add_other(service("default"), &object);
            assert_eq!(set.get(&service("default")), Shown::Found(()));
            assert_eq!(set.get(&service("prod")), prod);
        }
    }

    #[test]
    fn what_another_object_is_made_of_is_hidden() {
        let sealed = json!({
            "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
            "metadata": { "name": "sealed", "namespace": "a" },
            "spec": { "template": { "metadata": { "name": "trust" } } },
        });
        let mut set = ObjectSet::within(Namespace::Known("a"), Extent::Cluster);
        set.add_other(Identity::of(&sealed).unwrap(), &sealed);
        assert!(matches!(set.read::<Secret>("a", "trust"), Shown::Hidden));
        // There may be Secrets that are not shown: none is.
        assert!(matches!(set.read::<Secret>("a", "sealed"), Shown::NotShown(None)));
        let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "x" } });
        set.add_other(Identity::of(&secret).unwrap(), &secret);
        let mut set = ObjectSet::within(Namespace::Known("a"), Extent::Cluster);
        set.add_other(Identity::of(&secret).unwrap(), &secret);
        assert!(matches!(set.read::<Secret>("b", "trust"), Shown::Absent));
    }
}
