//! `mtlsgen cert`: the life of certificates, one command a file.

mod choice;
mod holder;
mod renew;
mod revoke;

use clap::Subcommand;

use super::globals::Globals;
use super::report::{CommandError, ExitStatus};

/// Renew and revoke certificates
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Renew(renew::Args),
    Revoke(revoke::Args),
}

/// Runs one of the commands.
pub fn run(args: Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    match args.command {
        Command::Renew(args) => renew::run(&args, globals),
        Command::Revoke(args) => revoke::run(&args, globals),
    }
}
