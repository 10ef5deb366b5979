//! `mtlsgen kustomize`: the plugin of Kustomize and kpt, as KRM function and as exec plugin.

pub mod call;
pub mod generate;
mod install;
pub mod transform;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use clap::Subcommand;
use serde_json::Value;

use self::call::Call;
use self::generate::{Given, Request};
use super::globals::Globals;
use super::objects::Showing;
use super::report::{CommandError, ExitStatus};
use super::spec_arguments::Operator;
use crate::diagnostic::{Diagnostic, Source};
use crate::io::clock;
use crate::io::reach::Reach;
use crate::kustomize::items;
use crate::kustomize::resource_list::ResourceList;
use crate::kustomize::results::{Origin, result};
use crate::manifest::lists;
use crate::specification::document::KIND;
use crate::yaml;

/// Run as a plugin of Kustomize or kpt: give what render prints, complete what exists
///
/// Kustomize and kpt call it. As a KRM function it reads a `ResourceList` from standard input and prints one;
/// as an exec plugin it reads the configuration file that it is given and prints YAML. The configuration is
/// `apiVersion: mtlsgen.dev/v1alpha1`, `kind: MutualTLS` with the spec under `spec`. Under the name `MutualTLS`,
/// a link to mtlsgen does the same without the word `kustomize`.
///
/// As a generator it gives the objects of the spec. As a transformer it also adds client authentication to the
/// Ingresses that hosts of the spec have under `existingIngress`, and finds references to Secrets that Kustomize
/// has broken; a spec that declares nothing looks for those alone.
///
/// A build issues nothing unless the configuration says so: it fails where `mtlsgen render` has something to issue
/// without which nothing works, and says what to run.
///
/// The paths of the spec must not lead out of the folder of the kustomization, links included. The operator of the build
/// allows further folders in the environment variable `MTLSGEN_ALLOW_PATH`, with `:` between them.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Configuration of the exec plugin; without it, a `ResourceList` is read from standard input
    #[arg(value_name = "CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    showing: Showing,
}

#[derive(Debug, Subcommand)]
enum Command {
    Install(install::Args),
}

/// Findings that were reported while the plugin worked, for `results`.
static REPORTED: Mutex<Vec<Diagnostic>> = Mutex::new(Vec::new());

/// The arguments as they are meant: under the name of its kind, the program is the plugin.
pub fn as_plugin(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let name = arguments.first().and_then(|program| Path::new(program).file_name());
    if name.is_some_and(|name| name == KIND) {
        arguments.insert(1, "kustomize".into());
    }
    arguments
}

/// Runs the plugin, or installs it.
pub fn run(args: Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    if let Some(Command::Install(args)) = args.command {
        return install::run(&args, globals);
    }
    match call::read(args.config)? {
        Call::Function(list) => run_function(list, args.showing, globals),
        Call::Exec { sources, items, reach } => {
            run_exec(sources, reach, items, args.showing, globals)
        }
    }
}

/// Prints the list with the objects in it; where that fails, with the errors among its results.
///
/// Kustomize shows standard error alone and kpt both, so every message is seen. What is on
/// standard output when it fails must be a list, or Kustomize complains about that instead.
fn run_function(
    mut list: ResourceList,
    showing: Showing,
    globals: &Globals,
) -> Result<ExitStatus, CommandError> {
    let report = globals.report().keeping(&REPORTED);
    let config = list.function_config.take();
    let value = config.as_ref().map(|config| &config.value);
    let (items, lists) = lists::unfold(std::mem::take(&mut list.items));
    let package = call::package(&items);
    let sources = call::configuration(config.as_ref(), &package).map_err(CommandError::Input);
    let file = value.and_then(|config| items::file_of(&items, config));
    let request = sources.and_then(|sources| {
        let reach = call::function_reach(value, &package)?;
        call::refuse_two_readings(config.as_ref(), &package)?;
        request(sources, reach, &items, file, showing)
    });
    let (document, given) = match request {
        Ok(request) => generate::objects(request, report),
        Err(error) => (None, Err(error)),
    };
    let mut reported =
        REPORTED.lock().map(|mut reported| std::mem::take(&mut *reported)).unwrap_or_default();
    let outcome = match given.and_then(Given::placed) {
        Ok(placed) => {
            list.items = lists.fold(placed);
            Ok(ExitStatus::Done)
        }
        Err(error) => {
            list.items = lists.fold(items);
            reported.extend(error.diagnostics().iter().cloned());
            Err(error)
        }
    };
    let origin = Origin { config: value, document: document.as_deref() };
    list.results.extend(reported.iter().map(|diagnostic| result(diagnostic, origin)));
    list.function_config = config;
    let printed = showing.print(&list.emit(), globals.report());
    // The failure matters more than whether the list was read.
    outcome.and_then(|status| printed.map(|()| status))
}

/// Prints the objects, behind those that came in.
fn run_exec(
    sources: Vec<Arc<Source>>,
    reach: Reach,
    items: Vec<Value>,
    showing: Showing,
    globals: &Globals,
) -> Result<ExitStatus, CommandError> {
    let (items, lists) = lists::unfold(items);
    let (_, given) =
        generate::objects(request(sources, reach, &items, None, showing)?, globals.report());
    showing.print(&stream(&lists.fold(given?.placed()?)), globals.report())?;
    Ok(ExitStatus::Done)
}

/// A request for the objects of a configuration; `file` is its own, relative to its folder, if it is known.
fn request<'a>(
    sources: Vec<Arc<Source>>,
    reach: Reach,
    items: &'a [Value],
    file: Option<&str>,
    showing: Showing,
) -> Result<Request<'a>, CommandError> {
    let directory = sources.first().map_or(Path::new(""), |source| source.directory.as_path());
    let directory = call::absolute(directory);
    let directory = directory.display();
    // In another folder, `render` would look for the store there.
    let render = match file.filter(|file| !file.contains('/')) {
        Some(file) => format!("run `mtlsgen render -f {file}` in `{directory}`"),
        None => format!(
            "run `mtlsgen render -f FILE` in `{directory}`, FILE being that of this configuration"
        ),
    };
    let advice = format!("a build issues nothing: {render}, then build again");
    let now = clock::now(None)?;
    // Objects without a namespace go to the one that they are applied to, which no build knows.
    let (namespace, sink, annotate) = (None, call::sink(items), true);
    let operator = Operator::of_environment().reaching(reach).showing(showing);
    Ok(Request { sources, operator, items, namespace, now, annotate, sink, advice })
}

/// Objects as a stream of YAML documents.
pub fn stream(objects: &[Value]) -> String {
    objects.iter().map(yaml::emit).collect::<Vec<_>>().join("---\n")
}
