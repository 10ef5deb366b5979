//! `mtlsgen argo-cd`: the commands of Argo CD's config management plugin.
#![expect(clippy::disallowed_methods, reason = "Argo CD hands over parameters in the environment")]

mod parameters;

use std::path::{Path, PathBuf};

use clap::Subcommand;

use self::parameters::Parameters;
use super::globals::Globals;
use super::kustomize::generate::{self, Request};
use super::kustomize::{call, stream};
use super::objects::Showing;
use super::report::{CommandError, ExitStatus, print};
use crate::cli::spec_arguments::Operator;
use crate::diagnostic::Diagnostic;
use crate::io::clock;
use crate::io::reach::Reach;
use crate::kustomize::leaks::Sink;

/// Where Argo CD hands over what the Application says about the plugin.
const PARAMETERS: &str = "ARGOCD_APP_PARAMETERS";

/// Run as a config management plugin of Argo CD
///
/// A configuration of the plugin that calls these commands is in examples/argo-cd of mtlsgen's repository.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the objects of the spec in the working directory; issue nothing
    ///
    /// Reads parameters from `ARGOCD_APP_PARAMETERS`. Fails where a certificate is missing, expired or no longer fits,
    /// and where a private key would be printed whose Secret is not allowed by name: Argo CD keeps manifests
    /// in clear in its cache. The paths of the spec and of the parameters must not lead out of the working directory.
    Generate(GenerateArgs),
    /// Print the announcement of the plugin's parameters, as Argo CD reads it
    Parameters,
}

/// Flags of `generate`.
#[derive(Debug, clap::Args)]
struct GenerateArgs {
    /// Folder, beside that of the Application, that paths of the spec may lead to; may be repeated
    ///
    /// The environment variable `MTLSGEN_ALLOW_PATH` adds others, with `:` between them.
    #[arg(long = "allow-path", value_name = "FOLDER")]
    allowed: Vec<PathBuf>,
    #[command(flatten)]
    showing: Showing,
}

/// Generates or announces.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    match &args.command {
        Command::Generate(args) => generate(args, globals)?,
        Command::Parameters => print(format!("{:#}\n", parameters::announcement()))?,
    }
    Ok(ExitStatus::Done)
}

fn generate(args: &GenerateArgs, globals: &Globals) -> Result<(), CommandError> {
    let written = std::env::var(PARAMETERS).unwrap_or_default();
    let parameters = Parameters::parse(&written).map_err(CommandError::Input)?;
    let folder = (Path::new(""), "the folder of the Application");
    let reach = Reach::within(folder, &call::allowed(&args.allowed), call::WAY_OUT_BY_FLAG)?;
    let sources = parameters.spec_arguments().sources_within(&reach)?;
    let advice = "nothing is issued here: run `mtlsgen render` where the issuers' keys are, then commit certificates and ledgers of the store";
    let request = Request {
        sources,
        operator: Operator::of_environment().reaching(reach).showing(args.showing),
        items: &[],
        namespace: None,
        now: clock::now(None)?,
        annotate: false,
        sink: Some(Sink::ArgoCd),
        advice: advice.to_owned(),
    };
    let (_, given) = generate::objects(request, globals.report());
    let objects = given?.objects;
    if objects.is_empty() {
        return Err(CommandError::Input(vec![without_objects()]));
    }
    args.showing.print(&stream(&objects), globals.report())
}

/// Argo CD takes an empty answer for the wish to remove everything.
fn without_objects() -> Diagnostic {
    Diagnostic::error(
        "no-objects",
        "the spec gives no objects, and Argo CD would remove those of the Application",
    )
    .help("to remove them all, delete the Application")
}
