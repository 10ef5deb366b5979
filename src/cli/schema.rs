//! `mtlsgen schema`: the JSON Schema of the spec, and of what commands print.

use super::globals::Globals;
use super::outputs::{self, Output};
use super::report::{CommandError, ExitStatus, print};
use crate::json::pretty;
use crate::specification;

/// Print the JSON Schema of the spec (draft-07), or of what a command prints as JSON
///
/// That of the spec is for editors and validators; those of outputs (2020-12) say for programs which fields there are.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The output that is described; without it, the spec
    #[arg(value_parser = outputs::names())]
    output: Option<String>,
}

/// Prints the schema.
pub fn run(args: &Args, _globals: &Globals) -> Result<ExitStatus, CommandError> {
    let output = args.output.as_deref().and_then(Output::find);
    print(output.map_or_else(text, |output| pretty(&output.schema())))?;
    Ok(ExitStatus::Done)
}

/// The schema of the spec as a file's content.
pub fn text() -> String {
    pretty(&specification::json_schema())
}
