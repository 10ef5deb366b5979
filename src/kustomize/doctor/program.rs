//! What is known of the programs that a build calls.

use std::fmt;
use std::path::{Path, PathBuf};

use super::function::Style;
use super::reference::Reference;
use crate::diagnostic::{Diagnostic, Span};
use crate::path;
use crate::specification::document::{API_VERSION, KIND};

/// Where a plugin is, or should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The path that is called; a bare name where nothing of that name is on `PATH`.
    pub path: PathBuf,
    /// What is there.
    pub state: State,
}

/// What is at a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The program that runs now, or a copy of it.
    Ours,
    /// Another executable: the file at the end of all links.
    Other(PathBuf),
    /// A file that may not be executed.
    NotExecutable,
    /// A link that leads nowhere.
    Dangling(PathBuf),
    /// A folder.
    Folder,
    /// Nothing; with it, a file whose name differs in upper and lower case only.
    Missing(Option<PathBuf>),
    /// There is no folder of plugins: these were tried.
    NoHome(Vec<PathBuf>),
}

impl Location {
    /// Whether something runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        matches!(self.state, State::Ours | State::Other(_))
    }
}

/// The path of an exec plugin below the folder of plugins: group, version, kind in lower case, kind.
#[must_use]
pub fn exec_plugin(api_version: &str, kind: &str) -> PathBuf {
    Path::new(api_version).join(kind.to_lowercase()).join(kind)
}

/// What is wrong with the program that a reference calls.
#[must_use]
pub fn mistake(reference: &Reference<'_>, location: &Location) -> Option<Diagnostic> {
    let path = location.path.display();
    let (title, help) = match &location.state {
        State::Ours => return None,
        State::Other(real) => return Some(other(reference, location, real)),
        State::NotExecutable => {
            (format!("`{path}` is not executable"), format!("run `chmod +x {path}`"))
        }
        State::Dangling(target) => (
            format!("`{path}` is a link to `{}`, which does not exist", target.display()),
            put_in_place(&reference.style),
        ),
        State::Folder => (format!("`{path}` is a folder"), put_in_place(&reference.style)),
        State::Missing(Some(near)) => (
            format!("there is no `{path}`, but `{}`: names are case-sensitive", near.display()),
            format!("run `mv {} {path}`", near.display()),
        ),
        State::Missing(None) => (missing(reference, location), put_in_place(&reference.style)),
        State::NoHome(tried) => (no_home(tried), put_in_place(&reference.style)),
    };
    Some(Diagnostic::error("plugin-program", title).at(place(reference)).help(help))
}

fn missing(reference: &Reference<'_>, location: &Location) -> String {
    let path = location.path.display();
    match &reference.style {
        Style::Function { path: written, .. } if !written.contains('/') => {
            format!("there is no executable `{path}` on `PATH`")
        }
        Style::Function { path: written, .. } => format!(
            "there is no `{path}`: `{written}` starts from the folder of the kustomization that names the object"
        ),
        _ => format!("there is no exec plugin `{path}`"),
    }
}

fn no_home(tried: &[PathBuf]) -> String {
    let tried: Vec<_> = tried.iter().map(|path| format!("`{}`", path.display())).collect();
    if tried.is_empty() {
        return "there is no folder of plugins: none of `KUSTOMIZE_PLUGIN_HOME`, `XDG_CONFIG_HOME` and `HOME` is set".to_owned();
    }
    format!("there is no folder of plugins: none of {} exists", tried.join(", "))
}

fn put_in_place(style: &Style) -> String {
    match style {
        Style::Function { path, .. } if path.contains('/') => {
            "put mtlsgen there, or write `path: mtlsgen` to have it looked up on `PATH`".to_owned()
        }
        Style::Function { .. } => "install mtlsgen to a folder on `PATH`, or write a path with `/`, which starts from the kustomization's folder".to_owned(),
        _ => format!(
            "run `mtlsgen kustomize install`, which makes `{}` in the folder of plugins",
            exec_plugin(API_VERSION, KIND).display()
        ),
    }
}

fn other(reference: &Reference<'_>, location: &Location, real: &Path) -> Diagnostic {
    let path = location.path.display();
    let real = real.display();
    let title = format!("`{path}` leads to `{real}`, which is not the mtlsgen that runs now");
    Diagnostic::notice("other-program", title)
        .at(place(reference))
        .help(format!("`{real} --version` prints its version"))
}

fn place(reference: &Reference<'_>) -> Option<Span> {
    match reference.style {
        Style::ExecPlugin => reference.object.span(&path!["kind"]),
        _ => reference.object.span(&path!["metadata", "annotations"]),
    }
}

/// A version of Kustomize.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

/// The first version that knows `args` and `envs` of a function (its `kyaml` is 0.20).
pub const KNOWS_ARGS: Version = Version(5, 7, 0);

impl Version {
    /// The first `v1.2.3` in a text: `v5.8.1`, or `{Version:kustomize/v4.5.7 GitCommit:…}` of old.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        text.match_indices('v').find_map(|(at, _)| Self::at_start(&text[at + 1..]))
    }

    fn at_start(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let mut numbers = text[..end].split('.').map(|number| number.parse().ok());
        Some(Self(numbers.next()??, numbers.next()??, numbers.next()??))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// A program that builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Builder {
    /// Its name: `kustomize` or `kubectl`.
    pub name: &'static str,
    /// Where it is on `PATH`.
    pub path: Option<PathBuf>,
    /// The Kustomize in it.
    pub version: Option<Version>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found() {
        for (text, version) in [
            ("v5.8.2\n", Some(Version(5, 8, 2))),
            ("{Version:kustomize/v4.5.7 GitCommit:56d82a8 BuildDate:2022}", Some(Version(4, 5, 7))),
            ("(devel)", None),
            ("v1.2", None),
            ("very v5.0.0-rc1", Some(Version(5, 0, 0))),
        ] {
            assert_eq!(Version::find(text), version, "{text}");
        }
        assert!(Version(5, 10, 0) > KNOWS_ARGS && Version(5, 6, 9) < KNOWS_ARGS);
    }

    #[test]
    fn exec_plugins_have_a_path_of_their_own() {
        let path = exec_plugin(API_VERSION, KIND);
        assert_eq!(path, Path::new("mtlsgen.dev/v1alpha1/mutualtls/MutualTLS"));
    }
}
