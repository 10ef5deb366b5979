//! `mtlsgen ca`: what is done with authorities after they were issued.

pub mod json;
mod rotate;
mod schedule;

use super::globals::Globals;
use super::report::{CommandError, ExitStatus};

/// Roll an authority over to another key or subject, without cutting clients off
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Rotate(rotate::Args),
}

/// Runs the subcommand.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    match &args.command {
        Command::Rotate(args) => rotate::run(args, globals),
    }
}
