//! What a build does with a reference.

use std::path::Path;

use super::command::{Build, Tool, quoted};
use super::function::Style;
use super::program::{Builder, KNOWS_ARGS, Location, State, Version};
use super::reference::Reference;
use crate::diagnostic::{Diagnostic, Nature};

/// What a build does with a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The plugin runs.
    Runs,
    /// The build succeeds, and the plugin's objects are missing.
    PassesOver,
    /// The build fails because of the command: another one would not.
    CommandFails(String),
    /// The build fails, with any command.
    Fails(String),
}

/// A reference and what was found out about it.
#[derive(Clone, Debug)]
pub struct Examined<'a> {
    /// The reference.
    pub reference: Reference<'a>,
    /// Its name for people: `base/mtls.yaml (shop)`.
    pub title: String,
    /// Where its program is, unless it is a container.
    pub location: Option<Location>,
    /// Whether the plugin refuses its configuration.
    pub refused: bool,
}

/// What `build` does with a reference; `version` is that of the Kustomize that builds, where it is known.
#[must_use]
pub fn of(examined: &Examined<'_>, build: &Build, version: Option<Version>) -> Outcome {
    let Examined { reference, location, refused, .. } = examined;
    if let Some(why) = &build.refused {
        return Outcome::CommandFails(why.clone());
    }
    if reference.outside && !build.unrestricted {
        let why = "its file is not in or below the kustomization's folder: `--load-restrictor LoadRestrictionsNone` is missing";
        return Outcome::CommandFails(why.to_owned());
    }
    if !build.plugins {
        let kind = reference.object.text("kind").unwrap_or_default();
        let why = format!("`external plugins disabled; unable to load external plugin '{kind}'`");
        return Outcome::CommandFails(why);
    }
    match &reference.style {
        Style::Refused => return Outcome::Fails("the function's annotation is wrong".to_owned()),
        Style::Function { is_new: true, .. } if version.is_some_and(|known| known < KNOWS_ARGS) => {
            return Outcome::CommandFails("`unknown field \"args\"`".to_owned());
        }
        Style::Function { path, .. } if path.is_empty() || !build.exec => {
            return Outcome::PassesOver;
        }
        _ => {}
    }
    if let Some(location) = location.as_ref().filter(|location| !location.runs()) {
        return Outcome::Fails(why(location));
    }
    if !reference.mistakes.is_empty() {
        return Outcome::Fails("the plugin's object is wrong".to_owned());
    }
    if *refused {
        return Outcome::Fails("mtlsgen refuses the configuration".to_owned());
    }
    Outcome::Runs
}

fn why(location: &Location) -> String {
    let path = location.path.display();
    match &location.state {
        State::NotExecutable => format!("`{path}` is not executable"),
        State::NoHome(_) => "`unable to find plugin root`".to_owned(),
        _ => format!("there is no executable `{path}`"),
    }
}

/// What a build does with all references, in one phrase.
#[must_use]
pub fn phrase(all: &[Outcome]) -> String {
    let failure = all.iter().find_map(|outcome| match outcome {
        Outcome::CommandFails(why) | Outcome::Fails(why) => Some(why),
        Outcome::Runs | Outcome::PassesOver => None,
    });
    let passed = all.iter().filter(|outcome| **outcome == Outcome::PassesOver).count();
    match (failure, passed) {
        (Some(why), _) => format!("fails: {why}"),
        (None, 0) => "runs the plugin".to_owned(),
        (None, _) if passed == all.len() => {
            "silently succeeds without the plugin's objects".to_owned()
        }
        (None, _) => {
            format!("silently succeeds without the objects of {passed} of {} plugins", all.len())
        }
    }
}

/// The word for all references, for programs.
#[must_use]
pub fn word(all: &[Outcome]) -> &'static str {
    let fails = |outcome: &Outcome| matches!(outcome, Outcome::CommandFails(_) | Outcome::Fails(_));
    if all.iter().any(fails) {
        "fails"
    } else if all.contains(&Outcome::PassesOver) {
        "passesOver"
    } else {
        "runs"
    }
}

/// The command to build `directory` with, in the words of `wanted` where it can be done with them, by a program that is on
/// `PATH` if one can do it.
#[must_use]
pub fn command(
    all: &[Examined<'_>],
    directory: &Path,
    wanted: Option<&Build>,
    builders: &[Builder],
) -> String {
    let function = |one: &Examined<'_>| matches!(one.reference.style, Style::Function { .. });
    let needs_exec = all.iter().any(function);
    let tool = wanted.map_or(Tool::Kustomize, |build| build.tool);
    let is_there = |name| is_on_path(builders, name);
    let program = match tool {
        // kubectl runs no function.
        _ if needs_exec => "kustomize build",
        Tool::KubectlKustomize if is_there("kubectl") || !is_there("kustomize") => {
            "kubectl kustomize"
        }
        _ if is_there("kubectl") && !is_there("kustomize") => "kubectl kustomize",
        _ => "kustomize build",
    };
    let variables = wanted.iter().flat_map(|build| &build.environment);
    let assignment = |(name, value): &(String, String)| format!("{name}={}", quoted(value));
    let mut words: Vec<String> = variables.map(assignment).collect();
    words.extend([program, "--enable-alpha-plugins"].map(str::to_owned));
    words.extend(needs_exec.then(|| "--enable-exec".to_owned()));
    if all.iter().any(|one| one.reference.outside) {
        words.push("--load-restrictor LoadRestrictionsNone".to_owned());
    }
    let here = directory.as_os_str().is_empty();
    let directory = if here { Path::new(".") } else { directory };
    words.push(quoted(&directory.display().to_string()));
    if tool == Tool::KubectlWithKustomization {
        words.push("| kubectl apply -f -".to_owned());
    }
    words.join(" ")
}

fn is_on_path(builders: &[Builder], name: &str) -> bool {
    builders.iter().any(|builder| builder.name == name && builder.path.is_some())
}

/// What to install before a command can be run, if that is not on `PATH`.
#[must_use]
pub fn to_install(command: &str, builders: &[Builder]) -> Option<String> {
    let name = if command.contains("kustomize build ") { "kustomize" } else { "kubectl" };
    (!is_on_path(builders, name)).then(|| format!("`{name}` is not on `PATH`: install it first"))
}

/// What a build does that is wrong as a whole: `findings` are all that were found.
#[must_use]
pub fn of_build(outcome: Outcome, findings: &[Diagnostic]) -> Outcome {
    let has = |natures: &[Nature]| findings.iter().any(|found| natures.contains(&found.nature));
    let why = match outcome {
        Outcome::Runs | Outcome::PassesOver if has(&[Nature::EndsBuild, Nature::Unread]) => {
            "a kustomization is wrong"
        }
        Outcome::Runs if has(&[Nature::EndsBuildLate]) => "several plugins give the same objects",
        outcome => return outcome,
    };
    Outcome::Fails(why.to_owned())
}

/// What is wrong with the command that was given; `instead` is the one to use.
#[must_use]
pub fn mistakes(
    all: &[Examined<'_>],
    build: &Build,
    version: Option<Version>,
    instead: &str,
    builders: &[Builder],
) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for examined in all {
        let (code, title) = match of(examined, build, version) {
            Outcome::Runs | Outcome::Fails(_) => continue,
            Outcome::CommandFails(why) => ("build-flags", format!("`{}` fails: {why}", build.line)),
            Outcome::PassesOver if is_empty(&examined.reference) => continue,
            Outcome::PassesOver => (
                "silent-skip",
                format!(
                    "`{}` silently ignores `{}`: it succeeds, and the objects are missing",
                    build.line, examined.title
                ),
            ),
        };
        let mut diagnostic = Diagnostic::error(code, title).help(format!("run `{instead}`"));
        diagnostic.help.extend(to_install(instead, builders));
        if !found.contains(&diagnostic) {
            found.push(diagnostic);
        }
    }
    found
}

/// Whether nothing would run it, which is said elsewhere.
fn is_empty(reference: &Reference<'_>) -> bool {
    matches!(&reference.style, Style::Function { path, .. } if path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_outcomes_make_one() {
        let fails = || Outcome::Fails("why".to_owned());
        for (all, word, phrase) in [
            (vec![Outcome::Runs, Outcome::Runs], "runs", "runs the plugin"),
            (
                vec![Outcome::Runs, Outcome::PassesOver],
                "passesOver",
                "silently succeeds without the objects of 1 of 2 plugins",
            ),
            (
                vec![Outcome::PassesOver],
                "passesOver",
                "silently succeeds without the plugin's objects",
            ),
            (vec![Outcome::PassesOver, fails()], "fails", "fails: why"),
        ] {
            assert_eq!((super::word(&all), super::phrase(&all).as_str()), (word, phrase));
        }
    }

    #[test]
    fn a_broken_build_runs_nothing() {
        let of =
            |outcome, nature| of_build(outcome, &[Diagnostic::error("code", "x").being(nature)]);
        let broken = Outcome::Fails("a kustomization is wrong".to_owned());
        assert_eq!(of(Outcome::PassesOver, Nature::EndsBuild), broken);
        assert_eq!(of(Outcome::Runs, Nature::EndsBuild), broken);
        assert_eq!(of(Outcome::PassesOver, Nature::EndsBuildLate), Outcome::PassesOver);
        assert_ne!(of(Outcome::Runs, Nature::EndsBuildLate), Outcome::Runs);
        assert_eq!(of(Outcome::Runs, Nature::Finding), Outcome::Runs);
    }
}
