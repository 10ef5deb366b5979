//! `mtlsgen templates`: the built-in templates, to read and to change.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::format::FormatArgument;
use super::globals::Globals;
use super::report::{CommandError, ExitStatus, print, print_json};
use crate::diagnostic::{Deed, nearest};
use crate::io::new_files;
use crate::render::template::BUILT_IN;

/// List the built-in templates, print one, or write them out to change them
///
/// A template in the folder that `templates` in the spec names replaces the built-in one of the same name.
/// What stays as it is need not be kept there.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The template to print or write; without it, all are listed or written
    name: Option<String>,
    /// Folder to write to; files that exist there stay as they are
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    output: Option<PathBuf>,
    #[command(flatten)]
    format: FormatArgument,
}

/// A built-in template: its name and its text.
type Template = (&'static str, &'static str);

/// Lists, prints or writes templates.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let selected = match &args.name {
        None => built_in().to_vec(),
        Some(name) => vec![find(built_in(), name)?],
    };
    match (&args.output, &args.name) {
        (None, _) if args.format.is_json() => {
            print_json(&selected.iter().map(Shown::of).collect::<Vec<_>>())?;
        }
        (Some(folder), _) => {
            let files: Vec<_> =
                selected.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
            new_files::write_new(folder, &files)?;
            let folder = folder.display();
            let words = format!("wrote {} templates to `{folder}`", files.len());
            globals.report().did(Deed::to_path("wrote", &folder), &words);
        }
        (None, Some(_)) => print(selected[0].1)?,
        (None, None) => print(list(&selected))?,
    }
    Ok(ExitStatus::Done)
}

/// The built-in templates of all targets.
fn built_in() -> &'static [Template] {
    BUILT_IN
}

fn find(templates: &[Template], name: &str) -> Result<Template, CommandError> {
    templates.iter().copied().find(|(known, _)| *known == name).ok_or_else(|| {
        let hint = match nearest(name, templates.iter().map(|(known, _)| *known)) {
            Some(known) => format!("did you mean `{known}`?"),
            None => "`mtlsgen templates` lists them".to_owned(),
        };
        CommandError::world(
            "unknown-template",
            &format!("no built-in template `{name}`"),
            Some(hint),
        )
    })
}

/// A line for each template: its name and what its first line says of it.
fn list(templates: &[Template]) -> String {
    let width = templates.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let line = |(name, text): &Template| match description(text) {
        "" => format!("{name}\n"),
        description => format!("{name:width$}  {description}\n"),
    };
    templates.iter().map(line).collect()
}

/// A built-in template, for programs.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Template")]
pub struct Shown {
    /// Its name.
    name: &'static str,
    /// What it is for, in a sentence.
    description: &'static str,
    /// Its text.
    text: &'static str,
}

impl Shown {
    fn of(&(name, text): &Template) -> Self {
        Self { name, description: description(text), text }
    }
}

/// The first sentence of the comment that a template begins with.
fn description(text: &str) -> &str {
    let Some(comment) = text.trim_start().strip_prefix("{#") else { return "" };
    let comment = comment.split("#}").next().unwrap_or_default();
    let comment = comment.trim_matches(|c: char| c == '-' || c == '+' || c.is_whitespace());
    match comment.split_once(". ") {
        Some((first, _)) => &comment[..=first.len()],
        None => comment.lines().next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATES: [Template; 3] = [
        ("ingress.yaml.j2", "{#- One host as seen from outside. -#}\nkind: Ingress\n"),
        ("secret.yaml.j2", "{#\n  Key and certificate. Given: name.\n-#}\nkind: Secret\n"),
        ("x.yaml.j2", "kind: X\n"),
    ];

    #[test]
    fn the_list_says_what_templates_are_for() {
        assert_eq!(
            list(&TEMPLATES),
            "ingress.yaml.j2  One host as seen from outside.\nsecret.yaml.j2   Key and certificate.\nx.yaml.j2\n"
        );
    }

    #[test]
    fn the_nearest_name_is_proposed() {
        assert_eq!(find(&TEMPLATES, "x.yaml.j2").unwrap(), TEMPLATES[2]);
        let Err(CommandError::World(error)) = find(&TEMPLATES, "ingres.yaml.j2") else { panic!() };
        assert_eq!(error.help, ["did you mean `ingress.yaml.j2`?"]);
    }

    #[test]
    fn every_built_in_template_says_what_it_is_for() {
        for (name, text) in built_in() {
            assert!(!description(text).is_empty(), "{name}");
        }
    }
}
