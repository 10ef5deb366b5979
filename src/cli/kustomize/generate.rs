//! The objects of a spec as a plugin gives them: nothing is issued by the way, and no key goes astray.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::call;
use crate::cli::phases::{self, Read};
use crate::cli::report::{CommandError, Report};
use crate::diagnostic::{Diagnostic, Source, has_errors};
use crate::io::clock;
use crate::io::store::Store;
use crate::kustomize::annotation::{annotate, set_path};
use crate::kustomize::broken_references;
use crate::kustomize::exposure::{self, Sink};
use crate::kustomize::items;
use crate::manifest::{Manifest, yaml};
use crate::model::Model;
use crate::output::object_paths;
use crate::path;
use crate::plan::{Holdings, Inventory, Rehearsal};
use crate::spec::Spec;
use crate::spec::document::{Document, KIND};
use crate::spec::plugin::{Issue, Plugin};
use crate::time::Timestamp;

/// What was read, as far as it could be, and the objects that follow from it.
pub type Outcome = (Option<Document>, Result<Vec<Value>, CommandError>);

/// The objects of the spec in `sources`; `items` are those that came in, which are completed unless that fails,
/// and `sink` is where all of them stay.
pub fn objects(
    sources: Vec<Arc<Source>>,
    items: &mut Vec<Value>,
    sink: Option<Sink>,
    report: Report,
) -> Outcome {
    let directory = sources.first().map(|source| source.directory.clone()).unwrap_or_default();
    match phases::read_sources(sources) {
        Ok(read) => {
            let objects = objects_of(&read, &directory, items, sink, report);
            (Some(read.into_document()), objects)
        }
        Err(error) => (None, Err(error)),
    }
}

fn objects_of(
    read: &Read,
    directory: &Path,
    items: &mut Vec<Value>,
    sink: Option<Sink>,
    report: Report,
) -> Result<Vec<Value>, CommandError> {
    let (document, plugin) = (&read.document, &read.plugin);
    refuse_broken_references(items, report)?;
    if is_check_alone(read, items) {
        return Ok(Vec::new());
    }
    let now = clock::now(None)?;
    let resolved = phases::resolve(read, now, report)?;
    refuse_two_hashes(document, plugin, &resolved.model)?;
    let templates = phases::templates(read, None, report)?;
    let sink = sink.filter(|sink| !is_allowed(*sink, &resolved.model));
    // Hashes of what is not issued yet would be other names.
    let unhashed = Model { name_suffix_hash: false, ..resolved.model.clone() };
    let rehearsed = phases::complete(document, &unhashed, &Rehearsal, &templates, items.clone())?;
    exposure::check(&rehearsed.manifests, plugin, document, sink).map_err(CommandError::Input)?;
    let store = phases::store(read, report);
    let inventory = match plugin.issue {
        Issue::Never => locked(&store, &resolved.model, now, report, directory)?,
        Issue::MissingOrDue => phases::issue(&store, &resolved, now, report, || Ok(()))?,
    };
    let (model, keyring) = phases::keyring(&store, resolved, &inventory)?;
    let holdings = Holdings { model: &model, inventory: &inventory, keyring: &keyring };
    let completed = phases::complete(document, &model, &holdings, &templates, items.clone())?;
    report.diagnostics(&completed.warnings);
    let manifests = completed.manifests;
    let mut objects = manifests.iter().map(with_object).collect::<Result<Vec<_>, _>>()?;
    annotate(&mut objects, plugin).map_err(CommandError::Input)?;
    if items::are_files(items) {
        let paths = object_paths(&manifests);
        objects.iter_mut().zip(paths).for_each(|((_, object), path)| set_path(object, &path));
    }
    let objects: Vec<Value> = objects.into_iter().map(|(_, object)| object).collect();
    *items = completed.items;
    if let Some(name) = &model.name {
        report.diagnostics(&items::stale(items, &objects, name.as_str()));
    }
    Ok(objects)
}

/// Shows what Kustomize has broken among the objects that came in.
fn refuse_broken_references(items: &[Value], report: Report) -> Result<(), CommandError> {
    let broken = broken_references::check(items);
    if has_errors(&broken) {
        return Err(CommandError::Input(broken));
    }
    report.diagnostics(&broken);
    Ok(())
}

/// Whether nothing but that was asked for: a transformer whose spec declares nothing.
fn is_check_alone(read: &Read, items: &[Value]) -> bool {
    let Spec { cas, services, hosts, clients, .. } = &read.spec;
    let declares =
        !(cas.is_empty() && services.is_empty() && hosts.is_empty() && clients.is_empty());
    // To a generator, Kustomize hands its own configuration.
    let is_configuration = |item: &Value| item["kind"] == KIND;
    !declares && !has_errors(&read.findings) && !items.iter().all(is_configuration)
}

/// Kustomize would end names in a hash that end in one already, and references would say the first.
fn refuse_two_hashes(
    document: &Document,
    plugin: &Plugin,
    model: &Model,
) -> Result<(), CommandError> {
    if !plugin.needs_hash || !model.name_suffix_hash {
        return Ok(());
    }
    let title = "`plugin.needsHash` and `secrets.nameSuffixHash` exclude each other: both end names in a hash";
    let diagnostic = Diagnostic::error("conflicting-keys", title)
        .at(document.plugin_span(&path!["needsHash"]))
        .help("remove `plugin.needsHash`: `secrets.nameSuffixHash` reaches references that Kustomize does not");
    Err(CommandError::Input(vec![diagnostic]))
}

/// Whether the spec says that keys may stand in files.
fn is_allowed(sink: Sink, model: &Model) -> bool {
    sink == Sink::Files && model.allow_plain_in_git
}

/// What the store holds, where nothing is to be issued without which something would not work.
fn locked(
    store: &Store,
    model: &Model,
    now: Timestamp,
    report: Report,
    directory: &Path,
) -> Result<Inventory, CommandError> {
    let (inventory, plan) = phases::plan(store, model, now, report)?;
    report.diagnostics(&plan.notices);
    let way_out = way_out(directory, model);
    let findings = phases::plan_findings(&plan, phases::urgency);
    let findings: Vec<_> =
        findings.into_iter().map(|finding| finding.help(way_out.clone())).collect();
    if has_errors(&findings) {
        return Err(CommandError::Input(findings));
    }
    report.diagnostics(&findings);
    Ok(inventory)
}

fn way_out(directory: &Path, model: &Model) -> String {
    // Objects of such hosts can be rendered in a build alone.
    let existing = model.exposures.iter().any(|exposure| exposure.existing_ingress.is_some());
    let render = if existing { "render --kind Secret" } else { "render" };
    format!(
        "a build issues nothing: run `mtlsgen {render} -f FILE` in `{}`, FILE being that of this configuration, then build again",
        call::absolute(directory).display()
    )
}

/// A manifest with its text read back as an object.
fn with_object(manifest: &Manifest) -> Result<(&Manifest, Value), CommandError> {
    let read = yaml::parse(&manifest.yaml).ok().and_then(|mut objects| objects.pop());
    let title = || format!("the manifest of {} is not YAML", manifest.identity);
    read.map(|object| (manifest, object))
        .ok_or_else(|| CommandError::world("output", &title(), None))
}
