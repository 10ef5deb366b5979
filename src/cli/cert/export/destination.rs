//! Where something is written: a file that has its mode from the beginning, or standard output.

use std::path::{Path, PathBuf};

use crate::cli::report::{CommandError, print, standard_output_is_terminal};
use crate::io::atomic::Access;
use crate::io::git::{self, Kept};
use crate::io::new_files;

/// A file or standard output.
pub struct Destination {
    /// `None` for standard output.
    file: Option<PathBuf>,
    access: Access,
}

impl Destination {
    /// `path`, or standard output if that is `-`; what is secret is readable by its owner alone.
    pub fn new(path: &Path, is_secret: bool) -> Self {
        let access = if is_secret { Access::Private } else { Access::Public };
        Self { file: (path.as_os_str() != "-").then(|| path.to_owned()), access }
    }

    /// The file, unless it is standard output.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Keeps private keys off the screen.
    ///
    /// # Errors
    /// Something secret would be shown on a terminal.
    pub fn refuse_terminal(&self) -> Result<(), CommandError> {
        if self.file.is_none() && self.access == Access::Private && standard_output_is_terminal() {
            let what = "private keys are not written to a terminal";
            let hint = "use `-o FILE`, or redirect standard output to a file or a program";
            return Err(CommandError::world("terminal", what, Some(hint.to_owned())));
        }
        Ok(())
    }
}

/// Keeps what is secret out of Git.
///
/// # Errors
/// A file lies in a work tree that does not ignore it, or `git` does not say.
fn refuse_git(contents: &[(&Destination, &[u8])]) -> Result<(), CommandError> {
    let secret = contents.iter().filter(|(to, _)| to.access == Access::Private);
    for path in secret.filter_map(|(to, _)| to.file.as_deref()) {
        let (tree, why) = match git::kept(path) {
            Kept::Outside | Kept::Ignored => continue,
            Kept::Shown(tree) => (tree, "which does not ignore it"),
            Kept::Unknown(tree) => (tree, "and `git` does not say whether it is ignored"),
        };
        let what = format!(
            "`{}` would lie in the Git work tree `{}`, {why}",
            path.display(),
            tree.display()
        );
        let hint = "name a file outside of the work tree, or ignore it in `.gitignore`; without `-o`, a PKCS#12 file goes into the store where that is a folder; `--force` writes it all the same";
        return Err(CommandError::world("in-git", &what, Some(hint.to_owned())));
    }
    Ok(())
}

/// Writes everything: files first, all of them or none, then standard output.
///
/// # Errors
/// A file exists and is not to be replaced, something secret would get into Git, or something cannot be written.
pub fn write(contents: &[(&Destination, &[u8])], force: bool) -> Result<(), CommandError> {
    if !force {
        refuse_git(contents)?;
    }
    let files = contents.iter().filter_map(|(destination, octets)| {
        destination.file.as_deref().map(|path| (path, *octets, destination.access))
    });
    new_files::write_private(&files.collect::<Vec<_>>(), force).map_err(|error| {
        let hint = match &error {
            crate::io::tree_error::TreeError::Exists(_) => {
                Some("use `--force` to replace it, or `-o` with another name".to_owned())
            }
            other => other.hint(),
        };
        CommandError::world("output", &error, hint)
    })?;
    for (destination, octets) in contents {
        if destination.file.is_none() {
            print(octets)?;
        }
    }
    Ok(())
}
