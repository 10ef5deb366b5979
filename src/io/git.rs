//! Asks Git whether it would take a file up.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::program;

/// What Git makes of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It lies in no work tree.
    Outside,
    /// It lies in one that ignores it.
    Ignored,
    /// It lies in this work tree, which does not ignore it, or has it already.
    Shown(PathBuf),
    /// It lies in this work tree, and Git does not answer.
    Unknown(PathBuf),
}

/// What Git makes of a file at `path`, be it there or not; links to its folder are followed.
#[must_use]
pub fn kept(path: &Path) -> Kept {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = fs::canonicalize(folder.unwrap_or(Path::new(".")));
    let (Ok(folder), Some(name)) = (folder, path.file_name()) else { return Kept::Outside };
    // A folder, or a file that names one: of a submodule or a further work tree.
    let is_tree = |folder: &&Path| folder.join(".git").symlink_metadata().is_ok();
    let Some(tree) = folder.ancestors().find(is_tree) else { return Kept::Outside };
    let mut git = Command::new("git");
    program::without_secrets(&mut git);
    for (variable, _) in std::env::vars_os().filter(|(name, _)| is_of_git(name)) {
        git.env_remove(variable);
    }
    // The tree that was found, and no repository that lies among its files (git(1), `safe.bareRepository`). No matter what
    // its configuration names, no program is run for it: neither a monitor nor one that fetches what is missing.
    git.arg("--git-dir").arg(tree.join(".git")).arg("--work-tree").arg(tree);
    git.args(["-c", "core.fsmonitor=false", "-c", "safe.bareRepository=explicit"]);
    git.env("GIT_ALLOW_PROTOCOL", "").env("GIT_NO_LAZY_FETCH", "1");
    git.args(["check-ignore", "--quiet", "--"]).arg(folder.join(name));
    git.current_dir(&folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match git.status().ok().and_then(|status| status.code()) {
        Some(0) => Kept::Ignored,
        Some(1) => Kept::Shown(tree.to_owned()),
        _ => Kept::Unknown(tree.to_owned()),
    }
}

impl Kept {
    /// The work tree that takes it, as far as Git says.
    #[must_use]
    pub fn tree(&self) -> Option<&Path> {
        match self {
            Self::Outside | Self::Ignored => None,
            Self::Shown(tree) | Self::Unknown(tree) => Some(tree),
        }
    }
}

/// Variables such as `GIT_DIR` would make Git look elsewhere.
fn is_of_git(name: &std::ffi::OsStr) -> bool {
    name.to_string_lossy().starts_with("GIT_")
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the test makes a work tree")]
mod tests {
    use super::*;

    #[test]
    fn ignored_and_known_files_are_distinguished() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert_eq!(kept(&at("a.p12")), Kept::Outside);
        let git = |arguments: &[&str]| {
            let mut git = Command::new("git");
            git.args(["-c", "user.name=a", "-c", "user.email=a@example.com"]).args(arguments);
            git.current_dir(folder.path()).output().is_ok_and(|output| output.status.success())
        };
        if !git(&["init", "-q"]) {
            return;
        }
        fs::write(at(".gitignore"), "*.p12\n").unwrap();
        let tree = fs::canonicalize(folder.path()).unwrap();
        assert_eq!(kept(&at("a.p12")), Kept::Ignored);
        assert_eq!(kept(&at("a.pem")), Kept::Shown(tree.clone()));
        fs::write(at("a.p12"), "").unwrap();
        assert!(git(&["add", "-f", "a.p12"]));
        assert_eq!(kept(&at("a.p12")), Kept::Shown(tree.clone()), "it is known already");
        let elsewhere = tempfile::tempdir().unwrap();
        let link = elsewhere.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        assert_eq!(kept(&link.join("b.pem")), Kept::Shown(tree.clone()));
        fs::remove_file(at(".git/HEAD")).unwrap();
        assert_eq!(kept(&at("b.p12")), Kept::Unknown(tree));
    }
}
