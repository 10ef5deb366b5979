//! `mtlsgen doctor`: tells why something would not work, before it does not.

mod configuration;
mod kustomize;

use clap::Subcommand;

use super::globals::Globals;
use super::report::{CommandError, ExitStatus};

/// Tell what would go wrong with a set-up, and what to do about it
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Kustomize(kustomize::Args),
}

/// Examines.
pub fn run(args: Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    match args.command {
        Command::Kustomize(args) => kustomize::run(&args, globals),
    }
}
