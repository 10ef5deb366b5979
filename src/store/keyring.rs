//! Private keys in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::pki::key::{PrivateKey, SpkiHash};
use crate::pki::request::Holder;

/// Private keys by holder.
#[derive(Debug, Default)]
pub struct Keyring {
    keys: BTreeMap<Holder, Arc<PrivateKey>>,
    /// Keys of generations beside the current one of their authorities.
    generations: BTreeMap<SpkiHash, Arc<PrivateKey>>,
    /// Keys whose files the spec names and that are not here, each with the error for those who need it.
    absent: BTreeMap<Holder, Diagnostic>,
}

impl Keyring {
    /// The key of `holder`, if it is at hand.
    #[must_use]
    pub fn get(&self, holder: &Holder) -> Option<&PrivateKey> {
        self.keys.get(holder).map(Arc::as_ref)
    }

    /// The same key to keep; it is wiped when the last one is dropped.
    #[must_use]
    pub fn share(&self, holder: &Holder) -> Option<Arc<PrivateKey>> {
        self.keys.get(holder).map(Arc::clone)
    }

    /// The key of a generation of an authority beside the current one, if it is at hand.
    #[must_use]
    pub fn of_generation(&self, spki_hash: &SpkiHash) -> Option<&PrivateKey> {
        self.generations.get(spki_hash).map(Arc::as_ref)
    }

    /// Adds the key of a generation of an authority beside the current one.
    pub fn insert_generation(&mut self, key: PrivateKey) {
        self.generations.insert(key.spki_hash(), Arc::new(key));
    }

    /// Every key of a current generation, host or client.
    pub fn iter(&self) -> impl Iterator<Item = (&Holder, &PrivateKey)> {
        self.keys.iter().map(|(holder, key)| (holder, key.as_ref()))
    }

    /// The keys of these holders, as far as they are at hand.
    #[must_use]
    pub fn of(&self, holders: &BTreeSet<Holder>) -> Self {
        let keys = self.keys.iter().filter(|(holder, _)| holders.contains(holder));
        let keys = keys.map(|(holder, key)| (holder.clone(), Arc::clone(key))).collect();
        Self { keys, ..Self::default() }
    }

    /// Adds a key.
    pub fn insert(&mut self, holder: Holder, key: PrivateKey) {
        self.keys.insert(holder, Arc::new(key));
    }

    /// Records a key whose file is not here; `error` is for those who need it.
    pub fn insert_absent(&mut self, holder: Holder, error: Diagnostic) {
        self.absent.insert(holder, error);
    }

    /// Keys whose files the spec names and that are not here, each with the error for those who need it.
    #[must_use]
    pub fn absent(&self) -> &BTreeMap<Holder, Diagnostic> {
        &self.absent
    }

    /// Makes sure that none of these holders has a key whose file is not here.
    ///
    /// # Errors
    /// Every file that is not.
    pub fn require<'a>(
        &self,
        holders: impl IntoIterator<Item = &'a Holder>,
    ) -> Result<(), Vec<Diagnostic>> {
        let holders: BTreeSet<&Holder> = holders.into_iter().collect();
        let absent = holders.into_iter().filter_map(|holder| self.absent.get(holder));
        let absent = each_once(absent);
        if absent.is_empty() { Ok(()) } else { Err(absent) }
    }

    /// The errors of all keys whose files are not here, each file once.
    #[must_use]
    pub fn absent_files(&self) -> Vec<Diagnostic> {
        each_once(self.absent.values())
    }

    /// These keys and those of `other`.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.absent.extend(other.absent.iter().map(|(holder, why)| (holder.clone(), why.clone())));
        self.keys.extend(other.keys.iter().map(|(holder, key)| (holder.clone(), Arc::clone(key))));
        self.generations
            .extend(other.generations.iter().map(|(hash, key)| (*hash, Arc::clone(key))));
        self
    }
}

impl FromIterator<(Holder, PrivateKey)> for Keyring {
    fn from_iter<I: IntoIterator<Item = (Holder, PrivateKey)>>(keys: I) -> Self {
        let keys = keys.into_iter().map(|(holder, key)| (holder, Arc::new(key))).collect();
        Self { keys, ..Self::default() }
    }
}

/// One file may be that of many hosts, by `defaults.hosts`.
fn each_once<'a>(errors: impl Iterator<Item = &'a Diagnostic>) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for error in errors {
        if !found.contains(error) {
            found.push(error.clone());
        }
    }
    found
}
