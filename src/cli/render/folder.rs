//! `render -o`: manifests as files of a folder, and what to do with them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use super::{Made, Run};
use crate::cli::report::{CommandError, ExitStatus, Report};
use crate::diagnostic::{Deed, Diagnostic};
use crate::identity::Identity;
use crate::io::git::{self, Kept};
use crate::io::store::Store;
use crate::io::tree;
use crate::kustomize::doctor::command::quoted;
use crate::manifest::{Body, Disclosure, Object};
use crate::output::{self, Change, ChangeKind, Changes, Options, OutputTree, RECORD, SECRETS};

/// What every store has that Git takes.
const STORE_README: &str = "README.md";

/// What a folder is to hold, against what it holds.
struct Comparison<'a> {
    folder: &'a Path,
    tree: OutputTree,
    changes: Changes,
}

impl Run<'_> {
    /// The files that manifests make.
    ///
    /// # Errors
    /// Secrets that cannot be handed over in the format of the spec.
    pub(super) fn layout(
        &self,
        manifests: &[Object],
        disclosure: Disclosure,
    ) -> Result<OutputTree, CommandError> {
        let fingerprints = disclosure == Disclosure::Fingerprint;
        let options = Options {
            allow_plain_in_git: self.setup.model().allow_plain_in_git,
            fingerprints,
            may_be_elsewhere: fingerprints || self.args.check,
        };
        let handed = self.setup.handed_over(manifests)?;
        Ok(output::layout(&handed, options))
    }

    /// Writes what is selected into a folder, or reports whether it is there; what `is_due` would change it too.
    pub(super) fn write(
        &self,
        folder: &Path,
        made: &Made<'_>,
        is_due: bool,
    ) -> Result<ExitStatus, CommandError> {
        let (model, report) = (self.setup.model(), self.setup.report);
        let comparison = self.compare(folder, made)?;
        self.take_over()?;
        comparison.report_kept(report);
        if self.args.check {
            let is_current = comparison.is_current(report);
            let up_to_date = Some(!is_due && is_current);
            self.print_folder(made.planned, Folder { up_to_date, ..comparison.shown() })?;
            return Ok(if is_due || !is_current { ExitStatus::Findings } else { ExitStatus::Done });
        }
        if made.disclosure == Disclosure::Fingerprint {
            let masked = self.rendering.manifests(model, &made.material, Disclosure::Masked)?;
            if comparison.needs_keys(made.manifests, &masked.manifests) {
                self.setup.keys(made.material.holdings.inventory, self.touched).require()?;
            }
        }
        comparison.write(self.setup.source.store().map(Store::path), report)?;
        self.print_folder(made.planned, comparison.shown())?;
        Ok(ExitStatus::Done)
    }

    /// Fails where printing or writing what was rendered would.
    pub(super) fn try_out(&self, made: &Made<'_>) -> Result<ExitStatus, CommandError> {
        match &self.args.output {
            None => self.setup.handed_over(made.selected.iter().copied()).map(drop)?,
            Some(folder) => self.compare(folder, made).map(drop)?,
        }
        self.print_plan(made.planned)?;
        Ok(ExitStatus::Done)
    }

    /// Compares a folder with all files, or with those that are selected.
    fn compare<'a>(
        &self,
        folder: &'a Path,
        made: &Made<'_>,
    ) -> Result<Comparison<'a>, CommandError> {
        let mut tree = self.layout(made.manifests, made.disclosure)?;
        if !self.args.selection.is_everything() {
            let identities = made.selected.iter().map(|manifest| manifest.identity.clone());
            tree = tree.part(&identities.collect(), tree::read_record(folder)?.as_ref());
        }
        let existing = tree::read(folder, &tree)?;
        if let Some(trust) = self.trust() {
            trust.refuse_replaced(made.material.holdings.inventory, &tree, &existing)?;
        }
        let changes = output::changes(&tree, &existing)?;
        Ok(Comparison { folder, tree, changes })
    }
}

/// A folder and what changes in it, for programs.
#[derive(Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Folder<'a> {
    /// The folder.
    path: String,
    /// Files that change, sorted by path.
    files: &'a [Change],
    /// Files that stay although the folder's record names them: what they hold is not from mtlsgen.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<&'a [String]>,
    /// Files of Secrets that are elsewhere, where the private keys are, and were not compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    elsewhere: Option<&'a [String]>,
    /// With `--check`, whether nothing changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    up_to_date: Option<bool>,
}

impl Folder<'_> {
    /// One of which nothing else can be said yet.
    pub(super) fn outdated(folder: &Path) -> Self {
        let path = folder.display().to_string();
        Self { path, up_to_date: Some(false), ..Self::default() }
    }
}

impl Comparison<'_> {
    /// The folder and what changes in it, for programs.
    fn shown(&self) -> Folder<'_> {
        let Self { folder, changes, .. } = self;
        Folder {
            path: folder.display().to_string(),
            files: &changes.files,
            kept: Some(&changes.kept),
            elsewhere: Some(&changes.elsewhere),
            up_to_date: None,
        }
    }

    /// Names what the folder's record names although mtlsgen did not write it.
    fn report_kept(&self, report: Report) {
        for path in &self.changes.kept {
            report.say(&format!(
                "kept `{path}`: the folder's record names it, but what it holds is not from mtlsgen"
            ));
        }
    }

    /// Whether the folder is up to date, and what is not.
    fn is_current(&self, report: Report) -> bool {
        for change in &self.changes.files {
            report.did(self.deed(change), &format!("not up to date: {change}"));
        }
        report_elsewhere(self.folder, &self.tree, &self.changes, report);
        if self.changes.files.is_empty() && !self.changes.is_empty() {
            report.say(&format!("not up to date: the record of these files, `{RECORD}`"));
        }
        self.changes.is_empty()
    }

    /// Whether writing takes private keys, where `shown` has their fingerprints and `masked` less: a Secret changes, or
    /// what another object says depends on a key.
    fn needs_keys(&self, shown: &[Object], masked: &[Object]) -> bool {
        let is_written = |kind| matches!(kind, ChangeKind::Add | ChangeKind::Modify);
        let is_sensitive =
            |path: &str| self.tree.files().get(path).is_some_and(|file| file.sensitive);
        let mut changes = self.changes.files.iter();
        changes.any(|change| is_written(change.kind) && is_sensitive(&change.path))
            || open_bodies(shown) != open_bodies(masked)
    }

    /// Writes the files that change, and says what to do with them; `store` is the folder of the store.
    ///
    /// # Errors
    /// Another file is in place of one, or one cannot be written.
    fn write(&self, store: Option<&Path>, report: Report) -> Result<(), CommandError> {
        let Self { folder, tree, changes, .. } = self;
        tree::write(folder, tree, changes)?;
        changes.files.iter().for_each(|change| report.did(self.deed(change), &change.to_string()));
        report_elsewhere(folder, tree, changes, report);
        report.say(&format!(
            "{} files in `{}`, {} changed",
            tree.files().len() - changes.elsewhere.len(),
            folder.display(),
            changes.files.len()
        ));
        if !changes.files.is_empty() {
            self.report_next_steps(store, report);
        }
        Ok(())
    }

    fn deed(&self, change: &Change) -> Deed {
        Deed::to_path(change.kind.word(), &self.folder.join(&change.path).display())
    }

    /// A warning where Git has a Secret already: it ignores only what it does not have.
    fn in_git(&self) -> Option<Diagnostic> {
        let (first, _) = self.tree.files().iter().find(|(_, file)| file.sensitive)?;
        let first = self.folder.join(first);
        if !self.changes.elsewhere.is_empty() || !matches!(git::kept(&first), Kept::Shown(_)) {
            return None;
        }
        let secrets = quoted(&self.folder.join(SECRETS).to_string_lossy());
        let title = format!("`{}` holds a private key, and Git has it already", first.display());
        Some(
            Diagnostic::warning("in-git", title)
                .help(format!("run `git rm -r --cached {secrets}`: from then on, Git ignores it"))
                .help("the keys stay in Git's history: `mtlsgen cert renew hosts/NAME` gives a host another one"),
        )
    }

    /// What Git takes, and how all of it reaches the cluster. Without private keys, there is nothing to heed.
    fn report_next_steps(&self, store: Option<&Path>, report: Report) {
        let secrets = self.folder.join(SECRETS);
        let word = |path: &Path| quoted(&path.to_string_lossy());
        let (apply, apply_secrets) = (word(self.folder), word(&secrets));
        let secrets = secrets.display();
        let count = self.tree.files().values().filter(|file| file.sensitive).count();
        if count == 0 {
            return;
        }
        let taken = Taken::of(self.folder, store);
        if self.tree.options().allow_plain_in_git {
            let keys = if count == 1 { "1 private key" } else { &format!("{count} private keys") };
            let with =
                if taken.folder { format!(", with {keys} in plain text") } else { String::new() };
            let commit =
                taken.commit().map(|commit| format!("{commit}{with}; ")).unwrap_or_default();
            report.say(&format!("{commit}apply with `kubectl apply -k {apply}`"));
            return;
        }
        report.diagnostics(self.in_git().as_slice());
        if let Some(commit) = taken.commit() {
            let ignored = taken.folder.then(|| format!("`{secrets}`"));
            let ignored = ignored.into_iter().chain(taken.keys().map(str::to_owned));
            let ignored = ignored.collect::<Vec<_>>().join(", and ");
            report.say(&format!("{commit}: Git ignores {ignored}"));
        }
        let place =
            if self.changes.elsewhere.is_empty() { "from here" } else { "from where it is" };
        let anywhere = if taken.folder { "from here or any clone" } else { "from here" };
        report.say(&format!(
            "apply with `kubectl apply -k {apply_secrets}` {place}, and `kubectl apply -k {apply}` {anywhere}"
        ));
    }
}

/// What Git takes of the manifests and of a store.
struct Taken<'a> {
    /// Folders, and the work trees that they lie in.
    names: Vec<(&'a Path, Option<PathBuf>)>,
    /// Whether the manifests are among them.
    folder: bool,
}

impl<'a> Taken<'a> {
    /// Asks Git. Where there is no work tree at all, there may be one later.
    fn of(folder: &'a Path, store: Option<&'a Path>) -> Self {
        let all = [(folder, RECORD)].into_iter().chain(store.map(|store| (store, STORE_README)));
        let all: Vec<(&Path, Kept)> =
            all.map(|(path, file)| (path, git::kept(&path.join(file)))).collect();
        let has_none = all.iter().all(|(_, kept)| *kept == Kept::Outside);
        let taken = all.iter().filter(|(_, kept)| has_none || kept.tree().is_some());
        let names: Vec<_> =
            taken.map(|(path, kept)| (*path, kept.tree().map(Path::to_owned))).collect();
        let folder = names.first().is_some_and(|(first, _)| *first == folder);
        Self { names, folder }
    }

    /// What to commit, in one or two repositories.
    fn commit(&self) -> Option<String> {
        let name = |path: &Path| format!("`{}`", path.display());
        match self.names.as_slice() {
            [] => None,
            [(one, _)] => Some(format!("commit {}", name(one))),
            [(one, tree), (other, others), ..] if tree == others => {
                Some(format!("commit {} and {}", name(one), name(other)))
            }
            [(one, _), (other, _), ..] => {
                Some(format!("commit {}, and {} in its own repository", name(one), name(other)))
            }
        }
    }

    /// What Git ignores of the store.
    fn keys(&self) -> Option<&'static str> {
        (self.names.len() > usize::from(self.folder)).then_some("the keys of the store")
    }
}

/// What the objects without private keys say.
fn open_bodies(manifests: &[Object]) -> BTreeMap<&Identity, &Body> {
    let open = manifests.iter().filter(|manifest| !manifest.sensitive);
    open.map(|manifest| (&manifest.identity, &manifest.body)).collect()
}

/// Says that the Secrets of a folder are elsewhere, if they are.
pub fn report_elsewhere(folder: &Path, tree: &OutputTree, changes: &Changes, report: Report) {
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
