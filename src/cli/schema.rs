//! `mtlsgen schema`: the JSON Schema of the spec.

use super::globals::Globals;
use super::report::{CommandError, ExitStatus, print};
use crate::specification;

/// Print the JSON Schema of the spec (draft-07), for editors and validators
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Prints the schema.
pub fn run(_args: &Args, _globals: &Globals) -> Result<ExitStatus, CommandError> {
    print(text())?;
    Ok(ExitStatus::Done)
}

/// The schema as a file's content.
pub fn text() -> String {
    format!("{:#}\n", specification::json_schema())
}
