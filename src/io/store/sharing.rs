//! Who else than the caller can change a store: what others put there is not what mtlsgen wrote.
//!
//! As with ssh's `StrictModes` and git's `safe.directory`: files of another user, and folders and files that all may
//! write, are not trusted where private keys are read or written: neither keys nor certificates, ledgers, revocation
//! lists and the folders around them. What the group may write is common (a clone under the umask 002), so it is a
//! warning, and corrected by the next change of the store.

use std::fmt;
use std::path::PathBuf;
use std::sync::LazyLock;

use rustix::fs::FileType;

use super::error::StoreError;
use super::{layout, read};
use crate::diagnostic::Diagnostic;
use crate::io::beneath::{Facts, Place};

/// Whether a store that others can change is used all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sharing {
    /// Keys are neither read nor written there.
    #[default]
    Refused,
    /// It is meant to be so: the operator says who else is trusted.
    Allowed,
}

/// A place of a store that another user can change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shared {
    /// The store.
    pub root: PathBuf,
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    pub why: Why,
}

/// Why another user can change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It belongs to the user of this number, who is neither root nor the caller.
    Owner(u32),
    /// Its permission bits let all write.
    Others(u32),
    /// Its permission bits let its group write.
    Group(u32),
}

/// Says that a store which others can change is meant to be one.
const VARIABLE: &str = "MTLSGEN_ALLOW_SHARED_STORE";

const WRITE_GROUP: u32 = 0o020;
const WRITE_OTHERS: u32 = 0o002;

/// What `facts` of a place in the store `root` say of others. Links have no permissions of their own.
pub(super) fn judge(place: &Place, facts: &Facts) -> Option<Shared> {
    let why = match facts {
        Facts { kind: FileType::Symlink, .. } => return None,
        Facts { owner, .. } if !is_trusted(*owner) => Why::Owner(*owner),
        Facts { mode, .. } if mode & WRITE_OTHERS != 0 => Why::Others(*mode),
        Facts { mode, .. } if mode & WRITE_GROUP != 0 => Why::Group(*mode),
        _ => return None,
    };
    if !matches!(why, Why::Owner(_)) && !place.below().is_empty() && is_closed(&place.root()) {
        return None;
    }
    Some(Shared { root: place.root().path(), path: place.path(), why })
}

/// Bits that let others than the owner at a folder.
const OTHERS: u32 = 0o077;

/// Whether only the owner gets into a store at all, regardless of the permissions below it.
fn is_closed(root: &Place) -> bool {
    root.facts().is_ok_and(|facts| facts.is_some_and(|facts| facts.mode & OTHERS == 0))
}

/// Root, the caller, and behind `sudo` the user who called it.
fn is_trusted(owner: u32) -> bool {
    static CALLER: LazyLock<u32> = LazyLock::new(|| rustix::process::geteuid().as_raw());
    let caller = *CALLER;
    owner == 0 || owner == caller || caller == 0 && Some(owner) == behind_sudo()
}

#[expect(clippy::disallowed_methods, reason = "the environment says who called sudo")]
fn behind_sudo() -> Option<u32> {
    std::env::var("SUDO_UID").ok()?.parse().ok()
}

/// Notes what was read or looked into, if others can change it. Taken from the opened file, that is not a guess.
pub(super) fn note(place: &Place, facts: &Facts) {
    if judge(place, facts).is_some() {
        place.note(*facts);
    }
}

/// Everything in the store at `root` that was noted, sorted.
pub(super) fn noted(root: &Place) -> Vec<Shared> {
    root.noted().iter().filter_map(|(place, facts)| judge(place, facts)).collect()
}

/// Looks at the store and the folders of holders in it.
pub(super) fn look_at_folders(root: &Place) -> Result<(), StoreError> {
    let kinds = layout::KINDS.iter().map(|kind| root.join(kind.folder));
    for place in std::iter::once(root.clone()).chain(kinds) {
        if let Some(facts) = read::facts(&place)? {
            note(&place, &facts);
        }
    }
    Ok(())
}

/// Takes the right to write from the group in the whole store, where the caller can; what stays is warned of.
pub(super) fn mend(place: &Place) {
    let Ok(Some(Facts { kind, mode, .. })) = place.facts() else { return };
    if !matches!(kind, FileType::Directory | FileType::RegularFile) {
        return;
    }
    if mode & WRITE_GROUP != 0 {
        let _ = place.set_mode(mode & !WRITE_GROUP);
    }
    let entries = place.entries().ok().flatten().unwrap_or_default();
    for (name, _) in entries {
        mend(&place.join(&name));
    }
}

impl Sharing {
    /// What the environment says: `MTLSGEN_ALLOW_SHARED_STORE`, `true` or `1`.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the operator's word comes in the environment")]
    pub fn of_environment() -> Self {
        match std::env::var(VARIABLE).as_deref() {
            Ok("true" | "1") => Self::Allowed,
            _ => Self::Refused,
        }
    }

    /// Makes sure that only trusted users can change what was judged.
    ///
    /// # Errors
    /// [`StoreError::Shared`] for the first that others can change; the group is warned of elsewhere.
    pub(super) fn require(self, found: impl IntoIterator<Item = Shared>) -> Result<(), StoreError> {
        let is_open = |shared: &Shared| !shared.is_by_group();
        match found.into_iter().find(is_open).filter(|_| self == Self::Refused) {
            Some(shared) => Err(StoreError::Shared(Box::new(shared))),
            None => Ok(()),
        }
    }

    /// Makes sure that only trusted users can change the file at `place` and the folder that it lies in.
    ///
    /// # Errors
    /// As [`Sharing::require`].
    pub(super) fn require_file(self, place: &Place) -> Result<(), StoreError> {
        if self == Self::Allowed {
            return Ok(());
        }
        for place in std::iter::once(place.clone()).chain(place.parent()) {
            let facts = read::facts(&place)?;
            self.require(facts.and_then(|facts| judge(&place, &facts)))?;
        }
        Ok(())
    }

    /// One warning about all that others can change.
    pub(super) fn warning(self, found: &[Shared]) -> Option<Diagnostic> {
        let first = found.first().filter(|_| self == Self::Refused)?;
        let more = match found.len() - 1 {
            0 => String::new(),
            1 => ", and 1 more".to_owned(),
            more => format!(", and {more} more"),
        };
        let title = format!("{first}{more}");
        Some(Diagnostic::warning("shared-store", title).help(first.cure()))
    }
}

impl Shared {
    /// Whether that is because its group may write it.
    pub(super) fn is_by_group(&self) -> bool {
        matches!(self.why, Why::Group(_))
    }
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.why {
            Why::Owner(user) => write!(
                f,
                "other users can change the store: `{path}` belongs to user {user}, who is neither root nor the one who runs mtlsgen"
            ),
            Why::Others(mode) => write!(
                f,
                "other users can change the store: all may write `{path}` (mode {mode:04o})"
            ),
            Why::Group(mode) => write!(
                f,
                "other users can change the store: the group may write `{path}` (mode {mode:04o})"
            ),
        }
    }
}

impl Shared {
    /// What to do about it.
    pub(super) fn cure(&self) -> String {
        let root = self.root.display();
        match self.why {
            Why::Owner(_) => format!("run `chown -R \"$(id -u)\" '{root}'`"),
            Why::Others(_) | Why::Group(_) => format!("run `chmod -R go-w '{root}'`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(owner: u32, mode: u32) -> Facts {
        Facts { kind: FileType::Directory, mode, owner, identity: (0, 0) }
    }

    #[test]
    fn what_root_and_the_caller_alone_can_change_is_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let root = Place::open(folder.path()).unwrap();
        let caller = rustix::process::geteuid().as_raw();
        let why = |owner, mode| judge(&root, &facts(owner, mode)).map(|shared| shared.why);
        assert_eq!(why(caller, 0o755), None);
        assert_eq!(why(0, 0o700), None);
        assert_eq!(why(4_000_000, 0o700), Some(Why::Owner(4_000_000)));
        assert_eq!(why(caller, 0o1777), Some(Why::Others(0o1777)));
        assert_eq!(why(caller, 0o775), Some(Why::Group(0o775)));
    }

    #[test]
    fn the_group_is_warned_of_and_others_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let root = Place::open(folder.path()).unwrap();
        let shared = |mode| judge(&root, &facts(0, mode)).unwrap();
        assert!(Sharing::Refused.require([shared(0o775)]).is_ok());
        let refused = Sharing::Refused.require([shared(0o775), shared(0o777)]).unwrap_err();
        assert!(refused.to_string().contains("(mode 0777)"), "{refused}");
        assert!(Sharing::Allowed.require([shared(0o777)]).is_ok());
        let warning = Sharing::Refused.warning(&[shared(0o775), shared(0o777)]).unwrap();
        assert!(warning.title.ends_with("(mode 0775), and 1 more"), "{}", warning.title);
        assert!(Sharing::Allowed.warning(&[shared(0o775)]).is_none());
    }
}
