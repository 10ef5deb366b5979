//! The objects of a spec as a plugin gives them: nothing is issued by the way, and no key goes astray.

use std::sync::Arc;

use serde_json::Value;

use crate::cli::phases::{self, Read};
use crate::cli::report::{CommandError, Report};
use crate::diagnostic::{Source, has_errors};
use crate::io::store::Store;
use crate::kustomize::annotation::{annotate, set_path};
use crate::kustomize::exposure::{self, Sink};
use crate::kustomize::items;
use crate::manifest::template::TemplateSet;
use crate::manifest::{Disclosure, Manifest, yaml};
use crate::model::Model;
use crate::output::object_paths;
use crate::plan::{Holdings, Inventory, Rehearsal};
use crate::spec::document::Document;
use crate::spec::plugin::{Issue, Plugin};
use crate::time::Timestamp;

/// What a plugin was called with.
pub struct Request<'a> {
    /// Texts of the spec, in the order of merging.
    pub sources: Vec<Arc<Source>>,
    /// Objects that came in.
    pub items: &'a [Value],
    /// When.
    pub now: Timestamp,
    /// Whether Kustomize reads the annotations that `plugin` asks for.
    pub annotate: bool,
    /// Where what is printed stays, beside the cluster.
    pub sink: Option<Sink>,
    /// What to do where something is to be issued first.
    pub advice: String,
}

/// What was read, as far as it could be, and the objects that follow from it.
pub type Outcome = (Option<Document>, Result<Vec<Value>, CommandError>);

/// The objects of a spec, as its `plugin` wants them.
pub fn objects(mut request: Request<'_>, report: Report) -> Outcome {
    match phases::read_sources(std::mem::take(&mut request.sources)) {
        Ok(read) => {
            let objects = objects_of(&read, &request, report);
            (Some(read.into_document()), objects)
        }
        Err(error) => (None, Err(error)),
    }
}

fn objects_of(
    read: &Read,
    request: &Request<'_>,
    report: Report,
) -> Result<Vec<Value>, CommandError> {
    let Request { sources: _, items, now, annotate, sink, advice } = request;
    let resolved = phases::resolve(read, *now, report)?;
    let templates = phases::templates(read, None, report)?;
    rehearse(read, &resolved.model, &templates, *sink)?;
    let store = phases::store(read, report);
    let inventory = match read.plugin.issue {
        Issue::Never => locked(&store, &resolved.model, *now, report, advice)?,
        Issue::MissingOrDue => phases::issue(&store, &resolved, *now, report, || Ok(()))?,
    };
    let (model, keyring) = phases::keyring(&store, resolved, &inventory)?;
    let holdings = Holdings { model: &model, inventory: &inventory, keyring: &keyring };
    let whole = Disclosure::Whole;
    let manifests = phases::manifests(&read.document, &model, &holdings, &templates, whole)?;
    let plugin = if *annotate { read.plugin.clone() } else { Plugin::default() };
    let objects = annotated(&manifests, &plugin, items::are_files(items))?;
    if let Some(name) = &model.name {
        report.diagnostics(&items::stale(items, &objects, name.as_str()));
    }
    Ok(objects)
}

/// Finds what is wrong with what will come out, before anything is issued or any key is read.
fn rehearse(
    read: &Read,
    model: &Model,
    templates: &TemplateSet,
    sink: Option<Sink>,
) -> Result<(), CommandError> {
    let whole = Disclosure::Whole;
    let manifests = phases::manifests(&read.document, model, &Rehearsal, templates, whole)?;
    let sink = sink.filter(|sink| !is_allowed(*sink, model));
    exposure::check(&manifests, &read.plugin, &read.document, sink).map_err(CommandError::Input)
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
    advice: &str,
) -> Result<Inventory, CommandError> {
    let (inventory, plan) = phases::plan(store, model, now, report)?;
    report.diagnostics(&plan.notices);
    let findings = phases::plan_findings(&plan, phases::urgency);
    let findings: Vec<_> = findings.into_iter().map(|finding| finding.help(advice)).collect();
    if has_errors(&findings) {
        return Err(CommandError::Input(findings));
    }
    report.diagnostics(&findings);
    Ok(inventory)
}

/// The manifests as objects with what Kustomize and, where they go to files, kpt wants to know.
fn annotated(
    manifests: &[Manifest],
    plugin: &Plugin,
    are_files: bool,
) -> Result<Vec<Value>, CommandError> {
    let mut objects = manifests.iter().map(with_object).collect::<Result<Vec<_>, _>>()?;
    annotate(&mut objects, plugin).map_err(CommandError::Input)?;
    if are_files {
        let paths = object_paths(manifests);
        objects.iter_mut().zip(paths).for_each(|((_, object), path)| set_path(object, &path));
    }
    Ok(objects.into_iter().map(|(_, object)| object).collect())
}

/// A manifest with its text read back as an object.
fn with_object(manifest: &Manifest) -> Result<(&Manifest, Value), CommandError> {
    let read = yaml::parse(&manifest.yaml).ok().and_then(|mut objects| objects.pop());
    let title = || format!("the manifest of {} is not YAML", manifest.identity);
    read.map(|object| (manifest, object))
        .ok_or_else(|| CommandError::world("output", &title(), None))
}
