//! `mtlsgen spec`: the sources of the spec, and the merged spec.

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;

use super::globals::Globals;
use super::report::{CommandError, ExitStatus, print_json_text, show};
use super::session::Session;
use super::spec_arguments::SpecArguments;
use crate::diagnostic::{Source, has_errors};
use crate::guard::hidden;
use crate::json::pretty;
use crate::specification::document::Document;

/// Show the files and values of the spec, or the merged spec
///
/// Files are in the order of merging: included files before the file that includes them, values of `--set` last; later ones win. With
/// `--merged`, each value has its place beside it: as a comment, or in JSON under `origins`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    spec: SpecArguments,
    /// Print the merged spec, each value with its file and line
    #[arg(long, help_heading = "Output")]
    merged: bool,
    /// Format of standard output; of a merged spec, `text` is TOML
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    format: Format,
}

/// Format of standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// The merged spec as TOML
    Toml,
    /// The merged spec as YAML
    Yaml,
    /// For programs
    Json,
}

/// Shows.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let session = Session::open(&args.spec, globals.report())?;
    let Session { document, findings, report, .. } = &session;
    if !document.is_whole() || !document.is_shown() {
        return Err(CommandError::Input(findings.clone()));
    }
    match (args.merged, args.format) {
        (false, Format::Text) => show(&sources(document), false)?,
        (false, Format::Json) => print_json_text(&hidden(&pretty(&Sources::of(document))))?,
        (false, Format::Toml | Format::Yaml) => return Err(without_merged()),
        (true, Format::Text | Format::Toml) => show(&document.merged_toml(), false)?,
        (true, Format::Yaml) => show(&document.merged_yaml(), false)?,
        (true, Format::Json) => print_json_text(&hidden(&pretty(&document.merged())))?,
    }
    if has_errors(findings) {
        return Err(CommandError::Input(findings.clone()));
    }
    report.diagnostics(findings);
    Ok(ExitStatus::Done)
}

fn sources(document: &Document) -> String {
    document.sources().map(|source| named(&source.name, &source.text) + "\n").collect()
}

/// A source by its name; values of `--set` in full.
fn named(name: &str, text: &str) -> String {
    if name.starts_with("--") { format!("{name} {text}") } else { name.to_owned() }
}

/// What a spec is made of, for programs.
#[derive(Serialize, JsonSchema)]
pub struct Sources<'a> {
    /// Files and values, in the order of merging.
    sources: Vec<Written<'a>>,
}

/// A file or value of a spec.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Source")]
struct Written<'a> {
    /// The file; null: it is a value.
    path: Option<&'a str>,
    /// The value as `--set` has it; null: it is a file.
    value: Option<&'a str>,
}

impl<'a> Sources<'a> {
    fn of(document: &'a Document) -> Self {
        let one = |Source { name, text, .. }: &'a Source| {
            let is_value = name.starts_with("--");
            Written {
                path: (!is_value).then_some(name.as_str()),
                value: is_value.then_some(text.as_str()),
            }
        };
        Self { sources: document.sources().map(one).collect() }
    }
}

fn without_merged() -> CommandError {
    let what = "`--format toml` and `--format yaml` are of the merged spec";
    CommandError::world("useless-flag", what, Some("add `--merged`".to_owned()))
}
