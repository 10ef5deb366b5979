//! What commands print as JSON: the list of all outputs, each with its schema.

use clap::builder::{PossibleValue, PossibleValuesParser};
use serde_json::{Value, json};

use super::ca::json::Rollover;
use super::cert::Revocations;
use super::diff::Difference;
use super::explain::Explained;
use super::list::Listing;
use super::plan_json::Plan;
use super::render::Rendered;
use super::{spec, templates};
use crate::access::json::{AccessChanges, Answers};
use crate::access::witness;
use crate::diagnostic::json::Shown;
use crate::import::Outcome;
use crate::inspect;
use crate::json::{SCHEMA_VERSION, schema_of};
use crate::kustomize::doctor::summary::Doctored;
use crate::output::List;
use crate::specification::document::Merged;
use crate::status::Status;

/// An output in JSON.
pub struct Output {
    /// Its name.
    pub name: &'static str,
    /// The commands that print it, each with the flags with which it does.
    pub commands: &'static [&'static str],
    schema: fn() -> Value,
}

/// All outputs, in the order of their names.
pub const OUTPUTS: [Output; 18] = [
    Output::of("access", &["access"], schema_of::<Answers<'_>>),
    Output::of("access-diff", &["access --diff"], schema_of::<AccessChanges<'_>>),
    Output::of("ca-rotate", &["ca rotate"], schema_of::<Rollover<'_>>),
    Output::of("cert-revoke", &["cert revoke"], schema_of::<Revocations<'_>>),
    Output::of("cert-show", &["cert show"], schema_of::<inspect::json::Shown<'_>>),
    Output::of("diff", &["diff"], schema_of::<Difference<'_>>),
    Output::of("doctor-kustomize", &["doctor kustomize"], schema_of::<Doctored<'_>>),
    Output::of("explain", &["explain"], schema_of::<Explained>),
    Output::of("import", &["import"], schema_of::<Outcome>),
    Output::of("list", &["list"], schema_of::<Listing<'_>>),
    Output::of("manifests", &["render"], schema_of::<List<'_>>),
    Output::of("message", &[], schema_of::<Shown<witness::Shown<'_>>>),
    Output::of("plan", &["issue", "cert renew", "render --dry-run"], schema_of::<Plan<'_>>),
    Output::of("render", &["render -o", "render -o --check"], schema_of::<Rendered<'_>>),
    Output::of("spec", &["spec"], schema_of::<spec::Sources<'_>>),
    Output::of("spec-merged", &["spec --merged"], schema_of::<Merged>),
    Output::of("status", &["status"], schema_of::<Status<'_>>),
    Output::of("templates", &["templates"], schema_of::<Vec<templates::Shown>>),
];

impl Output {
    const fn of(
        name: &'static str,
        commands: &'static [&'static str],
        schema: fn() -> Value,
    ) -> Self {
        Self { name, commands, schema }
    }

    /// The output of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        OUTPUTS.iter().find(|output| output.name == name)
    }

    /// Its JSON Schema.
    pub fn schema(&self) -> Value {
        let id = format!("https://mtlsgen.dev/schema/outputs/{}.schema.json", self.name);
        let mut schema = json!({ "$schema": SCHEMA_VERSION, "$id": id, "title": self.name });
        if let (Value::Object(head), Value::Object(whole)) = (&mut schema, (self.schema)()) {
            head.extend(whole.into_iter().filter(|(key, _)| key != "title"));
        }
        schema
    }

    /// What prints it, in words.
    pub fn printed_by(&self) -> String {
        if self.commands.is_empty() {
            return "every command on standard error, with `--message-format json`".to_owned();
        }
        let commands = self.commands.iter().map(|command| format!("`{command} --format json`"));
        commands.collect::<Vec<_>>().join(", ")
    }
}

/// The names of all outputs, for a command line.
pub fn names() -> PossibleValuesParser {
    let value = |output: &Output| PossibleValue::new(output.name).help(output.printed_by());
    PossibleValuesParser::new(OUTPUTS.iter().map(value))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Commands whose `--format` may be `json`.
    fn printing(command: &clap::Command, path: &str) -> BTreeSet<String> {
        let below = |one: &clap::Command| printing(one, &format!("{path} {}", one.get_name()));
        let mut all: BTreeSet<String> = command.get_subcommands().flat_map(below).collect();
        let is_format = |argument: &&clap::Arg| argument.get_long() == Some("format");
        let format = command.get_arguments().find(is_format);
        let values = format.map(clap::Arg::get_possible_values).unwrap_or_default();
        if values.iter().any(|value| value.get_name() == "json") {
            all.insert(path.trim_start().to_owned());
        }
        all
    }

    #[test]
    fn the_list_has_every_command_that_prints_json_and_no_other() {
        let without_flags = |command: &&str| {
            let words = command.split(' ').take_while(|word| !word.starts_with('-'));
            words.collect::<Vec<_>>().join(" ")
        };
        let listed = OUTPUTS.iter().flat_map(|output| output.commands).map(without_flags);
        assert_eq!(printing(&crate::cli::command(), ""), listed.collect());
        assert!(OUTPUTS.is_sorted_by_key(|output| output.name));
    }
}
