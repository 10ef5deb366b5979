//! Why an output folder cannot be read or written.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::output::{NotOurs, RECORD, RecordError};

/// Why an output folder cannot be read or written.
#[derive(Debug)]
pub enum TreeError {
    /// A file or folder cannot be read.
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file or folder cannot be written or removed.
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A symbolic link is in the way.
    Link(PathBuf),
    /// Something else is where a file is to be.
    NotAFile(PathBuf),
    /// A device, or a path that names one.
    Device(PathBuf),
    /// Something else is where a folder is to be.
    NotAFolder(PathBuf),
    /// A file is larger than anything that mtlsgen writes.
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Most bytes that are read.
        limit: u64,
    },
    /// The record of written files is damaged.
    Record {
        /// The record's file.
        path: PathBuf,
        /// What is wrong with it.
        error: RecordError,
    },
    /// Files of others are in the way.
    NotOurs(NotOurs),
    /// Files are there already that are not to be overwritten.
    Exists(Vec<PathBuf>),
    /// The folder and the store overlap.
    Store {
        /// The output folder.
        path: PathBuf,
        /// The store's folder.
        store: PathBuf,
    },
    /// The tree shows fingerprints in the place of keys.
    ForComparing,
}

impl TreeError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Read { .. } | Self::Write { .. } | Self::ForComparing => return None,
            Self::Link(_) => {
                "mtlsgen writes through no link inside the folder: remove it, or name the folder \
                              that it leads to"
            }
            Self::Device(_) => {
                "use `-` for standard output where that is possible, or name a file elsewhere"
            }
            Self::NotAFile(_) | Self::NotAFolder(_) | Self::TooLarge { .. } => {
                "move it away, or name another folder"
            }
            Self::Record { .. } => {
                return Some(format!(
                    "restore `{RECORD}` from version control; without the file, mtlsgen adopts what equals \
                     its output and removes nothing"
                ));
            }
            Self::Store { .. } => "name another folder: what the store holds is for mtlsgen alone",
            Self::Exists(_) => {
                "nothing is overwritten: move what is there away, or name another folder"
            }
            Self::NotOurs(_) => {
                "move them away, or name another folder: mtlsgen replaces only files that it wrote itself"
            }
        };
        Some(hint.to_owned())
    }
}

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, error } => write!(f, "cannot read `{}`: {error}", path.display()),
            Self::Write { path, error } => write!(f, "cannot write `{}`: {error}", path.display()),
            Self::Link(path) => write!(f, "`{}` is a symbolic link", path.display()),
            Self::NotAFile(path) => write!(f, "`{}` is in the way of a file", path.display()),
            Self::Device(path) => {
                write!(
                    f,
                    "`{}` is below a folder of devices, where no file is written",
                    path.display()
                )
            }
            Self::NotAFolder(path) => write!(f, "`{}` is in the way of a folder", path.display()),
            Self::TooLarge { path, limit } => {
                write!(f, "`{}` is larger than {} MiB", path.display(), limit >> 20)
            }
            Self::Record { path, error } => write!(f, "`{}` is damaged: {error}", path.display()),
            Self::NotOurs(error) => error.fmt(f),
            Self::Exists(paths) => {
                let names: Vec<_> =
                    paths.iter().map(|path| format!("`{}`", path.display())).collect();
                let exists = if names.len() == 1 { "exists" } else { "exist" };
                write!(f, "{} {exists} already", names.join(", "))
            }
            Self::Store { path, store } => write!(
                f,
                "manifests in `{}` and the store in `{}` overlap",
                path.display(),
                store.display()
            ),
            Self::ForComparing => f.write_str(
                "manifests with fingerprints in the place of keys cannot be written to files",
            ),
        }
    }
}

impl std::error::Error for TreeError {}

impl From<NotOurs> for TreeError {
    fn from(error: NotOurs) -> Self {
        Self::NotOurs(error)
    }
}
