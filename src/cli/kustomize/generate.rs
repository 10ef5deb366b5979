//! The objects of a spec as a plugin gives them: nothing is issued by the way, and no key goes astray.

use std::sync::Arc;

use serde_json::Value;

use crate::cli::phases::{self, Read};
use crate::cli::report::{CommandError, Report};
use crate::complete::{Completed, Namespace};
use crate::diagnostic::{Diagnostic, Source, has_errors};
use crate::io::clock;
use crate::io::store::Store;
use crate::kustomize::annotation::{annotate, set_path};
use crate::kustomize::exposure::{self, Sink};
use crate::kustomize::items;
use crate::kustomize::{annotation_of, broken_references};
use crate::manifest::objects::Material;
use crate::manifest::{Manifest, yaml};
use crate::model::{Model, namespace as namespace_of};
use crate::output::object_paths;
use crate::path;
use crate::plan::{Holdings, Inventory, Rehearsal};
use crate::spec::Spec;
use crate::spec::document::Document;
use crate::spec::plugin::{Issue, Plugin};
use crate::time::Timestamp;

/// What Kustomize marks the objects with that it hands to a transformer.
const ID: &str = "kustomize.config.k8s.io/id";

/// What a plugin was called with.
pub struct Request<'a> {
    /// Texts of the spec, in the order of merging.
    pub sources: Vec<Arc<Source>>,
    /// Objects that came in.
    pub items: &'a [Value],
    /// Namespace of objects that say none; `None`: that of the spec, for all that is known.
    pub namespace: Option<&'a str>,
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
    match phases::read_sources(std::mem::take(&mut request.sources)) {
        Ok(read) => {
            let given = objects_of(&read, &request, report);
            (Some(read.into_document()), given)
        }
        Err(error) => (None, Err(error)),
    }
}

fn objects_of(read: &Read, request: &Request<'_>, report: Report) -> Result<Given, CommandError> {
    let Request { sources: _, items, namespace, sink, advice } = request;
    let (document, plugin) = (&read.document, &read.plugin);
    let items = with_whole_references(items, plugin, report)?;
    if is_check_alone(read, &items) {
        return Ok(Given { items, objects: Vec::new(), taken: Vec::new() });
    }
    let now = clock::now(None)?;
    let resolved = phases::resolve(read, now, report)?;
    refuse_two_hashes(document, plugin, &resolved.model)?;
    let templates = phases::templates(read, None, report)?;
    let sink = sink.filter(|sink| !is_allowed(*sink, &resolved.model));
    let own = namespace_of(&read.spec, None).to_string();
    let namespace = Namespace { name: namespace.unwrap_or(&own), is_known: namespace.is_some() };
    let complete = |model: &Model, material: &dyn Material| {
        phases::complete(document, model, material, &templates, (items.clone(), namespace))
    };
    // Hashes of what is not issued yet would be other names.
    let unhashed = Model { name_suffix_hash: false, ..resolved.model.clone() };
    let rehearsed = complete(&unhashed, &Rehearsal)?.manifests;
    exposure::check(&rehearsed, plugin, document, sink).map_err(CommandError::Input)?;
    let store = phases::store(read, report);
    let inventory = match plugin.issue {
        Issue::Never => locked(&store, &resolved.model, now, report, advice)?,
        Issue::MissingOrDue => phases::issue(&store, &resolved, now, report, || Ok(()))?,
    };
    let (model, keyring) = phases::keyring(&store, resolved, &inventory)?;
    let holdings = Holdings { model: &model, inventory: &inventory, keyring: &keyring };
    let Completed { items: completed, manifests, warnings, taken } = complete(&model, &holdings)?;
    report.diagnostics(&warnings);
    let mut objects = manifests.iter().map(with_object).collect::<Result<Vec<_>, _>>()?;
    annotate(&mut objects, plugin).map_err(CommandError::Input)?;
    if items::are_files(&items) {
        let paths = object_paths(&manifests);
        objects.iter_mut().zip(paths).for_each(|((_, object), path)| set_path(object, &path));
    }
    let objects: Vec<Value> = objects.into_iter().map(|(_, object)| object).collect();
    if let Some(name) = &model.name {
        report.diagnostics(&items::stale(&items, &objects, name.as_str()));
    }
    Ok(Given { items: completed, objects, taken })
}

/// The objects that came in; shows what Kustomize has broken among them, or mends it.
fn with_whole_references(
    items: &[Value],
    plugin: &Plugin,
    report: Report,
) -> Result<Vec<Value>, CommandError> {
    let mut items = items.to_vec();
    let broken = if plugin.mend_references {
        broken_references::mend(&mut items)
    } else {
        broken_references::check(&items)
    };
    if has_errors(&broken) {
        return Err(CommandError::Input(broken));
    }
    report.diagnostics(&broken);
    Ok(items)
}

/// Whether nothing but that was asked for: a transformer whose spec declares nothing.
fn is_check_alone(read: &Read, items: &[Value]) -> bool {
    let Spec { cas, services, hosts, clients, .. } = &read.spec;
    let declares =
        !(cas.is_empty() && services.is_empty() && hosts.is_empty() && clients.is_empty());
    // To a generator, Kustomize hands nothing but its own configuration, and without this mark.
    let is_of_build = |item: &Value| annotation_of(item, ID).is_some();
    !declares && !has_errors(&read.findings) && items.iter().any(is_of_build)
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
    advice: &str,
) -> Result<Inventory, CommandError> {
    let (inventory, plan) = phases::plan(store, model, now, report)?;
    report.diagnostics(&plan.notices);
    let findings = phases::plan_findings(&plan, phases::urgency);
    let existing = model.exposures.iter().any(|exposure| exposure.existing_ingress.is_some());
    let kind = existing.then_some(
        "say `--kind Secret` beside it: of a host with `existingIngress`, `render` gives no more",
    );
    let advise = |finding: Diagnostic| {
        let finding = finding.help(advice);
        kind.into_iter().fold(finding, Diagnostic::help)
    };
    let findings: Vec<_> = findings.into_iter().map(advise).collect();
    if has_errors(&findings) {
        return Err(CommandError::Input(findings));
    }
    report.diagnostics(&findings);
    Ok(inventory)
}

/// A manifest with its text read back as an object.
fn with_object(manifest: &Manifest) -> Result<(&Manifest, Value), CommandError> {
    let read = yaml::parse(&manifest.yaml).ok().and_then(|mut objects| objects.pop());
    let title = || format!("the manifest of {} is not YAML", manifest.identity);
    read.map(|object| (manifest, object))
        .ok_or_else(|| CommandError::world("output", &title(), None))
}
