//! What can go wrong with a store, and what to do about it.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::layout;
use super::sharing::Shared;
use crate::io::age_file::IdentityError;
use crate::pki::request::Holder;

/// Most recipients that a message names.
const MOST_SHOWN: usize = 5;

/// Why the store could not be read or changed. Unless it says otherwise, nothing was changed.
#[derive(Debug)]
pub enum StoreError {
    /// The file system refused.
    Io {
        /// What was tried, as a verb: `read`, `write`, `lock`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The file that says which spec the store belongs to holds no name of one.
    Name {
        /// The file.
        path: PathBuf,
    },
    /// Something in the store is not what mtlsgen wrote.
    Damaged {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it, as the end of a sentence that starts with the path.
        problem: String,
    },
    /// Certificates were issued, but files that belong to them are not here.
    Missing {
        /// The absent files and whose they are; at least one.
        files: Vec<(Holder, PathBuf)>,
    },
    /// A private key is encrypted, and no identity opens it.
    Sealed(Box<Sealed>),
    /// An identity cannot be read.
    Identity(IdentityError),
    /// Another process kept the store to itself for too long.
    Locked {
        /// The lock file.
        path: PathBuf,
        /// The other process, if it said so.
        process: Option<u32>,
        /// How long was waited.
        waited: Duration,
    },
    /// The serial was used before by the same issuer.
    SerialUsed {
        /// The ledger entry of that serial.
        path: PathBuf,
    },
    /// Another process changed the store while it was being read.
    Changed {
        /// The store or the changed file.
        path: PathBuf,
    },
    /// An earlier change was interrupted, and this command changes nothing.
    Interrupted {
        /// The list of the change.
        path: PathBuf,
    },
    /// A list of an interrupted change is not of a change of this store.
    ForeignChange {
        /// The list.
        path: PathBuf,
        /// What is wrong with it, as the end of a sentence that starts with the path.
        problem: String,
    },
    /// Other users can change the store.
    Shared(Box<Shared>),
    /// A change is decided and recorded, but not all of its files are in place yet.
    Unfinished {
        /// Where it stopped.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
}

/// A private key that cannot be opened.
#[derive(Debug)]
pub struct Sealed {
    /// Its file.
    pub path: PathBuf,
    /// The recipients that it records, if it does.
    pub recipients: Option<BTreeSet<String>>,
    /// How many identities were tried.
    pub identities: usize,
    /// Where identities were looked for, and what was there.
    pub places: Vec<String>,
}

/// Recipients as they are shown to people: the first ones of many.
#[must_use]
pub fn listed(recipients: &BTreeSet<String>) -> String {
    let shown = recipients.iter().take(MOST_SHOWN).map(|text| format!("`{text}`"));
    let shown = shown.collect::<Vec<_>>().join(", ");
    match recipients.len().saturating_sub(MOST_SHOWN) {
        0 => shown,
        1 => format!("{shown} and 1 other"),
        others => format!("{shown} and {others} others"),
    }
}

impl Sealed {
    fn hint(&self) -> String {
        let whose = match &self.recipients {
            Some(recipients) => {
                format!("of one of its recipients: {}", listed(recipients))
            }
            None => "of one of its recipients (the file does not name them)".to_owned(),
        };
        let places = match &*self.places {
            [] => "nowhere".to_owned(),
            places => places.join(", "),
        };
        format!(
            "use `--identity FILE` or set `SOPS_AGE_KEY_FILE`, with the identity {whose}; looked for identities in {places}"
        )
    }
}

impl StoreError {
    /// A refusal of the file system.
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Io { action, path: path.into(), source }
    }

    /// Something that mtlsgen did not write like that.
    pub(super) fn damaged(path: impl Into<PathBuf>, problem: impl Into<String>) -> Self {
        Self::Damaged { path: path.into(), problem: problem.into() }
    }

    /// A file that belongs to a certificate.
    pub(super) fn missing(holder: &Holder, path: impl Into<PathBuf>) -> Self {
        Self::Missing { files: vec![(holder.clone(), path.into())] }
    }

    /// What to do about it, in one line.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Io { action, path, source } => io_hint(action, path, source),
            Self::Damaged { .. } => {
                "restore it from a backup, from Git or from where it was issued; \
                 nothing is changed in the store until then"
                    .to_owned()
            }
            Self::Name { .. } => {
                "write there the `name` of the spec that this store belongs to, on one line and nothing else: no conflict markers, no \
                 second name, no byte order mark; Git's history has what was there"
                    .to_owned()
            }
            Self::Missing { files } => missing_hint(files),
            Self::Sealed(sealed) => sealed.hint(),
            Self::Identity(error) => error.hint.clone(),
            Self::Locked { process: Some(process), .. } => format!(
                "wait for process {process} to end, then run the command again; the lock ends with the process"
            ),
            Self::Locked { process: None, .. } => {
                "wait for the other mtlsgen to end, then run the command again".to_owned()
            }
            Self::SerialUsed { .. } => {
                "an issuer uses a serial once: remove `serial` or set another one; nothing was changed"
                    .to_owned()
            }
            Self::Changed { .. } => "run the command again".to_owned(),
            Self::Interrupted { .. } => {
                "run `mtlsgen render`, which finishes the change before anything else; this command changes nothing"
                    .to_owned()
            }
            Self::ForeignChange { .. } => {
                "nothing of it was carried out: a repository or another user may have put it there; if you know of no \
                 interrupted mtlsgen on this machine, remove it together with the files `.*.new` in the store"
                    .to_owned()
            }
            Self::Shared(shared) => format!(
                "{}; where that is meant, as for a checkout in CI, use `--allow-shared-store` or set \
                 `MTLSGEN_ALLOW_SHARED_STORE=true`",
                shared.cure()
            ),
            Self::Unfinished { source, .. } => format!(
                "{}; the next run completes the change automatically",
                cure(source).unwrap_or("mend the cause")
            ),
        }
    }
}

/// Keys are not in Git, so the place to look for them is another one than for certificates. No file in the
/// store can be given up, but an entry of the spec under another name gets a certificate of its own.
fn missing_hint(files: &[(Holder, PathBuf)]) -> String {
    let is_key = |(_, path): &(Holder, PathBuf)| path.extension().is_some_and(|end| end == "key");
    let (it, issued, is) = match files {
        [_] => ("it", "it was issued", "it is"),
        _ => ("them", "they were issued", "one is"),
    };
    let source = if files.iter().all(is_key) {
        format!("copy {it} from where {issued} or from a backup (keys are not kept in Git)")
    } else {
        format!("restore {it} from Git, from a backup or from where {issued}")
    };
    let is_leaf = |holder: &Holder| !matches!(holder, Holder::Authority(_));
    let (renewed, others): (Vec<_>, Vec<_>) =
        files.iter().partition(|file| is_key(file) && is_leaf(&file.0));
    let mut ways = BTreeSet::new();
    if !renewed.is_empty() {
        let command = Holder::command("cert renew", renewed.iter().map(|(holder, _)| holder));
        ways.insert(format!("{command} makes a new key and certificate"));
    }
    ways.extend(others.iter().map(|(holder, path)| way_out(holder, path)));
    format!("{source}; if {is} permanently lost, {}", Vec::from_iter(ways).join("; "))
}

/// How a holder does without what is lost.
fn way_out(holder: &Holder, path: &Path) -> String {
    let way = match holder {
        Holder::Authority(name) if is_below(path, &layout::retiring_folder(holder), 2) => {
            return format!(
                "remove that generation with `mtlsgen ca rotate {name} --retire` (with `--force` if it is still needed)"
            );
        }
        Holder::Authority(name) if is_below(path, &layout::next_folder(holder), 1) => {
            return format!("abandon that generation with `mtlsgen ca rotate {name} --abandon`");
        }
        Holder::Authority(_) => "declare a new authority under another name",
        Holder::Host(_) => {
            "rename the host's entry under `hosts` and keep its DNS name there with `host = \"…\"`"
        }
        Holder::Client(_) => {
            "rename the client's entry under `clients` and keep its name there with `subject = \"…\"`"
        }
    };
    way.to_owned()
}

/// Whether that file lies so many levels below a folder of the store.
fn is_below(file: &Path, folder: &str, levels: usize) -> bool {
    file.ancestors().nth(levels).is_some_and(|above| above.ends_with(folder))
}

fn io_hint(action: &str, path: &Path, source: &io::Error) -> String {
    match (cure(source), action) {
        (Some(cure), _) => format!("{cure}, then run the command again; nothing was changed"),
        (None, "lock") => format!(
            "keep the store on a file system that can lock files (`{}` is not on one, or cannot be opened); \
             nothing was changed",
            path.display()
        ),
        (None, _) => {
            "nothing was changed; run the command again once the cause is fixed".to_owned()
        }
    }
}

/// What to do about the refusals that people meet.
fn cure(source: &io::Error) -> Option<&'static str> {
    match source.kind() {
        ErrorKind::PermissionDenied => {
            Some("give the user who runs mtlsgen access to the store's files and folders")
        }
        ErrorKind::ReadOnlyFilesystem => Some("make the file system of the store writable"),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some("make room on the disk"),
        _ => None,
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { action, path, source } => {
                write!(f, "cannot {action} `{}`: {source}", path.display())
            }
            Self::Name { path } => {
                write!(f, "`{}` holds no name that one spec could have", path.display())
            }
            Self::Damaged { path, problem } => {
                write!(f, "the store is damaged: `{}` {problem}", path.display())
            }
            Self::Missing { files } => write_missing(f, files),
            Self::Sealed(sealed) => {
                let path = sealed.path.display();
                match sealed.identities {
                    0 => {
                        write!(f, "`{path}` is encrypted, and there is no age identity to open it")
                    }
                    1 => write!(f, "the age identity at hand does not open `{path}`"),
                    count => write!(f, "none of the {count} age identities at hand opens `{path}`"),
                }
            }
            Self::Identity(error) => f.write_str(&error.problem),
            Self::Locked { path, process, waited } => {
                let seconds = waited.as_secs();
                write!(f, "another mtlsgen ")?;
                if let Some(process) = process {
                    write!(f, "(process {process}) ")?;
                }
                write!(f, "still holds `{}` after {seconds} s", path.display())
            }
            Self::SerialUsed { path } => {
                write!(f, "the serial is used already, by the certificate in `{}`", path.display())
            }
            Self::Changed { path } => {
                write!(f, "`{}` was changed by another process meanwhile", path.display())
            }
            Self::Interrupted { path } => {
                let path = path.display();
                write!(
                    f,
                    "an earlier change of the store was interrupted and is not finished: `{path}`"
                )
            }
            Self::ForeignChange { path, problem } => {
                write!(f, "`{}` {problem}: it is not from a change of this store", path.display())
            }
            Self::Shared(shared) => shared.fmt(f),
            Self::Unfinished { path, source } => {
                write!(
                    f,
                    "a change of the store is unfinished: cannot write `{}`: {source}",
                    path.display()
                )
            }
        }
    }
}

fn write_missing(f: &mut fmt::Formatter<'_>, files: &[(Holder, PathBuf)]) -> fmt::Result {
    if let [(holder, path)] = files {
        return write!(f, "{holder} has a certificate, but `{}` is missing", path.display());
    }
    let paths = files.iter().map(|(_, path)| format!("`{}`", path.display()));
    let list = paths.collect::<Vec<_>>().join(", ");
    write!(f, "files that belong to certificates are missing: {list}")
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } | Self::Unfinished { source, .. } => Some(source),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(path: &Path, recipients: Option<BTreeSet<String>>, identities: usize) -> StoreError {
        let places = vec!["`SOPS_AGE_KEY` (not set)".to_owned()];
        StoreError::Sealed(Box::new(Sealed { path: path.into(), recipients, identities, places }))
    }

    #[test]
    fn the_first_of_many_recipients_are_named() {
        let names = |count| (1..=count).map(|number| format!("age{number}")).collect();
        assert_eq!(listed(&names(2)), "`age1`, `age2`");
        assert_eq!(listed(&names(6)), "`age1`, `age2`, `age3`, `age4`, `age5` and 1 other");
        assert!(listed(&names(9)).ends_with("`age5` and 4 others"));
    }

    fn every_kind() -> Vec<StoreError> {
        let path = PathBuf::from("pki/clients/alice/tls.key");
        vec![
            StoreError::io("write", &path, ErrorKind::StorageFull.into()),
            StoreError::io("lock", &path, ErrorKind::Unsupported.into()),
            StoreError::damaged(&path, "is a folder where a file should be"),
            StoreError::missing(&Holder::Client("alice".into()), path.clone()),
            StoreError::Missing {
                files: vec![
                    (Holder::Client("alice".into()), path.clone()),
                    (Holder::Host("web".into()), PathBuf::from("pki/hosts/web/tls.key")),
                ],
            },
            sealed(&path, None, 0),
            sealed(&path, Some(BTreeSet::from(["age1a".to_owned(), "age1b".to_owned()])), 1),
            sealed(&path, None, 2),
            StoreError::Identity(IdentityError {
                problem: "`pki/clients/alice/tls.key` does not exist".into(),
                hint: "name a file".into(),
            }),
            StoreError::Locked {
                path: path.clone(),
                process: Some(7),
                waited: Duration::from_secs(60),
            },
            StoreError::Locked { path: path.clone(), process: None, waited: Duration::ZERO },
            StoreError::SerialUsed { path: path.clone() },
            StoreError::Changed { path: path.clone() },
            StoreError::Interrupted { path: path.clone() },
            StoreError::ForeignChange { path: path.clone(), problem: "is not a list".into() },
            StoreError::Shared(Box::new(Shared {
                root: PathBuf::from("pki"),
                path: path.clone(),
                why: super::super::sharing::Why::Others(0o777),
            })),
            StoreError::Unfinished { path, source: ErrorKind::PermissionDenied.into() },
        ]
    }

    #[test]
    fn messages_are_single_sentences_that_name_the_file() {
        for error in every_kind() {
            for text in [error.to_string(), error.hint()] {
                assert!(!text.contains('\n') && !text.contains("  "), "{text}");
                assert!(text.starts_with(|c: char| c.is_lowercase() || c == '`'), "{text}");
                assert!(!text.ends_with('.'), "{text}");
            }
            assert!(error.to_string().contains("`pki/clients/alice/tls.key`"), "{error}");
        }
    }

    #[test]
    fn the_way_out_fits_the_holder() {
        let of = |holder: Holder| StoreError::missing(&holder, "tls.key").hint();
        assert!(of(Holder::Authority("a".into())).ends_with("a new authority under another name"));
        assert!(of(Holder::Host("a".into())).contains("`mtlsgen cert renew hosts/a`"));
        assert!(of(Holder::Client("a".into())).contains("`mtlsgen cert renew clients/a`"));
        let lost = |holder: Holder| StoreError::missing(&holder, "tls.crt").hint();
        assert!(lost(Holder::Host("a".into())).contains("with `host = "));
        assert!(lost(Holder::Client("a".into())).contains("with `subject = "));
        let generation =
            |path: &str| StoreError::missing(&Holder::Authority("a".into()), path).hint();
        assert!(generation("pki/cas/a/next/tls.key").contains("rotate a --abandon"));
        assert!(generation("pki/cas/a/retiring/0A/tls.key").contains("rotate a --retire"));
        assert!(generation("pki/cas/retiring/a/tls.key").ends_with("under another name"));
        let [one, two] = ["a", "b"].map(|name| (Holder::Host(name.into()), name.into()));
        let both = StoreError::Missing { files: vec![one, two] }.hint();
        assert_eq!(both.matches("`hosts`").count(), 1, "{both}");
    }

    #[test]
    fn common_refusals_come_with_a_cure() {
        let hint = |kind: ErrorKind| StoreError::io("write", Path::new("pki"), kind.into()).hint();
        assert!(hint(ErrorKind::StorageFull).contains("make room on the disk"));
        assert!(hint(ErrorKind::ReadOnlyFilesystem).contains("writable"));
        assert!(hint(ErrorKind::PermissionDenied).contains("access"));
        assert!(hint(ErrorKind::Other).contains("nothing was changed"));
    }
}
