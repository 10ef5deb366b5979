//! `mtlsgen cert`: single certificates.

mod export;
mod holder;
mod password;
mod show;

use super::globals::Globals;
use super::report::{CommandError, ExitStatus};

/// Look at single certificates, and hand them out
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Show(show::Args),
    Export(export::Args),
}

/// Runs the command.
pub fn run(args: Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    match args.command {
        Command::Show(args) => show::run(&args, globals),
        Command::Export(args) => export::run(&args, globals),
    }
}
