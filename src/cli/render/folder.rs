//! `render -o`: manifests as files of a folder, and what to do with them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::cli::report::{CommandError, Report};
use crate::cli::selection::Selection;
use crate::existing;
use crate::io::tree;
use crate::manifest::Manifest;
use crate::output::{self, ChangeKind, Changes, OutputTree, SECRETS};
use crate::plan::Trusted;

/// What a folder is to hold, against what it holds.
pub(super) struct Comparison<'a> {
    folder: &'a Path,
    tree: OutputTree,
    changes: Changes,
}

/// Compares a folder with `tree`, or with the part of it that is selected.
///
/// # Errors
/// The folder cannot be read, or files of others are in the way.
pub(super) fn compare<'a>(
    folder: &'a Path,
    tree: OutputTree,
    selected: &[&Manifest],
    selection: &Selection,
) -> Result<Comparison<'a>, CommandError> {
    let tree = if selection.is_everything() {
        tree
    } else {
        let identities: BTreeSet<_> = selected.iter().map(|m| m.identity.clone()).collect();
        tree.part(&identities, tree::read_record(folder)?.as_ref())
    };
    let existing = tree::read(folder, &tree)?;
    let changes = output::changes(&tree, &existing)?;
    Ok(Comparison { folder, tree, changes })
}

/// The certificates that the folder's objects trust, as far as mtlsgen wrote them.
///
/// # Errors
/// The folder cannot be read.
pub(super) fn trusted(folder: &Path) -> Result<Vec<Trusted>, CommandError> {
    let files = tree::read_recorded(folder)?;
    let files = files.into_iter().filter(|(path, _)| !path.starts_with(SECRETS));
    let trusted = files.flat_map(|(path, content)| {
        let place = folder.join(path).display().to_string();
        let found = existing::bundles::trusted_in(&String::from_utf8_lossy(&content));
        found.into_iter().map(move |certificate| Trusted { place: place.clone(), certificate })
    });
    Ok(trusted.collect())
}

impl Comparison<'_> {
    /// Names what the folder's record names although mtlsgen did not write it.
    pub(super) fn tell_kept(&self, report: Report) {
        for path in &self.changes.kept {
            report.say(&format!(
                "kept `{path}`: the folder's record names it, but what it holds is not from mtlsgen"
            ));
        }
    }

    /// Whether the folder is up to date, and what is not.
    pub(super) fn is_current(&self, report: Report) -> bool {
        for change in &self.changes.files {
            report.say(&format!("not up to date: {change}"));
        }
        tell_elsewhere(self.folder, &self.tree, &self.changes, report);
        self.changes.is_empty()
    }

    /// Whether writing takes private keys, where `shown` has their fingerprints and `masked` less: a Secret changes, or
    /// what another object says depends on a key.
    pub(super) fn needs_keys(&self, shown: &[Manifest], masked: &[Manifest]) -> bool {
        let is_written = |kind| matches!(kind, ChangeKind::Add | ChangeKind::Modify);
        let is_sensitive =
            |path: &str| self.tree.files().get(path).is_some_and(|file| file.sensitive);
        let mut changes = self.changes.files.iter();
        changes.any(|change| is_written(change.kind) && is_sensitive(&change.path))
            || open_texts(shown) != open_texts(masked)
    }

    /// Writes the files that change, and says what to do with them; `store` is the folder of the store.
    ///
    /// # Errors
    /// Something is in the way, or cannot be written.
    pub(super) fn write(&self, store: Option<&Path>, report: Report) -> Result<(), CommandError> {
        let Self { folder, tree, changes } = self;
        tree::write(folder, tree, changes)?;
        changes.files.iter().for_each(|change| report.say(&change.to_string()));
        tell_elsewhere(folder, tree, changes, report);
        report.say(&format!(
            "{} files in `{}`, {} changed",
            tree.files().len() - changes.elsewhere.len(),
            folder.display(),
            changes.files.len()
        ));
        if !changes.files.is_empty() {
            self.tell_next_steps(store, report);
        }
        Ok(())
    }

    /// What Git takes, and how all of it reaches the cluster. Without private keys, there is nothing to heed.
    fn tell_next_steps(&self, store: Option<&Path>, report: Report) {
        let folder = self.folder.display();
        let secrets = self.folder.join(SECRETS);
        let secrets = secrets.display();
        let count = self.tree.files().values().filter(|file| file.sensitive).count();
        if count == 0 {
            return;
        }
        let store = store.map(|store| format!(" and `{}`", store.display())).unwrap_or_default();
        if self.tree.options().allow_plain_in_git {
            let keys = if count == 1 { "1 private key" } else { &format!("{count} private keys") };
            report.say(&format!(
                "commit `{folder}`{store}, with {keys} in plain text; apply with `kubectl apply -k {folder}`"
            ));
            return;
        }
        let keys = if store.is_empty() { "" } else { ", and the keys of the store" };
        report.say(&format!("commit `{folder}`{store}: Git ignores `{secrets}`{keys}"));
        let place =
            if self.changes.elsewhere.is_empty() { "from here" } else { "from where it is" };
        report.say(&format!(
            "apply with `kubectl apply -k {secrets}` {place}, and `kubectl apply -k {folder}` from here or any clone"
        ));
    }
}

/// Texts of the objects without private keys.
fn open_texts(manifests: &[Manifest]) -> BTreeMap<&crate::manifest::Identity, &str> {
    let open = manifests.iter().filter(|manifest| !manifest.sensitive);
    open.map(|manifest| (&manifest.identity, &*manifest.yaml)).collect()
}

/// Says that the Secrets of a folder are elsewhere, if they are.
pub fn tell_elsewhere(folder: &Path, tree: &OutputTree, changes: &Changes, report: Report) {
    let is_sensitive = |path: &&String| tree.files().get(*path).is_some_and(|file| file.sensitive);
    let count = changes.elsewhere.iter().filter(is_sensitive).count();
    if count > 0 {
        let (secrets, were) = if count == 1 { ("Secret", "was") } else { ("Secrets", "were") };
        report.say(&format!(
            "`{}` is not here: {count} {secrets} with private keys, which Git ignores, {were} not compared",
            folder.join(SECRETS).display()
        ));
    }
}
