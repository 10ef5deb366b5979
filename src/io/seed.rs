//! Reads the seed of a derived store: from a file that only its owner can read, or from the environment.
#![expect(clippy::disallowed_methods, reason = "the user's seed and the environment are read here")]

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::input_error::ReadError;
use super::open;
use super::reach::Reach;
use crate::derive::{Seed, SeedError};
use crate::guard::is_like_seed;
use crate::specification::document::NamedPath;

/// Holds the seed itself, as text.
const VARIABLE: &str = "MTLSGEN_SEED";
/// Holds the path of a file with the seed.
const FILE_VARIABLE: &str = "MTLSGEN_SEED_FILE";

/// No form of a seed is longer.
const MAX_BYTES: usize = 256;

/// Permission bits that a seed's file must not have: the group and all others.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// Where the seed may stand, as the user says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Places<'a> {
    /// What the command line names.
    pub argument: Option<&'a Path>,
    /// What the spec names.
    pub spec: Option<&'a NamedPath>,
    /// How far that reaches.
    pub reach: Option<&'a Reach>,
}

/// Where a seed was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file.
    File(PathBuf),
    /// The environment.
    Variable,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Variable => write!(f, "the environment variable `{VARIABLE}`"),
        }
    }
}

/// Why there is no seed to use.
#[derive(Debug, PartialEq, Eq)]
pub enum SeedInputError {
    /// No file and no environment variable is given.
    Missing,
    /// The environment says it twice.
    Both,
    /// The file cannot be read.
    Read(ReadError),
    /// What names the file looks like a seed itself, and no file has that name.
    Pasted,
    /// Others can read the file too.
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The content is not a seed.
    Unfit(Origin, SeedError),
}

impl fmt::Display for SeedInputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("a derived store needs its seed"),
            Self::Both => {
                write!(f, "both `{VARIABLE}` and `{FILE_VARIABLE}` are set, and there is one seed")
            }
            Self::Read(error) => write!(f, "the seed: {error}"),
            Self::Pasted => f.write_str(
                "the path of the seed's file looks like a seed itself (not shown), and there is no such file",
            ),
            Self::Exposed { path, mode } => {
                write!(f, "others can read the seed in `{}` (mode {mode:04o})", path.display())
            }
            Self::Unfit(origin, error) => write!(f, "there is no seed in {origin}: {error}"),
        }
    }
}

impl std::error::Error for SeedInputError {}

impl SeedInputError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Missing => format!(
                "name its file with `--seed-file`, `{FILE_VARIABLE}` or `store.seedFile`, or put it into `{VARIABLE}`; make one once: `(umask 077; openssl rand -hex 32 > seed)`, and keep a copy of it in a safe place"
            ),
            Self::Both => "unset one of them".to_owned(),
            Self::Read(error) => error.hint().unwrap_or_else(|| "check the file".to_owned()),
            Self::Pasted => format!("name a file that holds the seed, or put the seed itself into `{VARIABLE}`; a seed in a spec or on a command line may be known to others: make another one, `(umask 077; openssl rand -hex 32 > seed)`"),
            Self::Exposed { path, .. } => format!("run `chmod 600 '{}'`; if others may have read it, make another seed", path.display()),
            Self::Unfit(..) => "make one: `(umask 077; openssl rand -hex 32 > seed)`; another seed changes every key and certificate".to_owned(),
        }
    }
}

/// The seed: that of the command line, else of the environment, else of the spec.
///
/// # Errors
/// There is none, it cannot be read or others can, or it is none; no message says what it is.
pub fn read(places: Places<'_>) -> Result<Seed, SeedInputError> {
    if let Some(path) = places.argument {
        return from_file(path, open::open);
    }
    // A variable that is empty is as good as none.
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    match (set(VARIABLE), set(FILE_VARIABLE)) {
        (Some(_), Some(_)) => Err(SeedInputError::Both),
        (Some(text), None) => from_variable(text),
        (None, Some(path)) => from_file(Path::new(&path), open::open),
        (None, None) => {
            let named = places.spec.ok_or(SeedInputError::Missing)?;
            let anywhere = Reach::anywhere();
            let reach = places.reach.unwrap_or(&anywhere);
            from_file(named.path(), |_| reach.open(named))
        }
    }
}

fn from_variable(text: OsString) -> Result<Seed, SeedInputError> {
    let text = Zeroizing::new(text.into_encoded_bytes());
    let seed = std::str::from_utf8(&text).map_err(|_| SeedError::Form).and_then(Seed::from_text);
    seed.map_err(|error| SeedInputError::Unfit(Origin::Variable, error))
}

fn from_file(
    path: &Path,
    open: impl FnOnce(&Path) -> Result<File, ReadError>,
) -> Result<Seed, SeedInputError> {
    let refused = |error| {
        if looks_like_seed(path) { SeedInputError::Pasted } else { SeedInputError::Read(error) }
    };
    let failed = |error: &std::io::Error| refused(ReadError::new(path, error));
    let file = open(path).map_err(refused)?;
    let metadata = file.metadata().map_err(|error| failed(&error))?;
    refuse_exposed(path, &metadata)?;
    // Reserved at once, so that no unwiped copy is left behind by growing.
    let mut content = Zeroizing::new(Vec::with_capacity(MAX_BYTES + 1));
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut content).map_err(|error| failed(&error))?;
    let seed =
        if content.len() > MAX_BYTES { Err(SeedError::Form) } else { Seed::from_file(&content) };
    seed.map_err(|error| SeedInputError::Unfit(Origin::File(path.to_owned()), error))
}

/// Whether a path, or its end below some folder, is the seed itself, given in place of its file.
fn looks_like_seed(path: &Path) -> bool {
    let path = path.to_string_lossy();
    // Base64 has slashes.
    let ends = path.match_indices('/').map(|(at, _)| &path[at + 1..]);
    std::iter::once(&*path).chain(ends).any(is_like_seed)
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, metadata: &std::fs::Metadata) -> Result<(), SeedInputError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & OTHERS == 0 {
        return Ok(());
    }
    Err(SeedInputError::Exposed { path: path.to_owned(), mode })
}

#[cfg(not(unix))]
fn refuse_exposed(_: &Path, _: &std::fs::Metadata) -> Result<(), SeedInputError> {
    Ok(())
}
