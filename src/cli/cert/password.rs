//! Where passwords of PKCS#12 files and encrypted keys come from: files, the environment, a person; never the command line.

use std::cell::OnceCell;
use std::path::Path;

use zeroize::Zeroizing;

use crate::cli::report::CommandError;
use crate::inspect::ReadError;
use crate::inspect::reading::Passwords;
use crate::io::{input, terminal};
use crate::pki::pkcs12::Password;

/// What holds the password where no file is named.
const VARIABLE: &str = "MTLSGEN_PKCS12_PASSWORD";

/// A file, else the environment, else the person at the terminal.
pub struct Given<'a> {
    file: Option<&'a Path>,
    /// What the file has; standard input can be read only once, for all that is opened.
    read: OnceCell<Zeroizing<Vec<u8>>>,
}

impl<'a> Given<'a> {
    /// `file`: the one that holds the password in its first line, `-` for standard input.
    pub fn of(file: Option<&'a Path>) -> Self {
        Self { file, read: OnceCell::new() }
    }

    fn octets(&self, path: &Path) -> Result<&[u8], ReadError> {
        if self.read.get().is_none() {
            let octets = octets(path)
                .map_err(|error| ReadError { problem: error.to_string(), help: None })?;
            // Nothing else sets it in between.
            let _ = self.read.set(octets);
        }
        Ok(self.read.get().map(|octets| octets.as_slice()).unwrap_or_default())
    }
}

impl Passwords for Given<'_> {
    fn password(&self, file: &str, ask: bool) -> Result<Option<Password>, ReadError> {
        let failed = |problem: String| ReadError { problem, help: None };
        if let Some(path) = self.file {
            let password = Password::of_line(self.octets(path)?);
            return password
                .map(Some)
                .map_err(|error| failed(format!("`{}`: {error}", path.display())));
        }
        if let Some(password) = from_environment() {
            return password.map(Some).map_err(|error| failed(format!("`{VARIABLE}`: {error}")));
        }
        if !ask {
            return Ok(None);
        }
        let question = format!("Password of {file}: ");
        let typed =
            terminal::secret(&question).map_err(|error| failed(format!("cannot ask: {error}")))?;
        let password = typed.map(|octets| Password::of_line(&octets)).transpose();
        password.map_err(|error| failed(error.to_string()))
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment is read in cli/")]
fn from_environment() -> Option<Result<Password, crate::pki::pkcs12::PasswordError>> {
    use std::os::unix::ffi::OsStringExt as _;
    let value = Zeroizing::new(std::env::var_os(VARIABLE)?.into_vec());
    Some(Password::of_line(&value))
}

fn octets(path: &Path) -> Result<Zeroizing<Vec<u8>>, crate::io::input_error::ReadError> {
    if path.as_os_str() == "-" { input::standard_input_bytes() } else { input::read_bytes(path) }
}

/// The password for a new file.
///
/// # Errors
/// It cannot be read, or is none.
pub fn for_new_file(path: &Path) -> Result<Password, CommandError> {
    let octets = octets(path)?;
    Password::for_new_file(&octets).map_err(|error| {
        let what = format!("`{}`: {error}", path.display());
        let hint = "write the password into the first line; without `--password-file`, one is made";
        CommandError::world("password", &what, Some(hint.to_owned()))
    })
}
