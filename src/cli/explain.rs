//! `mtlsgen explain`: the meaning of the code of a message.

use schemars::JsonSchema;
use serde::Serialize;

use super::format::{Format, FormatArgument};
use super::globals::Globals;
use super::report::{CommandError, ExitStatus, print, print_json};
use crate::diagnostic::codes::{self, Code};
use crate::diagnostic::nearest;

/// Explain the code of a message, or list all codes
///
/// The code is in brackets behind the severity: `error[unknown-key]`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The code; without it, all are listed
    code: Option<String>,
    #[command(flatten)]
    format: FormatArgument,
}

/// Explains.
pub fn run(args: &Args, _: &Globals) -> Result<ExitStatus, CommandError> {
    match (&args.code, args.format.format) {
        (Some(name), Format::Text) => print(text(find(name)?))?,
        (Some(name), Format::Json) => print_json(&Explained::One(find(name)?))?,
        (None, Format::Text) => print(list())?,
        (None, Format::Json) => print_json(&Explained::All(codes::all()))?,
    }
    Ok(ExitStatus::Done)
}

fn find(name: &str) -> Result<&'static Code, CommandError> {
    codes::find(name).ok_or_else(|| {
        let hint = match nearest(name, codes::all().iter().map(|code| code.name)) {
            Some(known) => format!("did you mean `{known}`?"),
            None => "`mtlsgen explain` lists them".to_owned(),
        };
        CommandError::world(
            "unknown-code",
            &format!("no code `{}`", name.escape_debug()),
            Some(hint),
        )
    })
}

fn text(code: &Code) -> String {
    let Code { name, severities: _, meaning, page } = code;
    format!("{name} ({})\n\n{meaning}\n\nMore: {page}\n", words(code).join(", "))
}

fn list() -> String {
    let all = codes::all();
    let widest = |width: fn(&Code) -> usize| all.iter().map(width).max().unwrap_or_default();
    let name = widest(|code| code.name.len());
    let severity = widest(|code| words(code).join(", ").len());
    let line = |code: &Code| {
        let severities = words(code).join(", ");
        format!("{:name$}  {severities:severity$}  {}\n", code.name, code.meaning)
    };
    all.iter().map(line).collect()
}

/// What is printed for programs.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Explained {
    /// One code.
    One(&'static Code),
    /// All codes.
    All(&'static [Code]),
}

pub fn words(code: &Code) -> Vec<&'static str> {
    code.severities.iter().map(|severity| severity.word()).collect()
}
