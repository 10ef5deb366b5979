//! Where identities are looked for: in named files, else where sops looks.
//!
//! The places are those of sops (`age/keysource.go`): `SOPS_AGE_KEY`, `SOPS_AGE_KEY_FILE`, `SOPS_AGE_KEY_CMD` and
//! `sops/age/keys.txt` in the user's folder of configuration; SSH keys are not among them.
#![expect(
    clippy::disallowed_methods,
    reason = "the environment and the user's files are read here"
)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::identities::{Identities, IdentityError, open_with_passphrase};
use super::is_age;
use crate::diagnostic::Diagnostic;
use crate::io::input_error::{ReadError, ReadErrorKind};
use crate::io::{input, terminal};

/// What holds the passphrase of identity files where no file is named.
const PASSPHRASE: &str = "MTLSGEN_AGE_PASSPHRASE";
/// Identities as text.
const KEY: &str = "SOPS_AGE_KEY";
/// A file of identities.
const KEY_FILE: &str = "SOPS_AGE_KEY_FILE";
/// A command that prints identities.
const KEY_COMMAND: &str = "SOPS_AGE_KEY_CMD";
/// Permission bits that let others than the owner at a file.
const OTHERS: u32 = 0o077;

/// Where identities are looked for.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Files of identities, `-` for standard input; where there are some, nothing else is looked at.
    pub files: Vec<PathBuf>,
    /// File whose first line is the passphrase of identity files, `-` for standard input.
    pub passphrase_file: Option<PathBuf>,
}

impl Sources {
    /// All identities that are to be found.
    ///
    /// # Errors
    /// A place that was named explicitly cannot be read, or holds something else.
    pub fn load(&self) -> Result<Identities, IdentityError> {
        let mut found = Identities::default();
        if !self.files.is_empty() {
            for path in &self.files {
                let place = format!("`{}`", path.display());
                self.add_file(&mut found, &place, path, true)?;
            }
            return Ok(found);
        }
        self.load_as_sops(&mut found)?;
        Ok(found)
    }

    fn load_as_sops(&self, found: &mut Identities) -> Result<(), IdentityError> {
        match variable(KEY) {
            Some(text) => {
                let text = Zeroizing::new(text.into_encoded_bytes());
                found.add(&format!("`{KEY}`"), &text)?;
            }
            None => found.places.push(format!("`{KEY}` (not set)")),
        }
        match variable(KEY_FILE) {
            Some(path) => {
                let path = PathBuf::from(path);
                let place = format!("`{}`, which `{KEY_FILE}` names,", path.display());
                self.add_file(found, &place, &path, true)?;
            }
            None => found.places.push(format!("`{KEY_FILE}` (not set)")),
        }
        match variable(KEY_COMMAND) {
            Some(command) => found.add(
                &format!("the output of `{KEY_COMMAND}`"),
                &output(&command).map_err(|why| command_failed(&why))?,
            )?,
            None => found.places.push(format!("`{KEY_COMMAND}` (not set)")),
        }
        if let Some(path) = default_file(cfg!(target_os = "macos"), variable) {
            let place = format!("`{}`", path.display());
            if input::is_there(&path) {
                self.add_file(found, &place, &path, false)?;
            } else {
                found.places.push(format!("{place} (not there)"));
            }
        }
        Ok(())
    }

    /// Adds a file; one whose passphrase is unknown is an error only where the file was named explicitly.
    fn add_file(
        &self,
        found: &mut Identities,
        place: &str,
        path: &Path,
        is_named: bool,
    ) -> Result<(), IdentityError> {
        let octets = octets(path).map_err(|error| unreadable(place, &error))?;
        found.warnings.extend(open_to_others(path));
        if !is_age(&octets) {
            return found.add(place, &octets);
        }
        let Some(passphrase) = self.passphrase(place)? else {
            if is_named {
                return Err(IdentityError {
                    problem: format!(
                        "{place} is protected by a passphrase, and there is no terminal to ask for it"
                    ),
                    hint: format!(
                        "name a file that contains it with `--identity-passphrase-file`, or set `{PASSPHRASE}`"
                    ),
                });
            }
            found.places.push(format!("{place} (protected by a passphrase, which was not given)"));
            return Ok(());
        };
        let failed = |problem: String| IdentityError {
            problem,
            hint: "make such a file with `age-keygen | age -p > FILE`".to_owned(),
        };
        match open_with_passphrase(&octets, &passphrase) {
            Ok(Some(text)) => found.add(place, &text),
            Ok(None) => Err(IdentityError {
                problem: format!("the passphrase does not open {place}"),
                hint: format!(
                    "it is read from `--identity-passphrase-file`, else from `{PASSPHRASE}`, else from the terminal: give the one that was typed for `age -p`"
                ),
            }),
            Err(problem) => Err(failed(format!("{place} {problem}"))),
        }
    }

    /// Out of the file, else of the environment, else from the terminal; `None` if there is none.
    fn passphrase(&self, place: &str) -> Result<Option<Zeroizing<String>>, IdentityError> {
        let octets = if let Some(path) = &self.passphrase_file {
            let name = format!("`{}`", path.display());
            octets(path).map_err(|error| unreadable(&name, &error)).map(Some)?
        } else if let Some(text) = variable(PASSPHRASE) {
            Some(Zeroizing::new(text.into_encoded_bytes()))
        } else {
            terminal::secret(&format!("Passphrase of {place}: ")).map_err(|error| {
                IdentityError {
                    problem: format!("cannot ask for the passphrase of {place}: {error}"),
                    hint: format!("set `{PASSPHRASE}`, or use `--identity-passphrase-file`"),
                }
            })?
        };
        octets.map(|octets| first_line(&octets)).transpose()
    }
}

fn first_line(octets: &[u8]) -> Result<Zeroizing<String>, IdentityError> {
    let line = octets.split(|octet| *octet == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = str::from_utf8(line).map_err(|_| IdentityError {
        problem: "the passphrase is not UTF-8".to_owned(),
        hint: "give it as one line of text".to_owned(),
    })?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn octets(path: &Path) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    if path.as_os_str() == "-" { input::standard_input_bytes() } else { input::read_bytes(path) }
}

fn unreadable(place: &str, error: &ReadError) -> IdentityError {
    let problem = match &error.kind {
        ReadErrorKind::NotFound => format!("{place} does not exist"),
        _ => error.to_string(),
    };
    let hint = error.hint().unwrap_or_else(|| "name a file that can be read".to_owned());
    IdentityError { problem, hint }
}

/// A variable that has a value; an empty one counts as none.
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The file that sops reads by default.
fn default_file(is_mac: bool, variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let home = || variable("HOME").map(PathBuf::from);
    let folder = match variable("XDG_CONFIG_HOME") {
        Some(folder) => PathBuf::from(folder),
        None if is_mac => home()?.join("Library/Application Support"),
        None => home()?.join(".config"),
    };
    Some(folder.join("sops/age/keys.txt"))
}

/// What a command of the shell prints.
fn output(command: &OsString) -> Result<Zeroizing<Vec<u8>>, String> {
    let shell = Command::new("/bin/sh")
        .arg("-c")
        .arg(command)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output();
    let output = shell.map_err(|error| error.to_string())?;
    let text = Zeroizing::new(output.stdout);
    if output.status.success() { Ok(text) } else { Err(output.status.to_string()) }
}

fn command_failed(why: &str) -> IdentityError {
    IdentityError {
        problem: format!("the command in `{KEY_COMMAND}` failed: {why}"),
        hint: "fix the command, or use `--identity FILE`".to_owned(),
    }
}

#[cfg(unix)]
fn open_to_others(path: &Path) -> Option<Diagnostic> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let mode = metadata.permissions().mode() & 0o7777;
    let path = path.display();
    let title = format!("the age identity `{path}` can be read by others (mode {mode:04o})");
    let warning =
        || Diagnostic::warning("open-identity", title).help(format!("run `chmod 600 '{path}'`"));
    (mode & OTHERS != 0).then(warning)
}

#[cfg(not(unix))]
fn open_to_others(_path: &Path) -> Option<Diagnostic> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_is_where_sops_looks() {
        let with = |variables: &'static [(&str, &str)]| {
            move |name: &str| {
                let found = variables.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| OsString::from(value))
            }
        };
        let home = with(&[("HOME", "/home/a")]);
        let both = with(&[("HOME", "/home/a"), ("XDG_CONFIG_HOME", "/x")]);
        for (is_mac, variable, expected) in [
            (false, &home as &dyn Fn(&str) -> _, "/home/a/.config/sops/age/keys.txt"),
            (true, &home, "/home/a/Library/Application Support/sops/age/keys.txt"),
            (false, &both, "/x/sops/age/keys.txt"),
            (true, &both, "/x/sops/age/keys.txt"),
        ] {
            assert_eq!(default_file(is_mac, variable), Some(PathBuf::from(expected)));
        }
        assert_eq!(default_file(false, |_| None), None);
    }

    #[test]
    fn the_passphrase_is_the_first_line() {
        for text in ["secret", "secret\n", "secret\r\nmore\n"] {
            assert_eq!(first_line(text.as_bytes()).unwrap().as_str(), "secret");
        }
        assert!(first_line(b"\xff").is_err());
    }

    #[test]
    fn a_command_prints_identities_or_fails_with_its_status() {
        assert_eq!(output(&"echo a".into()).unwrap().as_slice(), b"a\n");
        assert!(output(&"exit 3".into()).unwrap_err().contains('3'));
    }
}
