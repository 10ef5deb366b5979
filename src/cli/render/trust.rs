//! What a folder of manifests trusts so far, against what the store knows: a store that is lost is noticed before its
//! authorities are replaced.

use std::path::Path;

use super::{Args, Run};
use crate::cli::report::CommandError;
use crate::cli::session::{Planned, Setup, Source};
use crate::diagnostic::Diagnostic;
use crate::existing::bundles::{self, Shown};
use crate::identity::Identity;
use crate::io::tree;
use crate::kustomize::doctor::command::quoted;
use crate::model::{Model, SecretContent};
use crate::output::{ExistingTree, OutputTree, SECRETS, object_path};
use crate::pki::certificate::Certificate;
use crate::plan::{self, Replaced, Seen, Trusted};
use crate::store::Inventory;

/// What a folder of manifests trusts so far, to be judged by what a set-up has.
#[derive(Clone, Copy)]
pub struct Trust<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// What manifests for it are made of.
    pub setup: &'a Setup,
}

impl Run<'_> {
    /// The trust bundles of the output folder, where they have to be known.
    pub(super) fn trust(&self) -> Option<Trust<'_>> {
        let Args { output, new_authorities, .. } = self.args;
        let folder = output.as_deref().filter(|_| !new_authorities)?;
        Some(Trust { folder, setup: self.setup })
    }
}

impl Trust<'_> {
    /// Refuses a plan that issues an authority in the place of one that the folder trusts and the store does not know.
    ///
    /// # Errors
    /// It does; or the folder cannot be read.
    pub fn refuse_unknown(
        &self,
        Planned { inventory, plan, .. }: &Planned,
    ) -> Result<(), CommandError> {
        if !plan.issues_new_authority() {
            return Ok(());
        }
        let (model, seen) = (self.setup.model(), self.seen()?);
        refused(plan::refuse_unknown(plan, model, inventory, &seen, &self.way_out()))
    }

    /// Refuses a derived store whose seed is not the one that the folder's authorities have their keys from.
    ///
    /// # Errors
    /// It is not; or the folder cannot be read.
    pub fn refuse_other_seed(&self) -> Result<(), CommandError> {
        let Source::Derived(derived) = &self.setup.source else { return Ok(()) };
        let (model, seen) = (self.setup.model(), self.seen()?);
        refused(plan::refuse_other_seed(model, &derived.inventory, &seen, &self.way_out()))
    }

    /// Refuses to replace authorities in the folder's files that neither a store that is a folder nor the spec knows.
    ///
    /// # Errors
    /// `tree` would; or the store cannot be read.
    pub fn refuse_replaced(
        &self,
        inventory: &Inventory,
        tree: &OutputTree,
        existing: &ExistingTree,
    ) -> Result<(), CommandError> {
        self.judge(inventory, &replaced(self.folder, tree, existing))
    }

    /// As [`Trust::refuse_replaced`] if all bundles of the folder were moved away, as is proposed where others wrote them.
    ///
    /// # Errors
    /// As [`Trust::refuse_replaced`].
    pub fn refuse_moved(&self, inventory: &Inventory) -> Result<(), CommandError> {
        let Seen { trusted, .. } = self.seen()?;
        let listed = self.setup.model().secrets.iter().flat_map(|secret| match &secret.content {
            SecretContent::TrustBundle(listed) => &**listed,
            SecretContent::KeyPair(_) => &[],
        });
        let own = listed.flat_map(|name| inventory.trusted(name));
        let is_had = |one: &&Certificate| {
            trusted.iter().any(|had| had.certificate.spki_hash == one.spki_hash)
        };
        let come = own.filter(|one| !is_had(one)).cloned().collect();
        self.judge(inventory, &Replaced { trusted, served: Vec::new(), come })
    }

    fn judge(&self, inventory: &Inventory, replaced: &Replaced) -> Result<(), CommandError> {
        let Some(store) = self.setup.source.store() else { return Ok(()) };
        let (model, way_out) = (self.setup.model(), self.way_out());
        let judge =
            |inventory: &Inventory| plan::refuse_replaced(model, inventory, replaced, &way_out);
        let errors = judge(inventory);
        if errors.is_empty() {
            return Ok(());
        }
        // Authorities that left the spec are known by their files, also without a ledger; that takes looking at all.
        let mut inventory = inventory.clone();
        let beside = store.certificates_beside(&inventory)?;
        inventory.add_others(&beside);
        refused(judge(&inventory))
    }

    /// What it trusts: in files that its record names, and in those at the places of trust bundles, which a folder that
    /// lost its record still has.
    fn seen(&self) -> Result<Seen, CommandError> {
        let mut seen = Seen::default();
        let bundles: Vec<String> = bundle_paths(self.setup.model()).collect();
        for (path, file) in tree::read_recorded(self.folder, &bundles)? {
            if !is_secret(&path) {
                continue;
            }
            let place = self.folder.join(&path).display().to_string();
            let shown = file.content.map(|content| shown(&place, &content));
            match (shown, file.is_recorded && is_public_secret(&path)) {
                (Some(Some((trusted, served))), _) => {
                    seen.trusted.extend(trusted);
                    seen.served.extend(served);
                }
                (Some(None), true) => seen.unread.push(place),
                (None, true) => seen.gone.push(place),
                // Secrets with keys are of one machine, and none of them is a bundle; what others wrote is replaced by nothing.
                (_, false) => {}
            }
        }
        Ok(seen)
    }

    fn way_out(&self) -> String {
        let folder = quoted(&self.folder.to_string_lossy());
        format!("mtlsgen render -o {folder} --new-authorities")
    }
}

/// Paths of the trust bundles of a model.
fn bundle_paths(model: &Model) -> impl Iterator<Item = String> {
    let is_bundle = |content: &SecretContent| matches!(content, SecretContent::TrustBundle(_));
    let bundles = model.secrets.iter().filter(move |secret| is_bundle(&secret.content));
    bundles.map(|secret| {
        object_path(&Identity {
            api_version: "v1".to_owned(),
            kind: "Secret".to_owned(),
            namespace: Some(secret.reference.namespace.clone()),
            name: secret.reference.name.clone(),
        })
    })
}

/// What the files of a folder show so far, and no longer once `tree` is written.
fn replaced(folder: &Path, tree: &OutputTree, existing: &ExistingTree) -> Replaced {
    let mut replaced = Replaced::default();
    let mut had = Vec::new();
    let record = existing.record.as_ref();
    for (path, file) in existing.files.iter().filter(|(path, _)| is_secret(path)) {
        let place = folder.join(path).display().to_string();
        let (trusted, served) = shown(&place, &file.bytes).unwrap_or_default();
        let is_own = record.is_some_and(|record| record.is_own(path, &file.bytes));
        let new = match tree.files().get(path) {
            Some(new) => shown(&place, &new.bytes),
            None if is_own && !tree.is_partial() => None,
            None => continue,
        };
        let (new_trusted, new_served) = new.unwrap_or_default();
        let lacks = |new: Vec<Trusted>| {
            move |one: &Trusted| !new.iter().any(|new| new.certificate == one.certificate)
        };
        replaced.served.extend(served.into_iter().filter(lacks(new_served)));
        if is_public_secret(path) {
            replaced.trusted.extend(trusted.into_iter().filter(lacks(new_trusted)));
        }
    }
    for (path, file) in existing.files.iter().filter(|(path, _)| is_public_secret(path)) {
        had.extend(shown(path, &file.bytes).unwrap_or_default().0);
    }
    let is_had =
        |one: &Certificate| had.iter().any(|had| had.certificate.spki_hash == one.spki_hash);
    for (path, file) in tree.files().iter().filter(|(path, _)| is_public_secret(path)) {
        let new = shown(path, &file.bytes).unwrap_or_default().0;
        let new = new.into_iter().map(|one| one.certificate);
        replaced.come.extend(new.filter(|one| !is_had(one)));
    }
    replaced
}

/// Whether a file of a folder has a Secret without a private key, such as a trust bundle.
fn is_public_secret(path: &str) -> bool {
    !path.starts_with(SECRETS) && is_secret(path)
}

fn is_secret(path: &str) -> bool {
    path.rsplit_once('/').map_or(path, |(_, name)| name).starts_with("secret-")
}

/// What a file trusts and has a server show; `None` where it cannot be read.
fn shown(place: &str, content: &[u8]) -> Option<(Vec<Trusted>, Vec<Trusted>)> {
    let Shown { trusted, served } = bundles::shown_in(&String::from_utf8_lossy(content))?;
    let placed = |certificate| Trusted { place: place.to_owned(), certificate };
    let placed = |all: Vec<Certificate>| all.into_iter().map(placed).collect();
    Some((placed(trusted), placed(served)))
}

fn refused(errors: Vec<Diagnostic>) -> Result<(), CommandError> {
    if errors.is_empty() { Ok(()) } else { Err(CommandError::Input(errors)) }
}
