//! Looks for programs as Kustomize does, and asks some for their version and about their flags.
#![expect(clippy::disallowed_methods, reason = "the user's files are looked at here")]

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::plugin_home;
use crate::kustomize::doctor::program::{Builder, Location, State, Version, exec_plugin};

/// How often and after how long a program is asked whether it is done: five seconds at most.
const POLLS: u32 = 250;
const POLL: Duration = Duration::from_millis(20);

/// What Kustomize's environment would be.
#[derive(Clone, Debug)]
pub struct Environment {
    overrides: Vec<(String, String)>,
    /// The program that runs now.
    program: Option<PathBuf>,
}

impl Environment {
    /// That of this process, with some variables set anew.
    #[must_use]
    pub fn new(overrides: &[(String, String)]) -> Self {
        let program = std::env::current_exe().ok();
        let program = program.map(|path| fs::canonicalize(&path).unwrap_or(path));
        Self { overrides: overrides.to_vec(), program }
    }

    fn variable(&self, name: &str) -> Option<OsString> {
        let set = self.overrides.iter().rev().find(|(key, _)| key == name);
        set.map_or_else(|| std::env::var_os(name), |(_, value)| Some(value.into()))
    }

    /// The executable of a function that is called as `path` in `folder`.
    #[must_use]
    pub fn function(&self, path: &str, folder: &Path) -> Location {
        if path.contains('/') {
            return self.at(folder.join(path));
        }
        match self.on_path(path) {
            Some(path) => self.at(path),
            None => Location { path: path.into(), state: State::Missing(None) },
        }
    }

    /// The exec plugin of a kind, in the first folder of plugins that exists.
    #[must_use]
    pub fn exec_plugin(&self, api_version: &str, kind: &str) -> Location {
        let below = exec_plugin(api_version, kind);
        let homes = plugin_home::candidates(|name| self.variable(name));
        match plugin_home::first_existing(&homes) {
            Some(home) => self.at(home.join(below)),
            None => Location { path: below, state: State::NoHome(homes) },
        }
    }

    fn at(&self, path: PathBuf) -> Location {
        let state = self.state(&path);
        Location { path, state }
    }

    fn state(&self, path: &Path) -> State {
        let Ok(metadata) = fs::metadata(path) else {
            return match fs::read_link(path) {
                Ok(target) => State::Dangling(target),
                Err(_) => State::Missing(in_other_case(path)),
            };
        };
        if metadata.is_dir() {
            return State::Folder;
        }
        if metadata.permissions().mode() & 0o111 == 0 {
            return State::NotExecutable;
        }
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let is_ours =
            |program: &PathBuf| *program == real || plugin_home::same_content(program, &real);
        if self.program.as_ref().is_some_and(is_ours) { State::Ours } else { State::Other(real) }
    }

    /// The first executable of that name, as Go's `exec.LookPath` finds it: relative folders do not count.
    fn on_path(&self, name: &str) -> Option<PathBuf> {
        let path = self.variable("PATH")?;
        let is_executable = |path: &PathBuf| {
            fs::metadata(path)
                .is_ok_and(|found| !found.is_dir() && found.permissions().mode() & 0o111 != 0)
        };
        let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
        folders.map(|folder| folder.join(name)).find(is_executable)
    }

    /// What a program prints, or the message with which it refuses the arguments. Nothing where it fails otherwise, takes too
    /// long, or is not what its name finds on the `PATH` of this process.
    #[must_use]
    pub fn ask(&self, program: &str, arguments: &[&str]) -> Option<Result<String, String>> {
        if program.contains('/') || self.overrides.iter().any(|(name, _)| name == "PATH") {
            return None;
        }
        output(&self.on_path(program)?, arguments, POLLS)
    }

    /// kustomize and kubectl, with the version of the Kustomize in them.
    #[must_use]
    pub fn builders(&self) -> [Builder; 2] {
        let builder =
            |name: &'static str, arguments: &[&str], version: fn(&str) -> Option<Version>| {
                let said = self.ask(name, arguments).and_then(Result::ok);
                let version = said.and_then(|said| version(&said));
                Builder { name, version, path: self.on_path(name) }
            };
        let in_kubectl = |said: &str| {
            let said: serde_json::Value = serde_json::from_str(said).ok()?;
            Version::find(said.get("kustomizeVersion")?.as_str()?)
        };
        [
            builder("kustomize", &["version"], Version::find),
            builder("kubectl", &["version", "--client", "-o", "json"], in_kubectl),
        ]
    }
}

/// A file beside `path` whose name differs in upper and lower case only.
fn in_other_case(path: &Path) -> Option<PathBuf> {
    let wanted = path.file_name()?.to_str()?;
    let entries = fs::read_dir(path.parent()?).ok()?;
    let mut near: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.eq_ignore_ascii_case(wanted))
        })
        .collect();
    near.sort();
    near.into_iter().next()
}

/// Words in the names of variables that hold secrets or say where some are.
const SECRET: [&str; 13] = [
    "MTLSGEN_",
    "SOPS_",
    "AGE_",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "SEED",
    "CREDENTIAL",
    "API_KEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
];

/// Starts a program without what only we are to know: seeds, passphrases, identities, tokens.
pub(super) fn without_secrets(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if is_secret(&name.to_string_lossy()) {
            command.env_remove(name);
        }
    }
}

fn is_secret(variable: &str) -> bool {
    let variable = variable.to_ascii_uppercase();
    let is_part = |word: &&str| match *word {
        // Words such as `PAGE_` end like that.
        "AGE_" => variable.starts_with("AGE_"),
        word => variable.contains(word),
    };
    SECRET.iter().any(is_part)
}

/// What a program prints, or its error as programs made with cobra write it; nothing where it fails otherwise, or takes too
/// long and is ended.
fn output(program: &Path, arguments: &[&str], polls: u32) -> Option<Result<String, String>> {
    let mut command = Command::new(program);
    without_secrets(&mut command);
    let mut child = command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let (stdout, stderr) = (child.stdout.take()?, child.stderr.take()?);
    for _ in 0..polls {
        if let Some(status) = child.try_wait().ok()? {
            // A version or a help text is short: it fits into the pipe.
            if status.success() {
                return Some(Ok(start(stdout)?));
            }
            let said = start(stderr)?;
            let error = |line: &str| {
                line.strip_prefix("Error: ").or(line.strip_prefix("error: ")).map(str::to_owned)
            };
            return said.lines().find_map(error).map(Err);
        }
        std::thread::sleep(POLL);
    }
    // It may have ended by itself in the meantime.
    let _ = child.kill();
    let _ = child.wait();
    None
}

fn start(pipe: impl Read) -> Option<String> {
    let mut text = String::new();
    pipe.take(1 << 14).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_with_secrets_are_known_by_name() {
        for name in [
            "MTLSGEN_SEED",
            "MTLSGEN_AGE_PASSPHRASE",
            "SOPS_AGE_KEY",
            "GITHUB_TOKEN",
            "DB_PASSWORD",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["PATH", "HOME", "KUBECONFIG", "KUSTOMIZE_PLUGIN_HOME", "MANPAGE_X", "LANG"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_program_that_takes_too_long_says_nothing() {
        let shell = Path::new("/bin/sh");
        let version = Some(Ok("v1.2.3\n".to_owned()));
        assert_eq!(output(shell, &["-c", "echo v1.2.3"], POLLS), version);
        let error = Some(Err("unknown flag: --x".to_owned()));
        assert_eq!(
            output(shell, &["-c", "echo Error: unknown flag: --x >&2; exit 1"], POLLS),
            error
        );
        assert_eq!(output(shell, &["-c", "echo v1.2.3; exec sleep 600"], 3), None);
        assert_eq!(output(shell, &["-c", "echo v1.2.3; exit 1"], POLLS), None);
        assert_eq!(output(Path::new("/nonexistent"), &[], POLLS), None);
    }
}
