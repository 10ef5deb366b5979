//! How the plugin was called: what Kustomize and kpt hand over, and where.
#![expect(clippy::disallowed_methods, reason = "Kustomize says in the environment what it wants")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::cli::report::CommandError;
use crate::diagnostic::{Diagnostic, Source};
use crate::io::reach::Reach;
use crate::io::{input, kustomization, open};
use crate::kustomize::config::{self, Configuration};
use crate::kustomize::doctor::object::Object;
use crate::kustomize::items;
use crate::kustomize::leaks::Sink;
use crate::kustomize::resource_list::ResourceList;
use crate::specification::document::{self, KIND};
use crate::yaml;

/// The configuration's text, beside the file, where Kustomize calls an exec plugin.
const CONFIG_STRING: &str = "KUSTOMIZE_PLUGIN_CONFIG_STRING";
/// The folder of the kustomization, where Kustomize calls an exec plugin.
const CONFIG_ROOT: &str = "KUSTOMIZE_PLUGIN_CONFIG_ROOT";

/// Folders, separated as in `PATH`, that the paths of a spec may lead to beside that of the kustomization.
const ALLOWED: &str = "MTLSGEN_ALLOW_PATH";
/// How another folder is allowed, where the command line is that of the repository.
const WAY_OUT: &str = "set `MTLSGEN_ALLOW_PATH` in the environment of the build";
/// How another folder is allowed, where the command line is that of the operator.
pub const WAY_OUT_BY_FLAG: &str = "use `--allow-path FOLDER`, or set `MTLSGEN_ALLOW_PATH`";
/// Annotations by which a configuration says how it is run as a function.
const FUNCTION: [&str; 2] = ["config.kubernetes.io/function", "config.k8s.io/function"];

/// How the plugin was called.
pub enum Call {
    /// As a KRM function.
    Function(ResourceList),
    /// As an exec plugin.
    Exec {
        /// Texts of the spec.
        sources: Vec<Arc<Source>>,
        /// The objects that came in: none for a generator.
        items: Vec<Value>,
        /// How far the paths of the spec reach.
        reach: Reach,
    },
}

/// Reads what the plugin was given; `config` is the file among its arguments.
///
/// # Errors
/// There is nothing, or it cannot be read.
pub fn read(config: Option<PathBuf>) -> Result<Call, CommandError> {
    let string = std::env::var(CONFIG_STRING).ok();
    match (config, string) {
        (Some(path), _) => exec(input::spec_files(&[path])?.remove(0)),
        (None, Some(text)) => {
            let directory = PathBuf::new();
            exec(Arc::new(Source { name: CONFIG_STRING.to_owned(), directory, text }))
        }
        (None, None) if input::standard_input_is_terminal() => Err(called_by_hand()),
        (None, None) => {
            let list = ResourceList::parse(&input::standard_input_text()?);
            Ok(Call::Function(list.map_err(|mistake| CommandError::Input(vec![*mistake]))?))
        }
    }
}

fn exec(file: Arc<Source>) -> Result<Call, CommandError> {
    let Some(root) = std::env::var_os(CONFIG_ROOT).map(PathBuf::from) else {
        // Called by hand: the file itself is what messages point into, and there are no objects.
        let reach = reach((&file.directory, CONFIGURATION))?;
        return Ok(Call::Exec { sources: vec![file], items: Vec::new(), reach });
    };
    let reach = reach((&root, KUSTOMIZATION))?;
    let config =
        Configuration::read(&file.text).map_err(|error| no_yaml("the configuration", &error))?;
    let directory = relative(root);
    let sources = configuration(config.as_ref(), &directory).map_err(CommandError::Input)?;
    refuse_two_readings(config.as_ref(), &directory)?;
    let items = yaml::parse(&input::standard_input_text()?)
        .map_err(|error| no_yaml("standard input", &error))?;
    Ok(Call::Exec { sources, items, reach })
}

/// Names of the folders whose files the paths of a spec may name.
const KUSTOMIZATION: &str = "the folder of the kustomization";
const CONFIGURATION: &str = "the folder of the configuration";
const PACKAGE: &str = "the folder of the package";
const HERE: &str = "the working directory";

/// How far the paths of a spec reach in a plugin: `folder`, which is called so, and what the environment allows.
///
/// Kustomize's own files are bound in the same way (`api/internal/loader`, `LoadRestrictionsRootOnly`).
fn reach(folder: (&Path, &'static str)) -> Result<Reach, CommandError> {
    Ok(Reach::within(folder, &allowed(&[]), WAY_OUT)?)
}

/// How far the paths of a spec reach in the build of a kustomization.
///
/// # Errors
/// A folder that the environment allows is not there.
pub fn kustomization_reach(folder: &Path) -> Result<Reach, CommandError> {
    reach((folder, KUSTOMIZATION))
}

/// Folders that the operator allows, by flags and by the environment.
pub fn allowed(flags: &[PathBuf]) -> Vec<PathBuf> {
    let variable = std::env::var_os(ALLOWED).unwrap_or_default();
    let variable = std::env::split_paths(&variable).filter(|path| !path.as_os_str().is_empty());
    flags.iter().cloned().chain(variable).collect()
}

/// How far the paths of a spec reach in a function: the working directory, which Kustomize makes the kustomization's;
/// of kpt, the package in it. Where objects name the package, which any of them can, it widens nothing.
///
/// # Errors
/// The configuration itself sets what the operator alone may.
pub fn function_reach(config: Option<&Value>, package: &Path) -> Result<Reach, CommandError> {
    if config.is_some_and(sets_allowed) {
        let title =
            format!("the configuration sets `{ALLOWED}`, which is for the operator of the build");
        let diagnostic = Diagnostic::error("function-config", title)
            .help("remove it from `envs` of the function's annotation");
        return Err(CommandError::Input(vec![diagnostic]));
    }
    let here = Path::new("");
    let is_here = open::is_beneath(package, &[absolute(here).canonicalize().unwrap_or_default()]);
    match (package.as_os_str().is_empty(), is_here) {
        (true, _) => reach((here, KUSTOMIZATION)),
        (false, true) => reach((package, PACKAGE)),
        (false, false) => reach((here, HERE)),
    }
}

/// Whether the annotation that has Kustomize run a configuration gives the function that variable.
fn sets_allowed(config: &Value) -> bool {
    fn has(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains(ALLOWED),
            Value::Array(values) => values.iter().any(has),
            Value::Object(values) => {
                values.iter().any(|(key, value)| key.contains(ALLOWED) || has(value))
            }
            _ => false,
        }
    }
    let annotations = config.get("metadata").and_then(|metadata| metadata.get("annotations"));
    let texts = FUNCTION.iter().filter_map(|name| annotations?.get(*name)?.as_str());
    texts.into_iter().any(|text| {
        text.contains(ALLOWED) || yaml::parse(text).is_ok_and(|values| values.iter().any(has))
    })
}

/// The texts of the spec in a configuration.
///
/// # Errors
/// There is none, or it is another object.
pub fn configuration(
    config: Option<&Configuration>,
    directory: &Path,
) -> Result<Vec<Arc<Source>>, Vec<Diagnostic>> {
    match config {
        Some(config) => config::sources(config, directory),
        None => Err(vec![without_configuration()]),
    }
}

/// Kustomize hands over what it has read of a configuration: what its file says is looked up in the kustomization.
///
/// # Errors
/// The file has a value that Kustomize reads otherwise than mtlsgen does.
pub fn refuse_two_readings(
    config: Option<&Configuration>,
    directory: &Path,
) -> Result<(), CommandError> {
    let name = config.and_then(|config| config.value.pointer("/metadata/name")?.as_str());
    let is_own = |object: &Object| object.text("kind") == Some(KIND) && Some(object.name()) == name;
    let objects = kustomization::plugins(directory);
    let texts = objects.iter().filter(|object| is_own(object));
    let found = texts.flat_map(|object| document::read(&[object.alone(directory.to_owned())]).1);
    let found: Vec<_> = found.filter(|mistake| mistake.code == "two-readings").collect();
    if found.is_empty() { Ok(()) } else { Err(CommandError::Input(found)) }
}

/// Where what is printed stays: Argo CD is known by its environment, kpt by files of objects.
pub fn sink(items: &[Value]) -> Option<Sink> {
    let argo_cd = std::env::var_os("ARGOCD_APP_NAME").is_some_and(|name| !name.is_empty());
    let files = || items::are_files(items).then_some(Sink::Files);
    argo_cd.then_some(Sink::ArgoCd).or_else(files)
}

/// The folder that relative paths start from, whole: where to run what a message proposes.
pub fn absolute(directory: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    if directory.as_os_str().is_empty() { here } else { here.join(directory) }
}

/// The folder that relative paths of a function's configuration start from: that of kpt's package, else
/// the working directory, which Kustomize makes the kustomization's folder.
pub fn package(items: &[Value]) -> PathBuf {
    items::package(items).map(|folder| relative(folder.to_owned())).unwrap_or_default()
}

/// The folder in few words: Kustomize calls plugins in the kustomization's folder.
fn relative(root: PathBuf) -> PathBuf {
    let is_here = std::env::current_dir().is_ok_and(|here| here == root);
    if is_here { PathBuf::new() } else { root }
}

fn no_yaml(called: &str, error: &yaml::ReadError) -> CommandError {
    let title = format!("{called} from Kustomize is not YAML: {error}");
    CommandError::Input(vec![Diagnostic::error("syntax", title)])
}

fn without_configuration() -> Diagnostic {
    Diagnostic::error("function-config", "the function has no configuration").help(
        "in a kustomization, name a file of kind `MutualTLS` under `generators`; \
         with kpt, write `configPath: FILE` (or `--fn-config FILE`)",
    )
}

fn called_by_hand() -> CommandError {
    CommandError::Input(vec![
        Diagnostic::error("resource-list", "this command is called by Kustomize or kpt, with objects on standard input; there are none")
            .help("name a file of kind `MutualTLS` under `generators` of a kustomization, and build it with `kustomize build --enable-alpha-plugins --enable-exec`")
            .help("`mtlsgen kustomize install` puts the exec plugin in place; `mtlsgen kustomize FILE` shows what the plugin gives for a configuration"),
    ])
}
