//! The objects of a spec as a plugin gives them: nothing is issued by the way, and no key goes astray.

use std::sync::Arc;

use serde_json::Value;

use super::transform;
use crate::cli::report::{CommandError, Report};
use crate::cli::session::{
    Among, Planned, Session, Setup, plan_findings, refuse_new_readers, urgency,
};
use crate::cli::spec_arguments::Operator;
use crate::diagnostic::{Diagnostic, Source, has_errors};
use crate::kustomize::annotation::{annotate, set_path};
use crate::kustomize::items;
use crate::kustomize::leaks::{self, Sink};
use crate::manifest::Disclosure;
use crate::manifest::{Namespace, Object};
use crate::model::{Model, Touched, namespace as namespace_of};
use crate::output::object_paths;
use crate::plan::{Holdings, Rehearsal, Scope};
use crate::secret_format::Handed;
use crate::specification::document::Document;
use crate::specification::plugin::{Issue, Plugin};
use crate::store::Inventory;
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
    /// The advice where something must be issued first.
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
    /// All objects: those of the spec in place of their earlier versions, or behind those of the input.
    ///
    /// # Errors
    /// An object of the input would be replaced.
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
pub type Outcome = (Option<Arc<Document>>, Result<Given, CommandError>);

/// The objects of a spec, as its `plugin` wants them.
pub fn objects(mut request: Request<'_>, report: Report) -> Outcome {
    let sources = std::mem::take(&mut request.sources);
    let operator = std::mem::take(&mut request.operator);
    match Session::over(sources, operator, request.now, report) {
        Ok(session) => {
            let given = objects_of(&session, &request);
            (Some(session.document), given)
        }
        Err(error) => (None, Err(error)),
    }
}

fn objects_of(session: &Session, request: &Request<'_>) -> Result<Given, CommandError> {
    let Session { document, operator, report, .. } = session;
    let plugin = if request.annotate { session.plugin.clone() } else { Plugin::default() };
    let items = transform::with_whole_references(request.items, &plugin, *report)?;
    if transform::is_check_alone(session, &items) {
        return Ok(Given { items, objects: Vec::new(), taken: Vec::new() });
    }
    let own = namespace_of(&session.spec, None).to_string();
    let said = request.namespace;
    let namespace = said.map_or(Namespace::Assumed(&own), Namespace::Known);
    // Helm applies all objects of its charts, with any annotations of Kustomize.
    let among = Among { items: &items, namespace, drops_local: request.annotate };
    let resolved = session.unjudged()?.judge_among(among)?;
    transform::refuse_two_hashes(document, &plugin, &resolved.model)?;
    let rendering = session.rendering(None)?;
    let disclosure = if operator.masks_keys { Disclosure::Masked } else { Disclosure::Whole };
    // What is wrong is found before anything is issued or any key is read. Hashes of what is not issued yet
    // would be other names.
    let unhashed = Model { name_suffix_hash: false, ..resolved.model.clone() };
    let rehearsed = rendering.complete(&unhashed, &Rehearsal, disclosure, among)?.manifests;
    let sink = request.sink.filter(|sink| !is_allowed(*sink, &resolved.model));
    leaks::check(&rehearsed, &session.plugin, document, sink).map_err(CommandError::Input)?;
    let setup = session.setup(resolved)?;
    let model = setup.model();
    let issues = session.plugin.issue == Issue::MissingOrDue;
    let inventory = &if issues { issue(&setup)? } else { locked(&setup, &request.advice)? };
    let keyring = &setup.keys(inventory, &Touched::everything()).ring()?;
    if issues {
        setup.settle_keys(false)?;
    }
    let holdings = Holdings { model, inventory, keyring };
    let completed = rendering.complete(model, &holdings, disclosure, among)?;
    report.diagnostics(&completed.warnings);
    let objects =
        annotated(&setup.handed_over(&completed.manifests)?, &plugin, items::are_files(&items))?;
    if let Some(name) = &model.name {
        report.diagnostics(&items::stale(&items, &objects, name.as_str()));
    }
    Ok(Given { items: completed.items, objects, taken: completed.taken })
}

/// Whether the spec allows keys in files.
fn is_allowed(sink: Sink, model: &Model) -> bool {
    sink == Sink::Files && model.allow_plain_in_git
}

/// What the store holds, once what is missing or due was issued.
fn issue(setup: &Setup) -> Result<Inventory, CommandError> {
    setup.source.store().map_or(Ok(()), refuse_new_readers)?;
    let issued = setup.issue(&Scope::default(), |_| Ok(()));
    Ok(issued.map_err(|error| error.located(&setup.document))?.inventory)
}

/// The inventory of the store, unless something must be issued first.
fn locked(setup: &Setup, advice: &str) -> Result<Inventory, CommandError> {
    let Planned { inventory, plan, .. } = setup.plan(&Scope::default())?;
    let findings = plan_findings(&plan, urgency);
    let apart = secrets_alone(setup.model());
    let with_help =
        |finding: Diagnostic| apart.into_iter().fold(finding.help(advice), Diagnostic::help);
    let findings: Vec<_> = findings.into_iter().map(with_help).collect();
    if has_errors(&findings) {
        return Err(CommandError::Input(findings));
    }
    setup.report.diagnostics(&findings);
    Ok(inventory)
}

/// The flag that `render` needs beside it, where Ingresses of the model exist already.
pub fn secrets_alone(model: &Model) -> Option<&'static str> {
    let existing = model.exposures.iter().any(|exposure| exposure.existing_ingress.is_some());
    existing
        .then_some("add `--kind Secret`: of a host with `existingIngress`, `render` prints no more")
}

/// The manifests as objects with what Kustomize and, where they go to files, kpt wants to know.
fn annotated(
    handed: &[Handed<'_>],
    plugin: &Plugin,
    are_files: bool,
) -> Result<Vec<Value>, CommandError> {
    let value = |object| (object, Object::value(object).into_inner());
    let mut objects: Vec<_> = handed.iter().map(|object| value(&**object)).collect();
    annotate(&mut objects, plugin).map_err(CommandError::Input)?;
    if are_files {
        let paths = object_paths(handed);
        objects.iter_mut().zip(paths).for_each(|((_, object), path)| set_path(object, &path));
    }
    Ok(objects.into_iter().map(|(_, object)| object).collect())
}
