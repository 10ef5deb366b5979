//! What was found, in short: references, programs, and what each command does.

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use super::function::Style;
use super::outcome::{Examined, Outcome, phrase, to_install, word};
use super::program::{Builder, State};
use super::tree::{Role, Tree};

/// What was found.
pub struct Summary<'a> {
    /// The kustomizations.
    pub tree: &'a Tree,
    /// The references.
    pub references: &'a [Examined<'a>],
    /// kustomize and kubectl.
    pub builders: &'a [Builder],
    /// Commands, and what each does with each reference.
    pub commands: &'a [(String, Vec<Outcome>)],
    /// The command to build with.
    pub build: Option<&'a str>,
}

impl Summary<'_> {
    /// For people: tables, and the command to use.
    #[must_use]
    pub fn text(&self) -> String {
        let mut parts = Vec::new();
        let row = |one: &Examined<'_>| {
            [one.title.clone(), one.reference.role.word().to_owned(), style(one), program(one)]
        };
        if !self.references.is_empty() {
            let rows = self.references.iter().map(row).collect::<Vec<_>>();
            parts.push(table(["PLUGIN", "LISTED AS", "STYLE", "PROGRAM"], &rows));
            let row = |(line, all): &(String, Vec<Outcome>)| [line.clone(), phrase(all)];
            let rows = self.commands.iter().map(row).collect::<Vec<_>>();
            parts.push(table(["COMMAND", "WHAT IT DOES"], &rows));
        }
        let row = |one: &Builder| {
            let path = one.path.as_ref().map(|path| path.display().to_string());
            let version = one.version.map(|version| version.to_string());
            let absent = if one.path.is_some() { "unknown" } else { "" };
            [
                one.name.to_owned(),
                version.unwrap_or_else(|| absent.to_owned()),
                path.unwrap_or_else(|| "not on PATH".to_owned()),
            ]
        };
        let rows = self.builders.iter().map(row).collect::<Vec<_>>();
        parts.push(table(["BUILDER", "KUSTOMIZE", "PATH"], &rows));
        parts.extend(self.build.map(|line| {
            let note = to_install(line, self.builders).map(|note| format!("{note}\n"));
            format!("Build with: {line}\n{}", note.unwrap_or_default())
        }));
        parts.join("\n")
    }

    /// For programs.
    #[must_use]
    pub fn shown(&self) -> Doctored<'_> {
        let path = |path: &Path| path.display().to_string();
        let plugin = |one: &Examined<'_>| NamedPlugin {
            plugin: one.title.clone(),
            file: one.reference.object.source.name.clone(),
            name: one.reference.object.name().to_owned(),
            folder: path(&self.tree.folders[one.reference.folder].path),
            listed_as: one.reference.role,
            style: style(one),
            program: one.location.as_ref().map(|location| path(&location.path)),
            runs: one.reference.trails.len(),
        };
        let builder = |one: &Builder| Program {
            name: one.name,
            path: one.path.as_deref().map(path),
            kustomize_version: one.version.map(|version| version.to_string()),
        };
        let command = |(command, all): &'_ (String, Vec<Outcome>)| BuildCommand {
            command: command.clone(),
            outcome: word(all),
            words: phrase(all),
        };
        Doctored {
            plugins: self.references.iter().map(plugin).collect(),
            commands: self.commands.iter().map(command).collect(),
            builders: self.builders.iter().map(builder).collect(),
            build: self.build,
        }
    }
}

/// What builds of a kustomization would do, for programs.
#[derive(Serialize, JsonSchema)]
pub struct Doctored<'a> {
    /// Objects for the plugin that kustomizations name.
    plugins: Vec<NamedPlugin>,
    /// Commands, and what each does.
    commands: Vec<BuildCommand>,
    /// kustomize and kubectl.
    builders: Vec<Program>,
    /// The command to build with; null: there is no plugin.
    build: Option<&'a str>,
}

/// An object for the plugin.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NamedPlugin {
    /// What messages call it.
    plugin: String,
    /// The file that has it.
    file: String,
    /// Its name.
    name: String,
    /// The folder of the kustomization that names it.
    folder: String,
    /// What it is named as.
    listed_as: Role,
    /// How it is to be run.
    #[schemars(extend("enum" = ["exec plugin", "KRM function", "container", "refused"]))]
    style: String,
    /// The program that is run.
    program: Option<String>,
    /// How often it runs.
    runs: usize,
}

/// A command that builds.
#[derive(Serialize, JsonSchema)]
struct BuildCommand {
    /// The command.
    command: String,
    /// What it does, in a word.
    #[schemars(extend("enum" = ["runs", "fails", "passesOver"]))]
    outcome: &'static str,
    /// What it does, in words.
    words: String,
}

/// A program that builds.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Builder")]
struct Program {
    /// Its name.
    name: &'static str,
    /// Where it is; null: it is not on `PATH`.
    path: Option<String>,
    /// The version of the Kustomize in it; null: it is not known.
    kustomize_version: Option<String>,
}

fn style(examined: &Examined<'_>) -> String {
    match &examined.reference.style {
        Style::ExecPlugin => "exec plugin",
        Style::Function { .. } => "KRM function",
        Style::Container { .. } => "container",
        Style::Refused => "refused",
    }
    .to_owned()
}

fn program(examined: &Examined<'_>) -> String {
    let Some(location) = &examined.location else {
        return match &examined.reference.style {
            Style::Container { image } => format!("image {image}"),
            _ => "none".to_owned(),
        };
    };
    let path = location.path.display();
    match &location.state {
        State::Ours => path.to_string(),
        State::Other(real) if *real == location.path => path.to_string(),
        State::Other(real) => format!("{path} -> {}", real.display()),
        State::NotExecutable => format!("{path} (not executable)"),
        State::Dangling(_) | State::Folder | State::Missing(_) => format!("{path} (missing)"),
        State::NoHome(_) => "none: no folder of plugins".to_owned(),
    }
}

/// Columns of equal width, the last as it comes.
fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let head = head.map(str::to_owned);
    let all: Vec<&[String; N]> = std::iter::once(&head).chain(rows).collect();
    let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..N).map(|column| width(column).unwrap_or_default()).collect();
    let line = |row: &&[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    all.iter().map(line).collect()
}
