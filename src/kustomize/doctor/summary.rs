//! What was found, in short: references, programs, and what each command does.

use serde_json::{Value, json};

use super::function::Style;
use super::outcome::{Examined, Outcome, phrase, to_install, word};
use super::program::{Builder, State};
use super::tree::Tree;

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

    /// For programs: one JSON object.
    #[must_use]
    pub fn json(&self) -> Value {
        let reference = |one: &Examined<'_>| {
            json!({
                "plugin": one.title,
                "file": one.reference.object.source.name,
                "name": one.reference.object.name(),
                "folder": self.tree.folders[one.reference.folder].path.display().to_string(),
                "listedAs": one.reference.role.word(),
                "style": style(one),
                "program": one.location.as_ref().map(|location| location.path.display().to_string()),
                "runs": one.reference.trails.len(),
            })
        };
        let command = |(line, all): &(String, Vec<Outcome>)| json!({"command": line, "outcome": word(all), "words": phrase(all)});
        let builder = |one: &Builder| {
            json!({
                "name": one.name,
                "path": one.path.as_ref().map(|path| path.display().to_string()),
                "kustomizeVersion": one.version.map(|version| version.to_string()),
            })
        };
        json!({
            "plugins": self.references.iter().map(reference).collect::<Vec<_>>(),
            "commands": self.commands.iter().map(command).collect::<Vec<_>>(),
            "builders": self.builders.iter().map(builder).collect::<Vec<_>>(),
            "build": self.build,
        })
    }
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
