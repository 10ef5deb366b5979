//! The objects of a spec as a plugin gives them: nothing is issued by the way, and no key goes astray.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::call;
use crate::cli::phases::{self, Read};
use crate::cli::report::{CommandError, Report};
use crate::diagnostic::{Source, has_errors};
use crate::io::clock;
use crate::io::store::Store;
use crate::kustomize::annotation::{annotate, set_path};
use crate::kustomize::exposure::{self, Sink};
use crate::kustomize::items;
use crate::manifest::template::TemplateSet;
use crate::manifest::{Disclosure, Manifest, yaml};
use crate::model::{Model, Resolved};
use crate::output::object_paths;
use crate::plan::{Holdings, Inventory, Rehearsal};
use crate::spec::document::Document;
use crate::spec::plugin::Issue;
use crate::time::Timestamp;

/// What was read, as far as it could be, and the objects that follow from it.
pub type Outcome = (Option<Document>, Result<Vec<Value>, CommandError>);

/// The objects of the spec in `sources`; `items` are those that came in, and `sink` is where
/// all of them stay.
pub fn objects(
    sources: Vec<Arc<Source>>,
    items: &[Value],
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
    items: &[Value],
    sink: Option<Sink>,
    report: Report,
) -> Result<Vec<Value>, CommandError> {
    let (document, plugin) = (&read.document, &read.plugin);
    let now = clock::now(None)?;
    let resolved = phases::resolve(read, now, report)?;
    let templates = phases::templates(read, None, report)?;
    let sink = sink.filter(|sink| !is_allowed(*sink, &resolved.model));
    let rehearsed =
        phases::manifests(document, &resolved.model, &Rehearsal, &templates, Disclosure::Whole)?;
    exposure::check(&rehearsed, plugin, document, sink).map_err(CommandError::Input)?;
    let store = phases::store(read, report);
    let inventory = match plugin.issue {
        Issue::Never => locked(&store, &resolved.model, now, report, directory)?,
        Issue::MissingOrDue => phases::issue(&store, &resolved, now, report, || Ok(()))?,
    };
    let (model, manifests) = manifests(document, resolved, &store, &inventory, &templates)?;
    let mut objects = manifests.iter().map(with_object).collect::<Result<Vec<_>, _>>()?;
    annotate(&mut objects, plugin).map_err(CommandError::Input)?;
    if items::are_files(items) {
        let paths = object_paths(&manifests);
        objects.iter_mut().zip(paths).for_each(|((_, object), path)| set_path(object, &path));
    }
    let objects: Vec<Value> = objects.into_iter().map(|(_, object)| object).collect();
    if let Some(name) = &model.name {
        report.diagnostics(&items::stale(items, &objects, name.as_str()));
    }
    Ok(objects)
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
    let way_out = way_out(directory);
    let findings = phases::plan_findings(&plan, phases::urgency);
    let findings: Vec<_> =
        findings.into_iter().map(|finding| finding.help(way_out.clone())).collect();
    if has_errors(&findings) {
        return Err(CommandError::Input(findings));
    }
    report.diagnostics(&findings);
    Ok(inventory)
}

fn way_out(directory: &Path) -> String {
    format!(
        "a build issues nothing: run `mtlsgen render -f FILE` in `{}`, FILE being that of this configuration, then build again",
        call::absolute(directory).display()
    )
}

fn manifests(
    document: &Document,
    resolved: Resolved,
    store: &Store,
    inventory: &Inventory,
    templates: &TemplateSet,
) -> Result<(Model, Vec<Manifest>), CommandError> {
    let (model, keyring) = phases::keyring(store, resolved, inventory)?;
    let holdings = Holdings { model: &model, inventory, keyring: &keyring };
    let manifests = phases::manifests(document, &model, &holdings, templates, Disclosure::Whole)?;
    Ok((model, manifests))
}

/// A manifest with its text read back as an object.
///
/// # Errors
/// Its text is not YAML.
pub fn with_object(manifest: &Manifest) -> Result<(&Manifest, Value), CommandError> {
    let read = yaml::parse(&manifest.yaml).ok().and_then(|mut objects| objects.pop());
    let title = || format!("the manifest of {} is not YAML", manifest.identity);
    read.map(|object| (manifest, object))
        .ok_or_else(|| CommandError::world("output", &title(), None))
}
