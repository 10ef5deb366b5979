//! `mtlsgen doctor`: reports why something would fail, before it does.

mod configuration;
mod kustomize;

use clap::Subcommand;

use super::globals::Globals;
use super::report::{CommandError, ExitStatus};

/// Report what would fail in a set-up, and what to do about it
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
