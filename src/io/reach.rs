//! How far the paths of a spec reach: anywhere, where a person names the spec; not beyond a folder, where a plugin runs
//! on what a repository says.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::input_error::{ReadError, ReadErrorKind};
use super::open;
use crate::diagnostic::{Diagnostic, Source, literal};
use crate::specification::document::NamedPath;

/// How far the paths of a spec reach.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// `None`: anywhere.
    within: Option<Within>,
}

#[derive(Clone, Debug)]
struct Within {
    /// What the first root is to people, such as "the folder of the kustomization".
    called: &'static str,
    /// Real paths of folders (or files) whose files may be read.
    roots: Vec<PathBuf>,
    /// How the operator adds a root.
    way_out: &'static str,
    /// Sources whose paths reach anywhere: what the operator says.
    trusted: Vec<Arc<Source>>,
}

impl Reach {
    /// Paths reach anywhere.
    #[must_use]
    pub fn anywhere() -> Self {
        Self::default()
    }

    /// Paths reach what lies in `folder`, which is `called` so, and in those of `allowed`; `way_out` is how another one
    /// is allowed.
    ///
    /// # Errors
    /// One of them is not there.
    pub fn within(
        (folder, called): (&Path, &'static str),
        allowed: &[PathBuf],
        way_out: &'static str,
    ) -> Result<Self, ReadError> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let real =
            |path: &Path| fs::canonicalize(path).map_err(|error| ReadError::new(path, &error));
        let mut roots = vec![real(folder)?];
        for path in allowed {
            roots.push(real(path)?);
        }
        Ok(Self { within: Some(Within { called, roots, way_out, trusted: Vec::new() }) })
    }

    /// The same, where paths in these sources reach anywhere.
    #[must_use]
    pub fn trusting(mut self, sources: Vec<Arc<Source>>) -> Self {
        if let Some(within) = &mut self.within {
            within.trusted = sources;
        }
        self
    }

    /// Adds a folder.
    ///
    /// # Errors
    /// It is not there.
    pub fn and(mut self, folder: &Path) -> Result<Self, ReadError> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let real = fs::canonicalize(folder).map_err(|error| ReadError::new(folder, &error))?;
        if let Some(within) = &mut self.within {
            within.roots.push(real);
        }
        Ok(self)
    }

    fn of(&self, named: &NamedPath) -> Option<&Within> {
        let source = named.span().map(|span| &span.source);
        let is_trusted = |within: &&Within| {
            source
                .is_some_and(|source| within.trusted.iter().any(|known| Arc::ptr_eq(known, source)))
        };
        self.within.as_ref().filter(|within| !is_trusted(within))
    }

    /// What is wrong with a path that reaches too far; `None`: nothing.
    #[must_use]
    pub fn refusal(&self, named: &NamedPath) -> Option<Diagnostic> {
        let within =
            self.of(named).filter(|within| !open::is_beneath(named.path(), &within.roots))?;
        Some(within.refusal(named.path()).at(named.span().cloned()))
    }

    /// Opens what a spec names.
    ///
    /// # Errors
    /// It is absent, no file, lies out of reach, or cannot be opened.
    pub fn open(&self, named: &NamedPath) -> Result<File, ReadError> {
        Self::opened(self.of(named), named.path())
    }

    /// Opens a file at a path that no spec names, such as one in a folder that a spec names.
    ///
    /// # Errors
    /// As [`Reach::open`].
    pub fn open_path(&self, path: &Path) -> Result<File, ReadError> {
        Self::opened(self.within.as_ref(), path)
    }

    fn opened(within: Option<&Within>, path: &Path) -> Result<File, ReadError> {
        match within {
            None => open::open(path),
            Some(within) => open::open_beneath(path, &within.roots),
        }
    }

    /// The names in a folder.
    ///
    /// # Errors
    /// As [`Reach::open`].
    pub fn names(&self, folder: &Path) -> Result<Vec<OsString>, ReadError> {
        open::names(folder, self.within.as_ref().map(|within| within.roots.as_slice()))
    }

    /// What is said about a file at a path that no spec names; `error` is why it cannot be read.
    #[must_use]
    pub fn explained(&self, error: &ReadError) -> Option<Diagnostic> {
        let within = self.within.as_ref().filter(|_| error.kind == ReadErrorKind::Outside)?;
        Some(within.refusal(&error.path))
    }
}

impl Within {
    fn refusal(&self, path: &Path) -> Diagnostic {
        let Self { called, roots, way_out, .. } = self;
        let root = roots.first().map(|root| root.display().to_string()).unwrap_or_default();
        let title = format!(
            "{} lies outside of {called}, {}",
            literal(&path.display().to_string()),
            literal(&root)
        );
        Diagnostic::error("outside-folder", title)
            .help("move it into that folder; links count as what they lead to")
            .help(format!("the operator, not the spec, can allow its folder: {way_out}"))
    }
}
