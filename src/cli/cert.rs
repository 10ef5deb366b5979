//! `mtlsgen cert`: the life of certificates, one command a file.

mod choice;
mod export;
mod holder;
pub mod password;
mod renew;
mod revoke;
mod show;

pub use revoke::Revocations;

use super::globals::Globals;
use super::report::{CommandError, ExitStatus};

/// Look at certificates, hand them out, renew and revoke them
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
    Renew(renew::Args),
    Revoke(revoke::Args),
}

/// Runs the command.
pub fn run(args: Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    match args.command {
        Command::Show(args) => show::run(&args, globals),
        Command::Export(args) => export::run(&args, globals),
        Command::Renew(args) => renew::run(&args, globals),
        Command::Revoke(args) => revoke::run(&args, globals),
    }
}
