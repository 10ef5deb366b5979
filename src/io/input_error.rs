//! Why something that the user wrote cannot be read.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;

/// Why the input cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub enum InputError {
    /// No file is named, and the working directory has no spec.
    NoSpec,
    /// No file is named, and the working directory has several specs.
    SeveralSpecs(Vec<PathBuf>),
    /// Standard input is named more than once.
    StandardInputTwice,
    /// A file cannot be read.
    Read(ReadError),
    /// A spec is not UTF-8.
    Encoding(Box<Diagnostic>),
    /// A template is not UTF-8.
    NotUtf8 {
        /// What the text is called.
        name: String,
        /// The first line that is not, from one.
        line: usize,
    },
    /// A link in a folder of templates leads back to a folder above it.
    LinkLoop(PathBuf),
    /// A folder of templates holds more files than this.
    TooManyTemplates(usize),
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The file.
    pub path: PathBuf,
    /// The reason.
    pub kind: ReadErrorKind,
}

/// Reason why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadErrorKind {
    /// It does not exist.
    NotFound,
    /// The system refuses.
    PermissionDenied,
    /// It is a folder.
    Folder,
    /// It is larger than this many bytes.
    TooLarge {
        /// Most bytes that are read.
        limit: u64,
    },
    /// It is neither a file nor a pipe of a shell, but this.
    NotAFile(&'static str),
    /// It lies outside of the folder that files are read from.
    Outside,
    /// Any other error of the system.
    Other(String),
}

impl ReadError {
    /// What the system says of a file.
    pub fn new(path: &Path, error: &io::Error) -> Self {
        Self { path: path.to_owned(), kind: ReadErrorKind::of(error) }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match &self.kind {
            ReadErrorKind::NotFound => {
                "check the path; relative ones start from the file that holds them, \
                                        on the command line from the working directory"
            }
            ReadErrorKind::PermissionDenied => "let this user read it",
            ReadErrorKind::Folder => "name a file in it",
            ReadErrorKind::NotAFile(_) => {
                "name a file, or a pipe that a shell makes: `<(COMMAND)`, or `/dev/stdin` behind `|`"
            }
            ReadErrorKind::Outside => "move it into that folder",
            ReadErrorKind::TooLarge { .. } | ReadErrorKind::Other(_) => return None,
        };
        Some(hint.to_owned())
    }
}

impl ReadErrorKind {
    /// What the system says.
    pub fn of(error: &io::Error) -> Self {
        match error.kind() {
            // A file in the place of a folder: what is behind it does not exist either.
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NotFound,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            io::ErrorKind::IsADirectory => Self::Folder,
            _ => Self::Other(error.to_string()),
        }
    }
}

impl fmt::Display for ReadErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("it does not exist"),
            Self::PermissionDenied => f.write_str("permission denied"),
            Self::Folder => f.write_str("it is a folder"),
            Self::TooLarge { limit } => write!(f, "it is larger than {} MiB", limit >> 20),
            Self::NotAFile(what) => write!(f, "it is {what}, not a file"),
            Self::Outside => f.write_str("it lies outside of the folder that files are read from"),
            Self::Other(message) => f.write_str(message),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read `{}`: {}", self.path.display(), self.kind)
    }
}

impl std::error::Error for ReadError {}

impl From<ReadError> for InputError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl InputError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoSpec => "name a file with `-f FILE`, or write a first spec with `mtlsgen init`",
            Self::SeveralSpecs(_) => "say which with `-f FILE`; `-f` several times merges them",
            Self::StandardInputTwice => "write `-f -` once",
            Self::Read(error) => return error.hint(),
            Self::Encoding(diagnostic) => return diagnostic.help.first().cloned(),
            Self::NotUtf8 { .. } => "save the file as UTF-8",
            Self::LinkLoop(_) => "remove the link",
            Self::TooManyTemplates(_) => {
                "name the folder that holds the templates and nothing else"
            }
        };
        Some(hint.to_owned())
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding(diagnostic) => f.write_str(&diagnostic.title),
            Self::NoSpec => f.write_str(
                "no spec: the working directory has no `mtls.toml`, `mtls.yaml` or `mtls.yml`",
            ),
            Self::SeveralSpecs(found) => {
                let names: Vec<_> =
                    found.iter().map(|path| format!("`{}`", path.display())).collect();
                write!(f, "the working directory has several specs: {}", names.join(", "))
            }
            Self::StandardInputTwice => f.write_str("standard input can be read only once"),
            Self::Read(error) => error.fmt(f),
            Self::NotUtf8 { name, line } => write!(f, "`{name}` is not UTF-8 in line {line}"),
            Self::LinkLoop(path) => {
                write!(f, "the link `{}` leads back to a folder above it", path.display())
            }
            Self::TooManyTemplates(limit) => {
                write!(f, "the folder of templates holds more than {limit} files")
            }
        }
    }
}

impl std::error::Error for InputError {}
