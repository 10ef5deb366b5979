//! `mtlsgen post-render`: Helm's post-renderer, which adds the objects of a spec to those of a chart.
#![expect(clippy::disallowed_methods, reason = "Helm says in the environment where a release goes")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::globals::Globals;
use super::kustomize::generate::{self, Given, Request};
use super::kustomize::{call, stream};
use super::objects::Showing;
use super::report::{CommandError, ExitStatus};
use super::spec_arguments::{Operator, SpecArguments};
use crate::complete::helm;
use crate::diagnostic::{Diagnostic, Source, human};
use crate::io::reach::Reach;
use crate::io::{input, new_files};
use crate::manifest::lists;
use crate::specification::document::in_its_language;

/// Namespace of the release, which Helm 4 sets for its plugins.
const NAMESPACE: &str = "HELM_NAMESPACE";
/// Columns of messages in a file.
const WIDTH: usize = 120;

/// Add the objects of the spec to a chart's manifests, as Helm's post-renderer
///
/// Helm calls it: with `--post-renderer mtlsgen --post-renderer-args post-render` (Helm 3), or as a plugin (Helm 4,
/// whose folder is in examples/helm of mtlsgen's repository). The chart's manifests are unchanged, byte by
/// byte, unless hosts of the spec have `existingIngress`: then these Ingresses get client authentication. The objects
/// of the spec follow. As with Kustomize, nothing is issued unless the spec's object says so, and the paths of
/// the spec must not lead out of the folders of its files.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    spec: SpecArguments,
    /// Folder, beside those of the spec's files, that paths of the spec may lead to; may be repeated
    ///
    /// The environment variable `MTLSGEN_ALLOW_PATH` adds others, with `:` between them.
    #[arg(long = "allow-path", value_name = "FOLDER", help_heading = "Spec")]
    allowed: Vec<PathBuf>,
    /// File that errors are written to as well, since Helm 4 does not show them
    #[arg(long, value_name = "FILE", help_heading = "Messages")]
    log_file: Option<PathBuf>,
    #[command(flatten)]
    showing: Showing,
}

/// Adds the objects.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let text = manifests(args, globals).inspect_err(|error| {
        if let Some(file) = &args.log_file {
            log(file, error, globals);
        }
    })?;
    args.showing.print(&text, globals.report())?;
    Ok(ExitStatus::Done)
}

fn manifests(args: &Args, globals: &Globals) -> Result<String, CommandError> {
    if args.spec.files.iter().any(|file| file.as_os_str() == "-") {
        return Err(CommandError::Input(vec![chart_is_there()]));
    }
    let chart = input::standard_input_text()?;
    let charts_objects =
        helm::objects(&chart).map_err(|mistake| CommandError::Input(vec![*mistake]))?;
    let (charts_objects, lists) = lists::unfold(charts_objects);
    if helm::is_hooks_alone(&charts_objects) {
        return Ok(chart);
    }
    let namespace = std::env::var(NAMESPACE).ok().filter(|namespace| !namespace.is_empty());
    let (sources, reach) = sources(args)?;
    let request = Request {
        sources,
        operator: Operator::from(&args.spec).reaching(reach).showing(args.showing),
        items: &charts_objects,
        namespace: namespace.as_deref(),
        now: args.spec.now()?,
        annotate: false,
        sink: call::sink(&[]),
        advice: "a post-renderer issues nothing: run `mtlsgen render` with the same `-f` and `--set`, then call Helm again".to_owned(),
    };
    let (_, given) = generate::objects(request, globals.report());
    // Helm's rules apply to objects that the chart has already.
    let Given { items, objects, taken: _ } = given?;
    let missing = helm::missing(&charts_objects, objects, namespace.as_deref());
    let missing = missing.map_err(CommandError::Input)?;
    let chart = if items == charts_objects { chart } else { stream(&lists.fold(items)) };
    Ok(helm::append(chart, &stream(&missing)))
}

/// The texts of the spec, and how far the paths in its files reach; those of `--set` are the operator's.
fn sources(args: &Args) -> Result<(Vec<Arc<Source>>, Reach), CommandError> {
    let allowed = call::allowed(&args.allowed);
    let first = args.spec.files.first().and_then(|file| file.parent()).unwrap_or(Path::new(""));
    let folder = (first, "the folder of the spec");
    let mut reach = Reach::within(folder, &allowed, call::WAY_OUT_BY_FLAG)?;
    for file in args.spec.files.iter().skip(1) {
        reach = reach.and(file.parent().unwrap_or(Path::new("")))?;
    }
    // The file of the working directory was not named by the operator: it may be a link to anywhere.
    let is_found = args.spec.files.is_empty();
    let sources = if is_found { args.spec.sources_within(&reach)? } else { args.spec.sources()? };
    let values = sources[sources.len() - args.spec.values.len()..].to_vec();
    Ok((sources, reach.trusting(values)))
}

fn chart_is_there() -> Diagnostic {
    let title = "the spec cannot come from standard input: the chart's manifests do";
    Diagnostic::error("standard-input", title).help("name the spec's file: `-f FILE`")
}

/// Leaves the words in a file; whether that works changes nothing about the failure itself.
fn log(file: &Path, error: &CommandError, globals: &Globals) {
    let reported: Vec<_> = error.diagnostics().iter().cloned().map(in_its_language).collect();
    let words = human::render(&reported, false, WIDTH);
    let folder = file.parent().unwrap_or(Path::new(""));
    let Some(name) = file.file_name().and_then(|name| name.to_str()) else { return };
    if let Err(error) = new_files::write_over(folder, &[(name, words.as_bytes())]) {
        globals.report().say(&error.to_string());
    }
}
