//! Private keys that manifests need: whether they are here, and what to do where they are not.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{Setup, Source};
use crate::cli::report::CommandError;
use crate::diagnostic::Diagnostic;
use crate::model::{Model, Touched};
use crate::pki::request::Holder;
use crate::plan::IssuancePlan;
use crate::store::{Inventory, Keyring};

/// Why a key is needed where none is shown.
const NAMED_BY_KEYS: &str =
    "copy it here: with `secrets.nameSuffixHash`, the names of Secrets depend on their contents";

/// What works without keys where names are made of them.
pub const KEYLESS_NAMES: &str =
    "without these keys, `mtlsgen status` and `mtlsgen render --dry-run` work";

/// The private keys that manifests hold of what is touched: those of leaves in Secrets.
#[derive(Clone, Copy)]
pub struct Keys<'a> {
    setup: &'a Setup,
    inventory: &'a Inventory,
    touched: &'a Touched,
}

impl Setup {
    /// The private keys of what is touched, where the store holds `inventory`.
    pub fn keys<'a>(&'a self, inventory: &'a Inventory, touched: &'a Touched) -> Keys<'a> {
        Keys { setup: self, inventory, touched }
    }

    /// Makes sure that the keys of all Secrets are at hand where a plan changes one: they are written together.
    ///
    /// # Errors
    /// Which ones are not, and why.
    pub fn require_keys_beside(
        &self,
        inventory: &Inventory,
        plan: &IssuancePlan,
    ) -> Result<(), CommandError> {
        // For any selection: a new key would be here alone.
        let everything = Touched::everything();
        let keys = self.keys(inventory, &everything);
        let shown: BTreeSet<&Holder> = self.model().key_pairs().collect();
        let changes_one = plan.actions.iter().any(|action| shown.contains(&action.request.holder));
        if changes_one && !keys.are_here()? { keys.require() } else { Ok(()) }
    }
}

impl Keys<'_> {
    /// Whether all of them are here, and whether those in the store can be opened.
    ///
    /// # Errors
    /// A key is damaged, or an identity cannot be read.
    pub fn are_here(&self) -> Result<bool, CommandError> {
        Ok(self.missing().next().is_none() && self.setup.source.opens_keys(self.stored())?)
    }

    /// Makes sure that all of them are at hand.
    ///
    /// # Errors
    /// Which ones are not, and why.
    pub fn require(&self) -> Result<(), CommandError> {
        self.named().require(self.shown()).map_err(CommandError::Input)?;
        let stored = self.stored().filter(|holder| self.inventory.held.contains_key(*holder));
        self.setup.source.keyring(self.inventory, &stored.cloned().collect()).map(drop)
    }

    /// All of them, and what names are made of. One that could not be issued is missing, which is an error only if it is
    /// touched.
    ///
    /// # Errors
    /// A key is missing or damaged.
    pub fn ring(&self) -> Result<Keyring, CommandError> {
        let (model, held) = (self.model(), &self.inventory.held);
        let is_there = |holder: &&Holder| {
            let is_known = held.contains_key(*holder) || model.request(holder).is_none();
            self.touched.has_holder(holder) || model.name_suffix_hash && is_known
        };
        let wanted = || model.key_pairs().filter(is_there);
        self.named().require(wanted()).map_err(CommandError::Input)?;
        let stored = wanted().filter(|holder| model.request(holder).is_some());
        let stored = self.setup.source.keyring(self.inventory, &stored.cloned().collect())?;
        Ok(stored.and(self.named()))
    }

    /// What manifests take that show no key: those keys all the same where names are made of them.
    ///
    /// # Errors
    /// A key that a name is made of is missing or damaged.
    pub fn ring_of_names(&self) -> Result<Keyring, CommandError> {
        if !self.model().name_suffix_hash {
            return Ok(Keyring::default().and(self.named()));
        }
        let everything = Touched::everything();
        let all = Keys { touched: &everything, ..*self };
        let absent = self.named().absent();
        let (of_files, stored): (Vec<&Holder>, Vec<&Holder>) =
            all.missing().partition(|holder| absent.contains_key(*holder));
        if of_files.is_empty() && stored.is_empty() {
            return self.ring();
        }
        let mut errors = Vec::new();
        if !stored.is_empty() {
            errors.push(self.needed(&stored)?);
        }
        let absent = of_files.into_iter().filter_map(|holder| absent.get(holder));
        errors.extend(absent.map(|error| error.clone().help(NAMED_BY_KEYS).help(KEYLESS_NAMES)));
        Err(CommandError::Input(errors))
    }

    /// Which keys are missing that names are made of, and how to get by.
    fn needed(&self, missing: &[&Holder]) -> Result<Diagnostic, CommandError> {
        let listed = |all: Vec<String>| all.join(", ");
        let holders = listed(missing.iter().map(ToString::to_string).collect());
        let title = format!(
            "`secrets.nameSuffixHash` makes the names of Secrets of what they hold, and the store lacks the private keys of {holders}"
        );
        let mut error = Diagnostic::error("keys-needed", title);
        if let Source::Folder(store) = &self.setup.source {
            let paths = missing.iter().map(|holder| store.key_path(holder));
            let paths: Vec<PathBuf> = paths.collect::<Result<_, _>>()?;
            let paths = listed(paths.iter().map(|path| format!("`{}`", path.display())).collect());
            error = error.help(format!(
                "run it where these keys are, or copy them from there, and run it again: {paths}"
            ));
            if store.recipients() == 0 {
                error = error.help("to keep keys in Git from now on, write `store.encryption.age.recipients`, and run `mtlsgen render --reencrypt` where they are");
            }
        }
        Ok(error.help(KEYLESS_NAMES))
    }

    fn model(&self) -> &Model {
        self.setup.model()
    }

    /// Keys that the spec names as files.
    fn named(&self) -> &Keyring {
        &self.setup.resolved.keyring
    }

    /// Whose they are.
    fn shown(&self) -> impl Iterator<Item = &Holder> {
        self.model().key_pairs().filter(|holder| self.touched.has_holder(holder))
    }

    /// Those of them that the store has, or is to have.
    fn stored(&self) -> impl Iterator<Item = &Holder> {
        self.shown().filter(|holder| self.model().request(holder).is_some())
    }

    fn missing(&self) -> impl Iterator<Item = &Holder> {
        self.shown().filter(|holder| {
            self.inventory.held.get(holder).is_some_and(|held| !held.has_key)
                || self.named().absent().contains_key(holder)
        })
    }
}
