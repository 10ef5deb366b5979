//! Reads Secrets that exist: files and standard input, with a warning where others can read them too.
#![expect(clippy::disallowed_methods, reason = "the user's files are read here")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::input::{self, STANDARD_INPUT};
use super::input_error::ReadError;
use crate::diagnostic::Diagnostic;
use crate::existing::Input;

/// Permission bits that let others than the owner at a file.
const OTHERS: u32 = 0o077;

/// Reads the files in their order, `-` for standard input.
///
/// # Errors
/// One is absent, a folder, too large, or cannot be read.
pub fn read(files: &[PathBuf]) -> Result<(Vec<Input>, Vec<Diagnostic>), ReadError> {
    let mut inputs = Vec::new();
    let mut warnings = Vec::new();
    for file in files {
        if file.as_os_str() == "-" {
            let text = input::standard_input_objects()?;
            inputs.push(Input { name: STANDARD_INPUT.to_owned(), text });
        } else {
            let text = input::read_objects(file)?;
            warnings.extend(open(file));
            inputs.push(Input { name: file.display().to_string(), text });
        }
    }
    Ok((inputs, warnings))
}

/// A file with keys that others can read; a pipe has no mode that matters.
fn open(file: &Path) -> Option<Diagnostic> {
    let metadata = fs::metadata(file).ok().filter(fs::Metadata::is_file)?;
    let mode = metadata.permissions().mode() & 0o7777;
    (mode & OTHERS != 0).then(|| {
        let file = file.display();
        let title = format!("`{file}` holds Secrets and can be read by others (mode {mode:04o})");
        Diagnostic::warning("open-private-key", title).help(format!(
            "run `chmod 600 '{file}'`, or pass the Secrets through a pipe: `--existing -`"
        ))
    })
}
