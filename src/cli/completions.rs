//! `mtlsgen completions`: completions for shells.

use clap_complete::Shell;

use super::globals::Globals;
use super::report::{CommandError, ExitStatus, print};

/// Print the completions for a shell
///
/// For example: mtlsgen completions bash > ~/.local/share/bash-completion/completions/mtlsgen
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Prints the completions.
pub fn run(args: &Args, _globals: &Globals) -> Result<ExitStatus, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "mtlsgen", &mut script);
    print(script)?;
    Ok(ExitStatus::Done)
}
