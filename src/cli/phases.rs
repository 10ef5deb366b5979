//! The phases that several commands share: from arguments to a model, from a model to what is issued.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::progress::Progress;
use super::report::{CommandError, Report};
use super::spec_arguments::SpecArguments;
use crate::complete::{Completed, Completer, Namespace};
use crate::diagnostic::{Diagnostic, Severity, Source};
use crate::io::entropy::SystemEntropy;
use crate::io::store::{Store, StoreError, WAIT_LIMIT};
use crate::io::{brought, input};
use crate::manifest::objects::Material;
use crate::manifest::template::TemplateSet;
use crate::manifest::{Disclosure, Manifest, render};
use crate::model::{self, Context, Model, Resolved};
use crate::path;
use crate::pki::request::Holder;
use crate::plan::{self, Inventory, IssuancePlan, Keyring, NewRevocation, Scope};
use crate::spec::Spec;
use crate::spec::document::{self, Document, Step};
use crate::spec::plugin::Plugin;
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
    read_sources(arguments.sources()?)
}

/// Merges these texts; before them, the files that they name under `plugin.specFiles`.
///
/// # Errors
/// Such a file is missing, cannot be read, or names further ones.
pub fn read_sources(mut sources: Vec<Arc<Source>>) -> Result<Read, CommandError> {
    let (mut document, mut findings) = document::read(&sources);
    let (plugin, mistakes) = document.plugin();
    if !plugin.spec_files.is_empty() {
        let mut files = spec_files(&document, &plugin)?;
        files.append(&mut sources);
        sources = files;
        (document, findings) = document::read(&sources);
    }
    findings.extend(mistakes);
    let (spec, more) = document.deserialize();
    findings.extend(more);
    let directory = sources.first().map(|source| source.directory.clone()).unwrap_or_default();
    Ok(Read { directory, document, spec, plugin, findings })
}

/// The files under `plugin.specFiles`; those that name files in their turn would hide what is read.
fn spec_files(document: &Document, plugin: &Plugin) -> Result<Vec<Arc<Source>>, CommandError> {
    let directory = document.plugin_directory(&path!["specFiles"]);
    let files: Vec<PathBuf> = plugin.spec_files.iter().map(|file| directory.join(file)).collect();
    let sources = input::spec_files(&files)?;
    let (named, _) = document::read(&sources);
    if named.plugin().0.spec_files.is_empty() {
        return Ok(sources);
    }
    let title = "a file that `plugin.specFiles` names must not have `plugin.specFiles` itself";
    let diagnostic = Diagnostic::error("nested-spec-files", title)
        .at(named.plugin_span(&path!["specFiles"]))
        .help("name all files in one place");
    Err(CommandError::Input(vec![diagnostic]))
}

/// Resolves the spec; shows warnings and notices.
///
/// # Errors
/// All mistakes that were found since reading began.
pub fn resolve(read: &Read, now: Timestamp, report: Report) -> Result<Resolved, CommandError> {
    let Read { document, spec, findings, .. } = read;
    if !document.is_whole() {
        // Nothing can be concluded from what a broken text does not say.
        return Err(CommandError::Input(findings.clone()));
    }
    let files = brought::read(&model::brought::files(document, spec));
    let context = Context { document, spec, files: &files, now };
    let (resolved, findings) = model::resolve(context, findings.clone());
    let resolved = resolved.ok_or_else(|| CommandError::Input(findings.clone()))?;
    report.diagnostics(&findings);
    Ok(resolved)
}

/// Built-in templates and the user's: of the folder on the command line, else of the one in the spec.
///
/// # Errors
/// The folder or a template cannot be read.
pub fn templates(
    read: &Read,
    folder: Option<&Path>,
    report: Report,
) -> Result<TemplateSet, CommandError> {
    let path = path!["templates"];
    let in_spec = folder.is_none();
    let folder = folder.map(Path::to_owned).or_else(|| {
        read.spec.templates.as_ref().map(|folder| read.document.directory(&path).join(folder))
    });
    let Some(folder) = folder else { return Ok(TemplateSet::built_in()) };
    if let Some(place) = read.document.span(&path).filter(|_| in_spec && !folder.is_dir()) {
        let title = format!("there is no folder `{}`", folder.display());
        let help = "relative paths start from the folder of the file that names them";
        let finding = Diagnostic::error("templates-missing", title).at(Some(place)).help(help);
        return Err(CommandError::Input(vec![finding]));
    }
    let found = input::templates(&folder)?;
    let ignored = found.ignored.iter().map(|path| {
        let title =
            format!("`{}` is no template: its name does not end in `.yaml.j2`", path.display());
        Diagnostic::warning("not-a-template", title)
    });
    report.diagnostics(&ignored.collect::<Vec<_>>());
    let source = |file: input::TemplateFile| {
        Arc::new(Source {
            name: file.path.display().to_string(),
            directory: folder.clone(),
            text: file.text,
        })
    };
    let files = found.templates.into_iter().map(|(name, file)| (name, source(file)));
    TemplateSet::new(files.collect()).map_err(CommandError::Input)
}

/// The store: where the spec says, else `pki` beside its first file.
pub fn store(read: &Read, report: Report) -> Store {
    let path: Vec<Step> = path!["store", "path"];
    let root = match &read.spec.store.path {
        Some(written) => read.document.directory(&path).join(written),
        None => read.directory.join("pki"),
    };
    Store::open(root, WAIT_LIMIT, move |words| report.say(words))
}

/// What the store holds for the model, and what is to be issued.
///
/// # Errors
/// The store is damaged, a certificate is lost, or an authority would need another key.
pub fn plan(
    store: &Store,
    model: &Model,
    now: Timestamp,
    report: Report,
) -> Result<(Inventory, IssuancePlan), CommandError> {
    plan_within(store, model, now, &Scope::default(), report)
}

/// As [`plan`], for some holders only, or for more reasons.
///
/// # Errors
/// As [`plan`].
pub fn plan_within(
    store: &Store,
    model: &Model,
    now: Timestamp,
    scope: &Scope,
    report: Report,
) -> Result<(Inventory, IssuancePlan), CommandError> {
    let (inventory, plan, warnings) = planned(store, model, now, scope)?;
    report.diagnostics(&warnings);
    report.diagnostics(&plan.warnings);
    Ok((inventory, plan))
}

/// What the store holds for the model, and warnings about it.
///
/// # Errors
/// The store is damaged, or a certificate is lost.
pub fn inventory(
    store: &Store,
    model: &Model,
) -> Result<(Inventory, Vec<Diagnostic>), CommandError> {
    complete_inventory(store.inventory(&wanted(model))?)
}

fn wanted(model: &Model) -> BTreeSet<Holder> {
    model.requests().map(|request| request.holder.clone()).collect()
}

fn complete_inventory(
    (inventory, warnings): (Inventory, Vec<Diagnostic>),
) -> Result<(Inventory, Vec<Diagnostic>), CommandError> {
    if !inventory.lost.is_empty() {
        return Err(StoreError::Missing { files: inventory.lost.into_iter().collect() }.into());
    }
    Ok((inventory, warnings))
}

/// As [`plan_within`], without a word: the warnings come back.
///
/// # Errors
/// As [`plan`].
pub fn planned(
    store: &Store,
    model: &Model,
    now: Timestamp,
    scope: &Scope,
) -> Result<(Inventory, IssuancePlan, Vec<Diagnostic>), CommandError> {
    let found = store.inventory_beside_current(&wanted(model))?;
    let (inventory, warnings) = complete_inventory(found)?;
    let plan = plan::plan_within(model, &inventory, now, scope).map_err(CommandError::Input)?;
    Ok((inventory, plan, warnings))
}

/// Issues what is missing or due, and puts it into the store; tells each reason. `rehearse` runs
/// before, if there is anything to issue: nothing is issued for what cannot be rendered.
///
/// # Errors
/// The rehearsal fails, the store cannot be changed, or a key is not at hand; then it is as it was.
pub fn issue(
    store: &Store,
    resolved: &Resolved,
    now: Timestamp,
    report: Report,
    rehearse: impl FnOnce() -> Result<(), CommandError>,
) -> Result<Inventory, CommandError> {
    let everything = Scope::default();
    let (inventory, plan) = self::plan_within(store, &resolved.model, now, &everything, report)?;
    if plan.is_empty() {
        return Ok(inventory);
    }
    rehearse()?;
    carry_out(store, resolved, now, &everything, report)
}

/// Plans once more under the lock, issues, revokes, signs lists, and puts everything into the store.
///
/// # Errors
/// The store cannot be changed, or a key is not at hand; then it is as it was.
pub fn carry_out(
    store: &Store,
    resolved: &Resolved,
    now: Timestamp,
    scope: &Scope,
    report: Report,
) -> Result<Inventory, CommandError> {
    let model = &resolved.model;
    let lock = store.lock()?;
    // Another process may have issued in the meantime; its warnings are those told already.
    let (inventory, plan, _) = planned(store, model, now, scope)?;
    let needed: BTreeSet<Holder> = plan.keys_needed(model).into_iter().collect();
    let keyring = store.keyring(&inventory, &needed)?.and(&resolved.keyring);
    let keyring = keyring.and(&store.generation_keys(&inventory, plan.generations_needed())?);
    let mut progress = Progress::new(report, plan.actions.len());
    let issued =
        plan::issue(&plan, model, &inventory, &keyring, &SystemEntropy, &mut || progress.step())
            .map_err(|error| CommandError::world("issue", &error, None))?;
    progress.end();
    store.commit(&lock, &issued, now)?;
    drop(lock);
    report.diagnostics(&plan.notices);
    for action in &plan.actions {
        report.say(&format!("issued {}: {}", action.request.holder, action.reason));
    }
    for new in &plan.revocations {
        report.say(&format!("revoked {}, as the spec says", revoked_certificate(new)));
    }
    for list in &plan.lists {
        report.say(&format!(
            "signed revocation list {} of authority `{}`: {}",
            list.draft.number, list.authority, list.reason
        ));
    }
    for holder in &plan.stale_chains {
        report.say(&format!(
            "renewed the chain in the file of {holder}: an issuer has another certificate now"
        ));
    }
    Ok(inventory.with(&issued))
}

/// Private keys that the manifests hold: those of leaves in Secrets.
///
/// # Errors
/// A key is missing or damaged.
pub fn keyring(
    store: &Store,
    resolved: Resolved,
    inventory: &Inventory,
) -> Result<(Model, Keyring), CommandError> {
    let Resolved { model, keyring } = resolved;
    let stored = model.key_pairs().filter(|holder| model.request(holder).is_some()).cloned();
    let stored = store.keyring(inventory, &stored.collect())?;
    Ok((model, stored.and(&keyring)))
}

/// What manifests that show no key are made of: with the keys all the same where names are made of them.
///
/// # Errors
/// A key that a name is made of is missing or damaged.
pub fn holdings(
    store: &Store,
    resolved: Resolved,
    inventory: &Inventory,
) -> Result<(Model, Keyring), CommandError> {
    if !resolved.model.name_suffix_hash {
        return Ok((resolved.model, resolved.keyring));
    }
    let missing: Vec<String> =
        missing_keys(&resolved.model, inventory).map(ToString::to_string).collect();
    if missing.is_empty() {
        return keyring(store, resolved, inventory);
    }
    Err(CommandError::Input(vec![
        Diagnostic::error(
            "keys-needed",
            format!("`secrets.nameSuffixHash` makes the names of Secrets of what they hold, and the store lacks the private keys of {}", missing.join(", ")),
        )
        .help("run it where these keys are, or remove `secrets.nameSuffixHash`"),
    ]))
}

/// Whether the store has every key that the manifests hold.
pub fn has_keys(model: &Model, inventory: &Inventory) -> bool {
    missing_keys(model, inventory).next().is_none()
}

fn missing_keys<'a>(
    model: &'a Model,
    inventory: &'a Inventory,
) -> impl Iterator<Item = &'a Holder> {
    model.key_pairs().filter(|holder| inventory.held.get(holder).is_some_and(|held| !held.has_key))
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
) -> Result<Vec<Manifest>, CommandError> {
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
    (items, namespace): (Vec<serde_json::Value>, Namespace<'_>),
) -> Result<Completed, CommandError> {
    let locate = |path: &[Step]| document.span(path);
    let disclosure = Disclosure::Whole;
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
) -> Result<Vec<Manifest>, CommandError> {
    let locate = |path: &[Step]| document.span(path);
    render::render_apart(model, material, templates, disclosure, &locate)
        .map_err(CommandError::Input)
}

/// What a plan would do, one line each, errors for what does not work any more.
pub fn tell_plan(plan: &IssuancePlan, report: Report, severity: fn(bool) -> Severity) {
    report.diagnostics(&plan_findings(plan, severity));
}

/// What a plan would do, a finding each; `severity` is told whether all still works without it.
pub fn plan_findings(plan: &IssuancePlan, severity: fn(bool) -> Severity) -> Vec<Diagnostic> {
    let finding = |still_works: bool, code: &'static str, title: String| Diagnostic {
        severity: severity(still_works),
        ..Diagnostic::notice(code, title)
    };
    let actions = plan.actions.iter().map(|action| {
        let title = format!("{}: {}", action.request.holder, action.reason);
        finding(action.reason.still_works(), "to-be-issued", title)
    });
    let revocations = plan.revocations.iter().map(|new| {
        let title = format!("{} is to be revoked, as the spec says", revoked_certificate(new));
        finding(false, "to-be-revoked", title)
    });
    let lists = plan.lists.iter().map(|list| {
        let title =
            format!("the revocation list of authority `{}`: {}", list.authority, list.reason);
        finding(list.reason.still_works(), "to-be-issued", title)
    });
    actions.chain(revocations).chain(lists).collect()
}

/// Which certificate a revocation is about, and why.
pub fn revoked_certificate(new: &NewRevocation) -> String {
    let NewRevocation { authority, serial, holder, revocation } = new;
    let holder = holder.as_ref().map_or_else(String::new, |holder| format!(" of {holder}"));
    format!("certificate {serial}{holder}, signed by `{authority}` ({})", revocation.reason)
}

/// A warning for what still works, an error for what does not.
pub fn urgency(still_works: bool) -> Severity {
    if still_works { Severity::Warning } else { Severity::Error }
}
