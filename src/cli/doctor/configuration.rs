//! What the plugin would say of its configuration, without its saying so.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};

use crate::cli::globals::MessageFormat;
use crate::cli::kustomize::generate::secrets_alone;
use crate::cli::kustomize::{call, transform};
use crate::cli::report::{CommandError, Report};
use crate::cli::session::{Planned, Session, plan_findings, urgency};
use crate::cli::spec_arguments::Operator;
use crate::diagnostic::{Diagnostic, Nature, Severity, Source, has_errors};
use crate::io::clock;
use crate::kustomize::annotation::annotate;
use crate::kustomize::config::{self, Configuration};
use crate::kustomize::doctor::collisions::Given;
use crate::kustomize::doctor::naming::Named;
use crate::kustomize::doctor::reference::Reference;
use crate::kustomize::doctor::tree::{Folder, Role};
use crate::kustomize::leaks;
use crate::manifest::{Disclosure, Object};
use crate::model::Model;
use crate::plan::{Rehearsal, Scope};
use crate::specification::document::KIND;
use crate::specification::plugin::Issue;
use crate::yaml;

/// Findings that the session reports.
static REPORTED: Mutex<Vec<Diagnostic>> = Mutex::new(Vec::new());

/// What is known of a configuration.
#[derive(Default)]
pub struct Checked {
    /// What it gives.
    pub given: Given,
    /// Secrets among it that annotations name with their namespace.
    pub named: Vec<Named>,
    /// What is wrong with it, or with the store.
    pub findings: Vec<Diagnostic>,
    /// Whether the plugin fails.
    pub refused: bool,
}

/// Goes the plugin's way for a reference that `folder` names, up to the point where
/// private keys are read or something is issued.
pub fn check(reference: &Reference<'_>, folder: &Folder) -> Checked {
    let mut checked = Checked::default();
    if !reference.mistakes.is_empty() {
        return Checked { refused: true, ..checked };
    }
    let value = &reference.object.value;
    let written = || reference.object.written().to_owned();
    let sources = match reference.object.text("kind") {
        Some(KIND) => Ok(vec![reference.object.alone(folder.shown.clone())]),
        _ => config::sources(&Configuration::new(value.clone(), written()), &folder.shown),
    };
    let report = Report::new(true, MessageFormat::Text, false).keeping(&REPORTED);
    let outcome = sources
        .map_err(CommandError::Input)
        .and_then(|sources| go(sources, reference, folder, report, &mut checked));
    let reported =
        REPORTED.lock().map(|mut reported| std::mem::take(&mut *reported)).unwrap_or_default();
    // Words such as those about a lock that is waited for are not findings.
    checked
        .findings
        .splice(0..0, reported.into_iter().filter(|reported| reported.nature != Nature::Done));
    if let Err(error) = outcome {
        checked.findings.extend(error.diagnostics().iter().cloned());
    }
    checked.refused = has_errors(&checked.findings);
    checked
}

fn go(
    sources: Vec<Arc<Source>>,
    reference: &Reference<'_>,
    folder: &Folder,
    report: Report,
    checked: &mut Checked,
) -> Result<(), CommandError> {
    let now = clock::now(None)?;
    // As in the build, whose environment this is.
    let reach = call::kustomization_reach(&folder.shown)?;
    let operator = Operator::of_environment().reaching(reach);
    let session = Session::over(sources, operator, now, report)?;
    let plugin = &session.plugin;
    let is_transformer = reference.role == Role::Transformer;
    if is_transformer && transform::declares_nothing(&session) {
        return Ok(());
    }
    checked.given.issues = plugin.issue == Issue::MissingOrDue;
    checked.given.has_behavior = plugin.behavior.is_some();
    let resolved = session.unjudged()?.judge_all()?;
    transform::refuse_two_hashes(&session.document, plugin, &resolved.model)?;
    let manifests = manifests(&session, &resolved.model, is_transformer)?;
    leaks::check(&manifests, plugin, &session.document, call::sink(&[]))
        .map_err(CommandError::Input)?;
    let value = |manifest| (manifest, Object::value(manifest).into_inner());
    let mut objects: Vec<_> = manifests.iter().map(value).collect();
    annotate(&mut objects, plugin).map_err(CommandError::Input)?;
    checked.given.objects =
        manifests.iter().map(|manifest| manifest.identity.to_string()).collect();
    checked.named = named(&objects);
    let setup = session.setup(resolved)?;
    let Planned { plan, .. } = setup.plan(&Scope::default())?;
    let plans = match plugin.issue {
        Issue::Never => plan_findings(&plan, urgency),
        Issue::MissingOrDue => plan_findings(&plan, |_| Severity::Notice),
    };
    let help = match plugin.issue {
        Issue::Never => way_out(reference, folder),
        Issue::MissingOrDue => "the build issues it, as `plugin.issue` says".to_owned(),
    };
    checked.findings.extend(plan.notices.iter().cloned());
    let apart = secrets_alone(setup.model());
    let with_help =
        |finding: Diagnostic| apart.into_iter().fold(finding.help(help.clone()), Diagnostic::help);
    checked.findings.extend(plans.into_iter().map(with_help));
    Ok(())
}

/// What it gives, under names without hashes of what may not be issued yet. Whether the Ingresses that a
/// transformer completes are there, only the build knows.
fn manifests(
    session: &Session,
    model: &Model,
    is_transformer: bool,
) -> Result<Vec<Object>, CommandError> {
    let rendering = session.rendering(None)?.apart(is_transformer);
    let unhashed = Model { name_suffix_hash: false, ..model.clone() };
    let checked = rendering.manifests(&unhashed, &Rehearsal, Disclosure::Whole)?;
    session.report.diagnostics(&checked.warnings);
    Ok(checked.manifests)
}

/// What to run so that the build has what it needs.
fn way_out(reference: &Reference<'_>, folder: &Folder) -> String {
    let source = &reference.object.source;
    let here = folder.shown.as_os_str().is_empty();
    let shown = if here { Path::new(".") } else { &folder.shown }.display();
    let file = Path::new(&source.name).strip_prefix(&folder.shown).ok();
    // A spec inside the kustomization or beside other objects is not a file for `-f`.
    let is_alone = reference.object.text("kind") == Some(KIND)
        && !source.name.starts_with(&folder.kustomization.source.name)
        && yaml::parse(&source.text).is_ok_and(|all| all == [reference.object.value.clone()]);
    match file.filter(|_| is_alone) {
        Some(file) => format!(
            "a build issues nothing: run `mtlsgen render -f {}` in `{shown}`",
            file.display()
        ),
        None => format!(
            "a build issues nothing: put the configuration into a file of its own, and run `mtlsgen render -f FILE` in `{shown}`"
        ),
    }
}

/// Secrets that annotations name as `namespace/name`.
fn named(objects: &[(&Object, Value)]) -> Vec<Named> {
    let secrets: BTreeSet<(&str, &str)> = objects
        .iter()
        .map(|(manifest, _)| &manifest.identity)
        .filter(|identity| identity.kind == "Secret")
        .map(|identity| (identity.namespace_or_default(), identity.name.as_str()))
        .collect();
    let annotations = |object: &Value| -> Vec<(String, String)> {
        let map = object.pointer("/metadata/annotations").and_then(Value::as_object);
        let texts = map.into_iter().flat_map(Map::iter);
        texts.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
    };
    let mut found: Vec<Named> = objects
        .iter()
        .flat_map(|(_, object)| annotations(object))
        .filter_map(|(annotation, value)| {
            let (namespace, name) = value.split_once('/')?;
            let (namespace, name) = (namespace.to_owned(), name.to_owned());
            secrets.contains(&(namespace.as_str(), name.as_str())).then_some(Named {
                namespace,
                name,
                annotation,
            })
        })
        .collect();
    found.sort();
    found.dedup();
    found
}
