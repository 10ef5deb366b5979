//! The phases that several commands share: from arguments to a model and its objects; `issuing` has what is between.

mod encryption;
mod existing;
mod includes;
mod issuing;
mod judging;
mod naming;
mod paths;
mod source;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

pub use self::encryption::{refuse_new_readers, settle_keys, tell_unsettled_keys};
pub use self::existing::ExistingSecrets;
pub use self::issuing::{
    carry_out, inventory, issue, make, plan, plan_findings, plan_within, planned,
    revoked_certificate, tell_only_here, tell_plan, urgency,
};
pub use self::judging::{resolve, resolve_at_any_time, resolve_beside, resolve_for};
pub use self::naming::take_over;
pub use self::paths::templates;
pub use self::source::Source;

use self::paths::{out_of_reach, spec_files, store_path};

use super::progress::Progress;
use super::report::{CommandError, Report};
use super::spec_arguments::{Operator, SpecArguments};
use crate::complete::{Completed, Completer, Namespace};
use crate::derive::{Extent, Order, derive};
use crate::diagnostic::{self, Diagnostic, has_errors};
use crate::existing::Secrets;
use crate::io::age_file::Recipients;
use crate::io::seed;
use crate::io::store::{Store, WAIT_LIMIT};
use crate::manifest::Disclosure;
use crate::model::{Model, Resolved, Touched};
use crate::path;
use crate::pki::request::Holder;
use crate::plan::IssuancePlan;
use crate::render::template::TemplateSet;
use crate::render::{self, Checked};
use crate::specification::document::{self, Document, Step};
use crate::specification::plugin::Plugin;
use crate::specification::value::AgeRecipient;
use crate::specification::{Spec, StoreKind};
use crate::store::Material;
use crate::store::{Inventory, Keyring};
use crate::time::Timestamp;

/// The spec as far as it could be read, and what was found on the way.
pub struct Read {
    /// Folder of the first file.
    pub directory: PathBuf,
    /// Where everything stands.
    pub document: Document,
    /// What the user wrote.
    pub spec: Spec,
    /// Settings of the plugin, where the spec stood in its object.
    pub plugin: Plugin,
    /// What is wrong or worth knowing.
    pub findings: Vec<Diagnostic>,
    /// What the operator says beside it.
    pub operator: Operator,
}

impl Read {
    /// Where everything stands, once what was written there is resolved.
    pub fn into_document(self) -> Document {
        self.document
    }
}

/// Reads and merges the files and values that the arguments name.
///
/// # Errors
/// A file is missing, ambiguous or cannot be read.
pub fn read(arguments: &SpecArguments) -> Result<Read, CommandError> {
    read_sources(arguments.sources()?, Operator::from(arguments))
}

/// A seed for nothing is a mistake, unless the spec is too wrong to tell.
fn refuse_useless_seed(read: &Read) -> Result<(), CommandError> {
    let is_derived = read.spec.store.kind == Some(StoreKind::Derived);
    if read.operator.seed_file.is_none() || is_derived || has_errors(&read.findings) {
        return Ok(());
    }
    let what = "`--seed-file` has no effect: the store is a folder";
    let hint = "leave it out, or write `store.kind = \"derived\"` in the spec";
    Err(CommandError::world("useless-flag", what, Some(hint.to_owned())))
}

/// Merges these texts; before each, the files that it includes, and before all, those that they name under
/// `plugin.specFiles`.
///
/// # Errors
/// Such a file is missing, cannot be read, lies out of reach, or names further ones.
pub fn read_sources(
    mut sources: Vec<Arc<diagnostic::Source>>,
    operator: Operator,
) -> Result<Read, CommandError> {
    let mut directory = sources.first().map(|source| source.directory.clone()).unwrap_or_default();
    sources = includes::expand(sources, &operator.reach)?;
    let (mut document, mut findings) = document::read(&sources);
    let (plugin, mistakes) = document.plugin();
    if !plugin.spec_files.is_empty() {
        let files = spec_files(&document, &plugin, &operator.reach)?;
        directory = files.first().map(|source| source.directory.clone()).unwrap_or_default();
        let mut files = includes::expand(files, &operator.reach)?;
        files.append(&mut sources);
        sources = files;
        (document, findings) = document::read(&sources);
    }
    findings.extend(mistakes);
    let (spec, more) = document.deserialize();
    findings.extend(more);
    let mut read = Read { directory, document, spec, plugin, findings, operator };
    refuse_useless_seed(&read)?;
    read.findings.extend(out_of_reach(&read));
    Ok(read)
}

/// Where the certificates and keys of manifests come from.
///
/// # Errors
/// A derived store has no seed, or something cannot be derived.
pub fn source(
    read: &Read,
    resolved: &Resolved,
    now: Timestamp,
    report: Report,
) -> Result<Source, CommandError> {
    source_for(read, resolved, now, Extent::Current, report)
}

/// As [`source`], with more or less of what can be derived.
///
/// # Errors
/// As [`source`].
pub fn source_for(
    read: &Read,
    resolved: &Resolved,
    now: Timestamp,
    extent: Extent<'_>,
    report: Report,
) -> Result<Source, CommandError> {
    if resolved.model.derivation.is_none() {
        return Ok(Source::Folder(Box::new(store(read, report)?)));
    }
    let path = path!["store", "seedFile"];
    let written = read.spec.store.seed_file.as_ref();
    let written = written.map(|file| read.document.named(&path, file.as_str()));
    let argument = read.operator.seed_file.as_deref();
    let reach = Some(&read.operator.reach);
    let seed = seed::read(seed::Places { argument, spec: written.as_ref(), reach })?;
    let order = Order { model: &resolved.model, brought: &resolved.keyring, now, extent };
    let count = match extent {
        Extent::Of(holders) => holders.len(),
        Extent::Current | Extent::Valid => resolved.model.requests().count(),
    };
    let mut progress = Progress::new(report, count);
    let derived = derive(order, &seed, &mut || progress.step());
    progress.end();
    Ok(Source::Derived(Box::new(derived?)))
}

/// As [`source_for`], where Secrets that exist take the place of the folder, if there are any.
///
/// # Errors
/// They are no store: something is damaged or contradicts itself, or an authority would have to be made anew.
pub fn source_beside(
    read: &Read,
    existing: Option<Secrets>,
    resolved: &Resolved,
    now: Timestamp,
    extent: Extent<'_>,
    report: Report,
) -> Result<Source, CommandError> {
    let Some(secrets) = existing else { return source_for(read, resolved, now, extent, report) };
    if resolved.model.derivation.is_some() {
        let what = "`--existing` has no effect: a derived store makes all that Secrets could hold";
        let hint = "leave it out, or leave `store.kind = \"derived\"` out of the spec";
        return Err(CommandError::world("useless-flag", what, Some(hint.to_owned())));
    }
    let existing = ExistingSecrets::of(&resolved.model, secrets)?;
    Ok(Source::Existing(Box::new(existing)))
}

/// The store: where the spec says, else `pki` beside its first file.
///
/// # Errors
/// It belongs to a spec with another `name`.
pub fn store(read: &Read, report: Report) -> Result<Store, CommandError> {
    let root = store_path(read).path().to_owned();
    let recipients = read.spec.store.encryption.iter().flat_map(|all| &all.age.recipients);
    let recipients = Recipients::new(recipients.map(AgeRecipient::as_str));
    let Operator { identities, sharing, .. } = read.operator.clone();
    let store = Store::open(root, WAIT_LIMIT, move |words| report.say(words))
        .shared(sharing)
        .named(read.spec.name.as_ref().map(ToString::to_string))
        .with_keys(recipients, move || {
            let found = identities.load()?;
            report.diagnostics(&found.warnings);
            Ok(found)
        });
    naming::require_own(&store, read)?;
    Ok(store)
}

/// Private keys that the manifests hold: those of leaves in Secrets, as far as they are touched, or as names are made of
/// them. One that could not be issued has none, which matters only if it is touched.
///
/// # Errors
/// A key is missing or damaged.
pub fn keyring(
    source: &Source,
    resolved: Resolved,
    inventory: &Inventory,
    touched: &Touched,
) -> Result<(Model, Keyring), CommandError> {
    let Resolved { model, keyring } = resolved;
    let is_there = |holder: &&Holder| {
        let is_known = inventory.held.contains_key(*holder) || model.request(holder).is_none();
        touched.has_holder(holder) || model.name_suffix_hash && is_known
    };
    keyring.require(model.key_pairs().filter(is_there)).map_err(CommandError::Input)?;
    let stored = model.key_pairs().filter(is_there);
    let stored = stored.filter(|holder| model.request(holder).is_some()).cloned();
    let stored = source.keyring(inventory, &stored.collect())?;
    Ok((model, stored.and(&keyring)))
}

/// What manifests that show no key are made of: with the keys all the same where names are made of them.
///
/// # Errors
/// A key that a name is made of is missing or damaged.
pub fn holdings(
    source: &Source,
    resolved: Resolved,
    inventory: &Inventory,
    touched: &Touched,
) -> Result<(Model, Keyring), CommandError> {
    if !resolved.model.name_suffix_hash {
        return Ok((resolved.model, resolved.keyring));
    }
    let Resolved { model, keyring: named } = &resolved;
    let everything = Touched::everything();
    let missing = missing_keys((model, named), inventory, &everything);
    let (of_files, stored): (Vec<&Holder>, Vec<&Holder>) =
        missing.partition(|holder| named.absent().contains_key(*holder));
    if of_files.is_empty() && stored.is_empty() {
        return keyring(source, resolved, inventory, touched);
    }
    let mut errors = Vec::new();
    if !stored.is_empty() {
        errors.push(keys_needed(source, &stored)?);
    }
    let absent = of_files.into_iter().filter_map(|holder| named.absent().get(holder));
    errors.extend(absent.map(|error| error.clone().help(NAMED_BY_KEYS).help(KEYLESS_NAMES)));
    Err(CommandError::Input(errors))
}

/// Why a key is needed where none is shown.
const NAMED_BY_KEYS: &str =
    "bring it here: `secrets.nameSuffixHash` makes the names of Secrets of what they hold";

/// What works without keys where names are made of them.
pub const KEYLESS_NAMES: &str =
    "without these keys, `mtlsgen status` and `mtlsgen render --dry-run` work";

/// Which keys are missing that names are made of, and how to get by.
fn keys_needed(source: &Source, missing: &[&Holder]) -> Result<Diagnostic, CommandError> {
    let listed = |all: Vec<String>| all.join(", ");
    let holders = listed(missing.iter().map(ToString::to_string).collect());
    let title = format!(
        "`secrets.nameSuffixHash` makes the names of Secrets of what they hold, and the store lacks the private keys of {holders}"
    );
    let mut error = Diagnostic::error("keys-needed", title);
    if let Source::Folder(store) = source {
        let paths = missing.iter().map(|holder| store.key_path(holder));
        let paths: Vec<PathBuf> = paths.collect::<Result<_, _>>()?;
        let paths = listed(paths.iter().map(|path| format!("`{}`", path.display())).collect());
        error = error.help(format!(
            "run it where these keys are, or copy them from there, and run it again: {paths}"
        ));
        if store.recipients() == 0 {
            error = error.help("to have Git bring keys along from now on, write `store.encryption.age.recipients`, and run `mtlsgen render --reencrypt` where they are");
        }
    }
    Ok(error.help(KEYLESS_NAMES))
}

/// Whether every key that the manifests hold is here, and whether those in the store can be opened.
///
/// # Errors
/// A key is damaged, or an identity cannot be read.
pub fn has_keys(
    source: &Source,
    (model, named): (&Model, &Keyring),
    inventory: &Inventory,
    touched: &Touched,
) -> Result<bool, CommandError> {
    let stored = model.key_pairs().filter(|holder| model.request(holder).is_some());
    let stored = stored.filter(|holder| touched.has_holder(holder));
    let mut missing = missing_keys((model, named), inventory, touched);
    Ok(missing.next().is_none() && source.opens_keys(stored)?)
}

/// Makes sure that every key that the manifests hold is at hand; `named` are those that the spec names by files.
///
/// # Errors
/// Which ones are not, and why.
pub fn require_keys(
    source: &Source,
    (model, named): (&Model, &Keyring),
    inventory: &Inventory,
    touched: &Touched,
) -> Result<(), CommandError> {
    let shown = || model.key_pairs().filter(|holder| touched.has_holder(holder));
    named.require(shown()).map_err(CommandError::Input)?;
    let is_there = |holder: &&Holder| inventory.held.contains_key(*holder);
    let stored = shown().filter(|holder| model.request(holder).is_some());
    source.keyring(inventory, &stored.filter(is_there).cloned().collect()).map(drop)
}

/// Makes sure that the keys of all Secrets are at hand where a plan changes one: they are written together.
///
/// # Errors
/// Which ones are not, and why.
pub fn require_keys_beside(
    source: &Source,
    Resolved { model, keyring }: &Resolved,
    inventory: &Inventory,
    plan: &IssuancePlan,
) -> Result<(), CommandError> {
    // Whatever is selected: a new key would be here alone.
    let touched = &Touched::everything();
    let shown: BTreeSet<&Holder> = model.key_pairs().collect();
    let changes_one = plan.actions.iter().any(|action| shown.contains(&action.request.holder));
    if changes_one && !has_keys(source, (model, keyring), inventory, touched)? {
        return require_keys(source, (model, keyring), inventory, touched);
    }
    Ok(())
}

fn missing_keys<'a>(
    (model, named): (&'a Model, &'a Keyring),
    inventory: &'a Inventory,
    touched: &'a Touched,
) -> impl Iterator<Item = &'a Holder> {
    model.key_pairs().filter(|holder| touched.has_holder(holder)).filter(|holder| {
        inventory.held.get(holder).is_some_and(|held| !held.has_key)
            || named.absent().contains_key(holder)
    })
}

/// The manifests of a model, in the order in which they can be applied.
///
/// # Errors
/// What is wrong with templates, patches and what they give; and every host that would stand open.
pub fn manifests(
    document: &Document,
    model: &Model,
    material: &dyn Material,
    templates: &TemplateSet,
    disclosure: Disclosure,
) -> Result<Checked, CommandError> {
    let locate = |path: &[Step]| document.span(path);
    render::render(model, material, templates, disclosure, &locate).map_err(CommandError::Input)
}

/// What a model adds to objects that came in, and these objects completed.
///
/// # Errors
/// As with [`manifests`], and what keeps a host from being protected whose Ingress came in.
pub fn complete(
    document: &Document,
    model: &Model,
    material: &dyn Material,
    templates: &TemplateSet,
    disclosure: Disclosure,
    (items, namespace): (Vec<serde_json::Value>, Namespace<'_>),
) -> Result<Completed, CommandError> {
    let locate = |path: &[Step]| document.span(path);
    let completer =
        Completer { model, material, templates, disclosure, locate: &locate, namespace };
    completer.complete(items).map_err(CommandError::Input)
}

/// As [`manifests`], where no Ingress is asked for: those that exist already need not be there.
///
/// # Errors
/// What is wrong with templates, patches and what they give; and every other host that would stand open.
pub fn manifests_apart(
    document: &Document,
    model: &Model,
    material: &dyn Material,
    templates: &TemplateSet,
    disclosure: Disclosure,
) -> Result<Checked, CommandError> {
    let locate = |path: &[Step]| document.span(path);
    render::render_apart(model, material, templates, disclosure, &locate)
        .map_err(CommandError::Input)
}
