//! `mtlsgen kustomize install`: puts the exec plugin where Kustomize looks for it.
#![expect(clippy::disallowed_methods, reason = "the environment says where Kustomize looks")]

use std::path::{Path, PathBuf};

use crate::cli::globals::Globals;
use crate::cli::report::{CommandError, ExitStatus, show};
use crate::io::plugin_home::{self, Placed};
use crate::io::tree_error::TreeError;
use crate::kustomize::doctor::command::quoted;
use crate::specification::document::{API_VERSION, KIND};

/// Put the exec plugin where Kustomize looks for it, and say how a kustomization uses it
///
/// Makes `HOME/mtlsgen.dev/v1alpha1/mutualtls/MutualTLS` a link to the running program. A KRM function needs no
/// installation beside a mtlsgen on PATH.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of plugins; without it, the one that Kustomize would look in
    ///
    /// That is `$KUSTOMIZE_PLUGIN_HOME`, else the first that exists of `$XDG_CONFIG_HOME/kustomize/plugin`,
    /// `$HOME/.config/kustomize/plugin` and `$HOME/kustomize/plugin`.
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
    /// Copy the program instead of linking to it: for images and other machines
    #[arg(long)]
    copy: bool,
}

/// Installs.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let report = globals.report();
    let found = plugin_home::candidates(|name| std::env::var_os(name));
    let home = args.home.clone().map_or_else(|| home(&found), Ok)?;
    let home = std::path::absolute(&home).unwrap_or(home);
    let program = std::env::current_exe().map_err(|error| unknown_program(&error))?;
    let path = home.join(API_VERSION).join(KIND.to_lowercase()).join(KIND);
    let place = if args.copy { plugin_home::copy } else { plugin_home::link };
    let placed = place(&program, &path)
        .map_err(|error| CommandError::world("output", &error, Some(hint(&error))))?;
    report.say(&words(placed, &program, &path, args.copy));
    let is_default = home_of_kustomize(&found).is_some_and(|found| found == home);
    show(&instructions(&home, is_default), false)?;
    Ok(ExitStatus::Done)
}

fn hint(error: &TreeError) -> String {
    let otherwise = "name a folder that you may write to with `--home DIR`, and give it to Kustomize as `KUSTOMIZE_PLUGIN_HOME=DIR`";
    error.hint().unwrap_or_else(|| otherwise.to_owned())
}

fn unknown_program(error: &std::io::Error) -> CommandError {
    CommandError::world("program", &format!("cannot find the path of mtlsgen: {error}"), None)
}

/// The home to install to: the one that is named, else the one in use, else the first candidate.
fn home(candidates: &[PathBuf]) -> Result<PathBuf, CommandError> {
    let named = std::env::var_os("KUSTOMIZE_PLUGIN_HOME").is_some_and(|home| !home.is_empty());
    let chosen = if named { candidates.first() } else { plugin_home::first_existing(candidates) };
    chosen.or_else(|| candidates.first()).cloned().ok_or_else(|| {
        let hint = "name the folder with `--home DIR`, and give it to Kustomize as `KUSTOMIZE_PLUGIN_HOME=DIR`";
        CommandError::world("plugin-home", "neither `KUSTOMIZE_PLUGIN_HOME` nor `HOME` is set", Some(hint.to_owned()))
    })
}

/// The home that Kustomize takes, now that there is one more.
fn home_of_kustomize(candidates: &[PathBuf]) -> Option<PathBuf> {
    plugin_home::first_existing(candidates).and_then(|home| std::path::absolute(home).ok())
}

fn words(placed: Placed, program: &Path, path: &Path, copy: bool) -> String {
    let (path, program) = (path.display(), program.display());
    let what = if copy { "a copy of" } else { "a link to" };
    match placed {
        Placed::Made => format!("made `{path}`, {what} `{program}`"),
        Placed::Replaced => format!("replaced `{path}`, now {what} `{program}`"),
        Placed::Unchanged => format!("`{path}` is {what} `{program}` already"),
    }
}

/// How a kustomization uses the plugin in each of its styles.
fn instructions(home: &Path, is_default: bool) -> String {
    let variable = if is_default {
        String::new()
    } else {
        format!("KUSTOMIZE_PLUGIN_HOME={} ", quoted(&home.display().to_string()))
    };
    format!(
        "\
# kustomization.yaml
generators:
- mtls.yaml

# mtls.yaml, as exec plugin:
apiVersion: {API_VERSION}
kind: {KIND}
metadata:
  name: site
spec: {{}} # what mtls.toml holds

# Build with one of:
#   {variable}kustomize build --enable-alpha-plugins DIR
#   {variable}kubectl kustomize --enable-alpha-plugins DIR

# As KRM function, which needs no installation beside mtlsgen on PATH, mtls.yaml has under metadata:
#   annotations:
#     config.kubernetes.io/function: |
#       exec:
#         path: mtlsgen
#         args: [kustomize]
# Build with:
#   kustomize build --enable-alpha-plugins --enable-exec DIR
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_without_a_path_is_no_panic() {
        let error = unknown_program(&std::io::ErrorKind::NotFound.into());
        assert_eq!(error.diagnostics()[0].code, "program");
    }
}
