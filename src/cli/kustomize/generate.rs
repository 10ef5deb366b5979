//! The objects of a spec as a plugin gives them: nothing is issued by the way, and no key goes astray.

use std::sync::Arc;

use serde_json::Value;

use super::transform;
use crate::cli::phases::{self, Read};
use crate::cli::report::{CommandError, Report};
use crate::cli::spec_arguments::Operator;
use crate::complete::{Completed, Namespace};
use crate::diagnostic::{Diagnostic, Source, has_errors};
use crate::kustomize::annotation::{annotate, set_path};
use crate::kustomize::items;
use crate::kustomize::leaks::{self, Sink};
use crate::manifest::Disclosure;
use crate::manifest::Object;
use crate::model::{Model, Touched, namespace as namespace_of};
use crate::output::object_paths;
use crate::plan::{Holdings, Rehearsal, Scope};
use crate::specification::document::Document;
use crate::specification::plugin::{Issue, Plugin};
use crate::store::Inventory;
use crate::store::Material;
use crate::time::Timestamp;

/// What a plugin was called with.
pub struct Request<'a> {
    /// Texts of the spec, in the order of merging.
    pub sources: Vec<Arc<Source>>,
    /// What the operator says beside it.
    pub operator: Operator,
    /// Objects that came in.
    pub items: &'a [Value],
    /// Namespace of objects that say none; `None`: that of the spec, for all that is known.
    pub namespace: Option<&'a str>,
    /// When.
    pub now: Timestamp,
    /// Whether Kustomize reads the annotations that `plugin` asks for.
    pub annotate: bool,
    /// Where what is printed stays, beside the cluster.
    pub sink: Option<Sink>,
    /// What to do where something is to be issued first.
    pub advice: String,
}

/// What a plugin gives.
pub struct Given {
    /// The objects that came in, completed.
    pub items: Vec<Value>,
    /// The objects of the spec.
    pub objects: Vec<Value>,
    /// Those that came in and must not be replaced by them.
    pub taken: Vec<Diagnostic>,
}

impl Given {
    /// All objects: those of the spec in the place of their former selves, or behind what came in.
    ///
    /// # Errors
    /// Somebody else's object would be replaced.
    pub fn placed(self) -> Result<Vec<Value>, CommandError> {
        let Self { mut items, objects, taken } = self;
        if !taken.is_empty() {
            return Err(CommandError::Input(taken));
        }
        items::place(&mut items, objects);
        Ok(items)
    }
}

/// What was read, as far as it could be, and the objects that follow from it.
pub type Outcome = (Option<Document>, Result<Given, CommandError>);

/// The objects of a spec, as its `plugin` wants them.
pub fn objects(mut request: Request<'_>, report: Report) -> Outcome {
    let operator = std::mem::take(&mut request.operator);
    match phases::read_sources(std::mem::take(&mut request.sources), operator) {
        Ok(read) => {
            let given = objects_of(&read, &request, report);
            (Some(read.into_document()), given)
        }
        Err(error) => (None, Err(error)),
    }
}

fn objects_of(read: &Read, request: &Request<'_>, report: Report) -> Result<Given, CommandError> {
    let Request { sources: _, operator: _, items, namespace, now, annotate, sink, advice } =
        request;
    let document = &read.document;
    let plugin = if *annotate { read.plugin.clone() } else { Plugin::default() };
    let items = transform::with_whole_references(items, &plugin, report)?;
    if transform::is_check_alone(read, &items) {
        return Ok(Given { items, objects: Vec::new(), taken: Vec::new() });
    }
    let resolved = phases::resolve(read, *now, report)?;
    transform::refuse_two_hashes(document, &plugin, &resolved.model)?;
    let templates = phases::templates(read, None, report)?;
    let own = namespace_of(&read.spec, None).to_string();
    let namespace = Namespace { name: namespace.unwrap_or(&own), is_known: namespace.is_some() };
    let disclosure = if read.operator.masks_keys { Disclosure::Masked } else { Disclosure::Whole };
    let complete = |model: &Model, material: &dyn Material| {
        let beside = (items.clone(), namespace);
        phases::complete(document, model, material, &templates, disclosure, beside)
    };
    // What is wrong is found before anything is issued or any key is read. Hashes of what is not issued yet
    // would be other names.
    let unhashed = Model { name_suffix_hash: false, ..resolved.model.clone() };
    let rehearsed = complete(&unhashed, &Rehearsal)?.manifests;
    let sink = sink.filter(|sink| !is_allowed(*sink, &resolved.model));
    leaks::check(&rehearsed, &read.plugin, document, sink).map_err(CommandError::Input)?;
    let source = phases::source(read, &resolved, *now, report)?;
    let inventory = match read.plugin.issue {
        Issue::Never => locked(&source, &resolved.model, *now, report, advice)?,
        Issue::MissingOrDue => {
            if let phases::Source::Folder(store) = &source {
                phases::refuse_new_readers(store)?;
            }
            let everything = Scope::default();
            phases::issue(&source, &resolved, *now, &everything, report, |_, _| Ok(()))
                .map_err(|error| error.located(document))?
        }
    };
    let (model, keyring) = phases::keyring(&source, resolved, &inventory, &Touched::everything())?;
    if read.plugin.issue == Issue::MissingOrDue {
        phases::settle_keys(&source, false, report)?;
    }
    let holdings = Holdings { model: &model, inventory: &inventory, keyring: &keyring };
    let Completed { items: completed, manifests, warnings, taken } = complete(&model, &holdings)?;
    report.diagnostics(&warnings);
    let objects = annotated(&manifests, &plugin, items::are_files(&items))?;
    if let Some(name) = &model.name {
        report.diagnostics(&items::stale(&items, &objects, name.as_str()));
    }
    Ok(Given { items: completed, objects, taken })
}

/// Whether the spec says that keys may stand in files.
fn is_allowed(sink: Sink, model: &Model) -> bool {
    sink == Sink::Files && model.allow_plain_in_git
}

/// What the store holds, where nothing is to be issued without which something would not work.
fn locked(
    source: &phases::Source,
    model: &Model,
    now: Timestamp,
    report: Report,
    advice: &str,
) -> Result<Inventory, CommandError> {
    let (inventory, plan) = phases::plan(source, model, now, report)?;
    let findings = phases::plan_findings(&plan, phases::urgency);
    let apart = secrets_alone(model);
    let with_help =
        |finding: Diagnostic| apart.into_iter().fold(finding.help(advice), Diagnostic::help);
    let findings: Vec<_> = findings.into_iter().map(with_help).collect();
    if has_errors(&findings) {
        return Err(CommandError::Input(findings));
    }
    report.diagnostics(&findings);
    Ok(inventory)
}

/// What `render` must be told beside it, where Ingresses of the model exist already.
pub fn secrets_alone(model: &Model) -> Option<&'static str> {
    let existing = model.exposures.iter().any(|exposure| exposure.existing_ingress.is_some());
    existing.then_some(
        "say `--kind Secret` beside it: of a host with `existingIngress`, `render` gives no more",
    )
}

/// The manifests as objects with what Kustomize and, where they go to files, kpt wants to know.
fn annotated(
    manifests: &[Object],
    plugin: &Plugin,
    are_files: bool,
) -> Result<Vec<Value>, CommandError> {
    let value = |manifest| (manifest, Object::value(manifest).into_inner());
    let mut objects: Vec<_> = manifests.iter().map(value).collect();
    annotate(&mut objects, plugin).map_err(CommandError::Input)?;
    if are_files {
        let paths = object_paths(manifests);
        objects.iter_mut().zip(paths).for_each(|((_, object), path)| set_path(object, &path));
    }
    Ok(objects.into_iter().map(|(_, object)| object).collect())
}
