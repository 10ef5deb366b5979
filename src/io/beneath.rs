//! Files and folders beneath a folder that is open: no link is followed, and nothing leads out of it.
//!
//! A repository can hold links, and another process can put one in the place of a folder between a look and a write.
//! So paths below a folder are never resolved by the system alone: the folder is opened once, and everything beneath it
//! is reached from that handle, with `openat2` and `RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS` (openat2(2)) where the
//! system has it, else one name after the other with `O_NOFOLLOW`.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::atomic::{Access, TEMPORARY_PREFIX};

/// Up to this many files are flushed one by one; more, by flushing their whole file system.
const FLUSHED_ONE_BY_ONE: usize = 48;
/// How an opened folder is held: for reaching what is beneath it, which needs no permission to list it.
#[cfg(target_os = "linux")]
const HELD: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const HELD: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// How a file is opened for reading; does not wait for the other end of a pipe.
const READ: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// A place in a folder that is open: the folder itself, or a path below it of plain names.
#[derive(Clone, Debug)]
pub struct Place {
    root: Arc<Root>,
    below: String,
    /// The nearest folder at or above this place that is held open.
    held: Option<Held>,
}

/// A folder that is held open, see [`Place::held`].
#[derive(Clone, Debug)]
struct Held {
    handle: Arc<OwnedFd>,
    /// Length of its path below the root.
    length: usize,
}

#[derive(Debug)]
struct Root {
    path: PathBuf,
    /// None where there is no such folder.
    handle: Option<OwnedFd>,
    /// What was noted of places beneath it.
    notes: Mutex<BTreeMap<String, Facts>>,
}

/// What is known of a place without opening it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The type of the entry; links are not followed.
    pub kind: FileType,
    /// Permission bits.
    pub mode: u32,
    /// User ID of its owner.
    pub owner: u32,
    /// Device and number of the file, which together identify it.
    pub identity: (u64, u64),
}

impl From<&Metadata> for Facts {
    fn from(found: &Metadata) -> Self {
        Self {
            kind: FileType::from_raw_mode(found.mode()),
            mode: found.mode() & 0o7777,
            owner: found.uid(),
            identity: (found.dev(), found.ino()),
        }
    }
}

/// The folder that a place lies in.
enum Folder<'a> {
    Root(BorrowedFd<'a>),
    Opened(OwnedFd),
}

impl AsFd for Folder<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Root(handle) => *handle,
            Self::Opened(handle) => handle.as_fd(),
        }
    }
}

impl Place {
    /// The folder at `path`, opened; links on the way to it are followed. Where there is none, everything beneath it
    /// is absent.
    ///
    /// # Errors
    /// There is something else, or it may not be entered.
    pub fn open(path: &Path) -> io::Result<Self> {
        let at = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let handle = match rustix::fs::openat(CWD, at, HELD, Mode::empty()) {
            Ok(handle) => Some(handle),
            Err(Errno::NOENT) => None,
            Err(error) => return Err(error.into()),
        };
        let root = Root { path: path.to_owned(), handle, notes: Mutex::default() };
        Ok(Self::at_root(Arc::new(root)))
    }

    fn at_root(root: Arc<Root>) -> Self {
        Self { root, below: String::new(), held: None }
    }

    /// The folder at `path` as if there were none.
    #[must_use]
    pub fn absent(path: &Path) -> Self {
        let root = Root { path: path.to_owned(), handle: None, notes: Mutex::default() };
        Self::at_root(Arc::new(root))
    }

    /// The same folder, held open as long as this place or one that is joined to it lives: what is read of them is read
    /// there, without going its way again. What changes them goes by their paths as ever. The same place where no folder
    /// can be opened: reading it says why.
    #[must_use]
    pub fn held(&self) -> Self {
        let root = self.root.handle.as_ref().filter(|_| !self.below.is_empty() && self.is_plain());
        let handle = root.and_then(|root| folder_beneath(root.as_fd(), &self.below).ok());
        let held = handle.map(|handle| Held { handle: Arc::new(handle), length: self.below.len() });
        Self { held, ..self.clone() }
    }

    /// The same place, with nothing held open.
    #[must_use]
    pub fn by_path(self) -> Self {
        Self { held: None, ..self }
    }

    /// The place at `path` below this one: plain names, joined by `/`.
    #[must_use]
    pub fn join(&self, path: impl AsRef<str>) -> Self {
        let path = path.as_ref();
        let below = match &*self.below {
            "" => path.to_owned(),
            folder => format!("{folder}/{path}"),
        };
        Self { root: Arc::clone(&self.root), below, held: self.held.clone() }
    }

    /// Where that is, for messages.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        if self.below.is_empty() {
            self.root.path.clone()
        } else {
            self.root.path.join(&self.below)
        }
    }

    /// The folder that was opened.
    #[must_use]
    pub fn root(&self) -> Self {
        Self::at_root(Arc::clone(&self.root))
    }

    /// The path below the folder that was opened; empty for that folder itself.
    #[must_use]
    pub fn below(&self) -> &str {
        &self.below
    }

    /// The last name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.below.rsplit_once('/').map_or(&self.below, |(_, name)| name)
    }

    /// The place above, up to the folder that was opened.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        if self.below.is_empty() {
            return None;
        }
        let above = self.below.rsplit_once('/').map_or("", |(above, _)| above);
        let held = self.held.clone().filter(|held| held.length <= above.len());
        Some(Self { root: Arc::clone(&self.root), below: above.to_owned(), held })
    }

    /// What is here; `None` if nothing is.
    ///
    /// # Errors
    /// The system refuses to look, or a link or a file is on the way.
    pub fn facts(&self) -> io::Result<Option<Facts>> {
        let found = self.look(|folder, name| {
            let flags = AtFlags::SYMLINK_NOFOLLOW;
            Ok(facts_of(&rustix::fs::statat(folder, name, flags)?))
        });
        absent_as_none(found)
    }

    /// Notes what is known of this place, for those who ask the folder later.
    pub fn note(&self, facts: Facts) {
        let mut notes = self.root.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.insert(self.below.clone(), facts);
    }

    /// All places that were noted beneath the folder that was opened, sorted.
    #[must_use]
    pub fn noted(&self) -> Vec<(Self, Facts)> {
        let notes = self.root.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.iter().map(|(below, facts)| (self.root().join(below), *facts)).collect()
    }

    /// The first thing on the way here, this place included, that is neither a folder nor the end of the way.
    #[must_use]
    pub fn obstacle(&self) -> Option<(Self, FileType)> {
        let mut end = 0;
        while end < self.below.len() {
            end = self.below[end + 1..].find('/').map_or(self.below.len(), |at| end + 1 + at);
            let place = self.root().join(&self.below[..end]);
            match place.facts() {
                Ok(Some(facts)) if facts.kind == FileType::Directory => {}
                Ok(Some(facts)) => return Some((place, facts.kind)),
                _ => return None,
            }
        }
        None
    }

    /// The file here, opened for reading; links are not.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn open_file(&self) -> io::Result<File> {
        self.open_to_read(READ)
    }

    /// What the file here holds, and its permission bits.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for anything but a plain file, [`ErrorKind::FileTooLarge`] for one of more than
    /// `limit` octets, [`ErrorKind::NotFound`] if there is none.
    pub fn read(&self, limit: u64) -> io::Result<(Vec<u8>, Facts)> {
        let file = self.open_file()?;
        let facts = facts_of(&rustix::fs::fstat(&file)?);
        if facts.kind != FileType::RegularFile {
            return Err(ErrorKind::InvalidInput.into());
        }
        let mut content = Vec::new();
        file.take(limit.saturating_add(1)).read_to_end(&mut content)?;
        if content.len() as u64 > limit {
            return Err(ErrorKind::FileTooLarge.into());
        }
        Ok((content, facts))
    }

    /// Names and kinds of everything in the folder here whose name is text, sorted; `None` if there is no folder.
    ///
    /// # Errors
    /// It is none, or cannot be listed.
    pub fn entries(&self) -> io::Result<Option<Vec<(String, FileType)>>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let Some(folder) = absent_as_none(self.open_to_read(flags))? else {
            return Ok(None);
        };
        let mut found = Vec::new();
        for entry in rustix::fs::Dir::read_from(&folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => {
                    let found = rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
                    FileType::from_raw_mode(found.st_mode)
                }
                kind => kind,
            };
            found.push((name.to_owned(), kind));
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(Some(found))
    }

    /// Makes a folder here with these permission bits, less the umask; its parent exists.
    ///
    /// # Errors
    /// Something is here already, or the system refuses.
    pub fn create_folder(&self, mode: u32) -> io::Result<()> {
        self.reach(|folder, name| rustix::fs::mkdirat(folder, name, bits(mode)))
    }

    /// Gives the folder or file here exactly these permission bits.
    ///
    /// # Errors
    /// It is a link, or the system refuses.
    pub fn set_mode(&self, mode: u32) -> io::Result<()> {
        let file = self.open_file()?;
        Ok(rustix::fs::fchmod(file, bits(mode))?)
    }

    /// Opens the file here for reading and writing, making it for the owner alone if there is none.
    ///
    /// # Errors
    /// It is a link, or the system refuses.
    pub fn open_or_create(&self) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        self.open_with(flags | OFlags::CLOEXEC, bits(Access::Private.mode()))
    }

    /// Makes a file here that did not exist, for the owner alone, and opens it for writing.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] if anything is here, or the system refuses.
    pub fn create_new(&self, mode: u32) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        self.open_with(flags | OFlags::CLOEXEC, bits(mode))
    }

    /// Renames the file here to another place beneath the same folder; a file or link there is replaced.
    ///
    /// # Errors
    /// There is none, or the system refuses.
    pub fn rename(&self, to: &Self) -> io::Result<()> {
        self.reach(|folder, name| {
            to.reach(|into, new_name| rustix::fs::renameat(folder, name, into, new_name))
                .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
        })
    }

    /// Removes the file or link here.
    ///
    /// # Errors
    /// There is none, it is a folder, or the system refuses.
    pub fn remove_file(&self) -> io::Result<()> {
        self.reach(|folder, name| rustix::fs::unlinkat(folder, name, AtFlags::empty()))
    }

    /// Removes the empty folder here.
    ///
    /// # Errors
    /// There is none, it is not empty, or the system refuses.
    pub fn remove_folder(&self) -> io::Result<()> {
        self.reach(|folder, name| rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR))
    }

    /// Writes a file here, replacing a file or link: a reader sees the old file or the new one, also after a power
    /// cut. The umask has no say in who may read it.
    ///
    /// # Errors
    /// Any error of the system; what is here is then unchanged.
    pub fn write(&self, content: &[u8], access: Access) -> io::Result<()> {
        self.replace(content, Access::Private.mode(), |file| {
            rustix::fs::fchmod(file, bits(access.mode()))?;
            file.sync_all()
        })?;
        flush(&[&self.parent().unwrap_or_else(|| self.clone())])
    }

    /// As [`Place::write`], with these permission bits less the umask, and without waiting for the disk.
    ///
    /// # Errors
    /// As [`Place::write`].
    pub fn write_soon(&self, content: &[u8], mode: u32) -> io::Result<()> {
        self.replace(content, mode, |_| Ok(()))
    }

    fn replace(
        &self,
        content: &[u8],
        mode: u32,
        finish: impl FnOnce(&File) -> io::Result<()>,
    ) -> io::Result<()> {
        let (temporary, mut file) = self.create_beside(mode)?;
        let written = file.write_all(content).and_then(|()| finish(&file));
        written.and_then(|()| temporary.rename(self)).inspect_err(|_| {
            let _ = temporary.remove_file();
        })
    }

    /// A new file beside this place, under a name that no other process uses.
    fn create_beside(&self, mode: u32) -> io::Result<(Self, File)> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let folder = self.parent().ok_or(ErrorKind::IsADirectory)?;
        let process = std::process::id();
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let place = folder.join(format!("{TEMPORARY_PREFIX}{process}-{number}"));
            match place.create_new(mode) {
                Ok(file) => return Ok((place, file)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn open_to_read(&self, flags: OFlags) -> io::Result<File> {
        self.look(|folder, name| rustix::fs::openat(folder, name, flags, Mode::empty()))
            .map(File::from)
    }

    fn open_with(&self, flags: OFlags, mode: Mode) -> io::Result<File> {
        self.reach(|folder, name| rustix::fs::openat(folder, name, flags, mode)).map(File::from)
    }

    /// Does `work` with the folder that this place lies in, and its name there.
    fn reach<T>(
        &self,
        work: impl FnOnce(BorrowedFd<'_>, &str) -> Result<T, Errno>,
    ) -> io::Result<T> {
        let root = self.root.handle.as_ref().ok_or(ErrorKind::NotFound)?.as_fd();
        self.reach_from(root, &self.below, work)
    }

    /// As [`Place::reach`], from the folder that is held open if there is one: for work that changes nothing.
    fn look<T>(
        &self,
        work: impl FnOnce(BorrowedFd<'_>, &str) -> Result<T, Errno>,
    ) -> io::Result<T> {
        match &self.held {
            Some(Held { handle, length }) => {
                let below = self.below[*length..].trim_start_matches('/');
                self.reach_from(handle.as_fd(), below, work)
            }
            None => self.reach(work),
        }
    }

    fn reach_from<T>(
        &self,
        root: BorrowedFd<'_>,
        below: &str,
        work: impl FnOnce(BorrowedFd<'_>, &str) -> Result<T, Errno>,
    ) -> io::Result<T> {
        if below.is_empty() {
            return Ok(work(root, ".")?);
        }
        if !self.is_plain() {
            return Err(ErrorKind::InvalidInput.into());
        }
        let (folder, name) = match below.rsplit_once('/') {
            Some((above, name)) => (Folder::Opened(folder_beneath(root, above)?), name),
            None => (Folder::Root(root), below),
        };
        Ok(work(folder.as_fd(), name)?)
    }

    /// Whether the path is one of plain names.
    fn is_plain(&self) -> bool {
        let mut names = self.below.as_bytes().split(|octet| *octet == b'/');
        let is_plain = |name: &[u8]| !matches!(name, b"" | b"." | b"..") && !name.contains(&0);
        names.all(is_plain)
    }
}

impl From<&Place> for PathBuf {
    fn from(place: &Place) -> Self {
        place.path()
    }
}

impl From<Place> for PathBuf {
    fn from(place: Place) -> Self {
        place.path()
    }
}

/// Waits until the files and folders at `places` are on the disk: contents of files, entries of folders.
///
/// # Errors
/// What the file system says, also about earlier writes that it had accepted.
pub fn flush(places: &[&Place]) -> io::Result<()> {
    if cfg!(target_os = "linux") && places.len() > FLUSHED_ONE_BY_ONE {
        flush_file_systems(places)
    } else {
        flush_each(places)
    }
}

#[cfg(not(target_vendor = "apple"))]
fn flush_each(places: &[&Place]) -> io::Result<()> {
    places.iter().try_for_each(|place| place.open_file()?.sync_all())
}

/// `sync_all` empties the drive's cache for each file there (`F_FULLFSYNC`); once, at the end, is enough.
#[cfg(target_vendor = "apple")]
fn flush_each(places: &[&Place]) -> io::Result<()> {
    let mut last = None;
    for place in places {
        let file = place.open_file()?;
        rustix::fs::fsync(&file)?;
        last = Some(file);
    }
    last.map_or(Ok(()), |file| file.sync_all())
}

/// Flushes each file system that has some of `places`, once.
#[cfg(target_os = "linux")]
fn flush_file_systems(places: &[&Place]) -> io::Result<()> {
    let mut flushed = std::collections::BTreeSet::new();
    for place in places {
        let facts = place.facts()?.ok_or(ErrorKind::NotFound)?;
        if flushed.insert(facts.identity.0) {
            rustix::fs::syncfs(place.open_file()?)?;
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn flush_file_systems(places: &[&Place]) -> io::Result<()> {
    flush_each(places)
}

fn bits(mode: u32) -> Mode {
    #[allow(clippy::unnecessary_cast, reason = "the type of these bits differs between systems")]
    Mode::from_raw_mode(mode as rustix::fs::RawMode)
}

#[allow(clippy::unnecessary_cast, reason = "the types of these numbers differ between systems")]
fn facts_of(found: &rustix::fs::Stat) -> Facts {
    Facts {
        kind: FileType::from_raw_mode(found.st_mode),
        mode: found.st_mode as u32 & 0o7777,
        owner: found.st_uid as u32,
        identity: (found.st_dev as u64, found.st_ino as u64),
    }
}

/// `None` for what is not there; a file where a folder should be on the way is not an absence.
fn absent_as_none<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The folder at `path` beneath `root`, opened without following links.
fn folder_beneath(root: BorrowedFd<'_>, path: &str) -> Result<OwnedFd, Errno> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::ResolveFlags;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        match rustix::fs::openat2(root, path, HELD, Mode::empty(), resolve) {
            // An old kernel, a sandbox that does not know the call, or a rename above that went on meanwhile.
            Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN) => {}
            found => return found,
        }
    }
    walk(root, path)
}

/// As [`folder_beneath`], one name after the other.
fn walk(root: BorrowedFd<'_>, path: &str) -> Result<OwnedFd, Errno> {
    let mut folder: Option<OwnedFd> = None;
    for name in path.split('/') {
        let above = folder.as_ref().map_or(root, |folder| folder.as_fd());
        let next = rustix::fs::openat(above, name, HELD | OFlags::NOFOLLOW, Mode::empty())?;
        folder = Some(next);
    }
    folder.ok_or(Errno::INVAL)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make what is reached")]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    /// A folder with a file, a folder, and links to both and to what is outside.
    fn world() -> (tempfile::TempDir, tempfile::TempDir) {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let at = |name: &str| inside.path().join(name);
        std::fs::create_dir_all(at("a/b")).unwrap();
        std::fs::write(at("a/b/file"), "in").unwrap();
        std::fs::write(outside.path().join("file"), "out").unwrap();
        symlink(outside.path(), at("a/out")).unwrap();
        symlink("b", at("a/in")).unwrap();
        symlink(outside.path().join("file"), at("a/b/link")).unwrap();
        (inside, outside)
    }

    #[test]
    fn plain_paths_are_reached_and_links_are_not_followed() {
        let (inside, outside) = world();
        let root = Place::open(inside.path()).unwrap();
        assert_eq!(root.join("a/b/file").read(2).unwrap().0, b"in");
        assert_eq!(root.join("a").join("b/file").path(), inside.path().join("a/b/file"));
        for path in ["a/out/file", "a/in/file", "a/b/link"] {
            let place = root.join(path);
            assert!(place.open_file().is_err(), "{path}");
            assert_eq!(place.obstacle().unwrap().1, FileType::Symlink, "{path}");
        }
        for path in ["a/out/new", "a/in/new"] {
            let place = root.join(path);
            assert!(place.write(b"x", Access::Public).is_err(), "{path}");
            assert!(place.create_new(0o600).is_err() && place.create_folder(0o700).is_err());
            assert!(root.join("a/b/file").rename(&place).is_err(), "{path}");
        }
        assert!(root.join("a/out/file").remove_file().is_err());
        assert_eq!(std::fs::read(outside.path().join("file")).unwrap(), b"out");
        assert_eq!(root.join("a/b/link").facts().unwrap().unwrap().kind, FileType::Symlink);
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let (inside, _outside) = world();
        let root = Place::open(inside.path()).unwrap();
        for path in ["../x", "a/../a/b/file", "/etc/passwd", "a//b", "a/b/", "./a", "a\0"] {
            let error = root.join(path).facts().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{path}");
        }
    }

    #[test]
    fn a_walk_finds_what_one_call_finds() {
        let (inside, _outside) = world();
        let root = Place::open(inside.path()).unwrap();
        let handle = root.root.handle.as_ref().unwrap().as_fd();
        for path in ["a", "a/b", "a/out", "a/in", "a/b/file", "a/b/link", "none", "a/none"] {
            let (one, other) = (folder_beneath(handle, path), walk(handle, path));
            assert_eq!(one.is_ok(), other.is_ok(), "{path}");
            assert_eq!(walk(handle, path).is_ok(), matches!(path, "a" | "a/b"), "{path}");
        }
    }

    #[test]
    fn a_folder_that_is_exchanged_meanwhile_is_not_followed() {
        let (inside, outside) = world();
        let root = Place::open(inside.path()).unwrap();
        let target = root.join("a/b/file");
        std::fs::rename(inside.path().join("a/b"), inside.path().join("a/old")).unwrap();
        symlink(outside.path(), inside.path().join("a/b")).unwrap();
        assert!(target.write(b"x", Access::Private).is_err());
        assert!(target.remove_file().is_err());
        assert_eq!(std::fs::read(outside.path().join("file")).unwrap(), b"out");
        // The opened folder stays the one that it was.
        std::fs::rename(inside.path(), inside.path().with_extension("moved")).unwrap();
        assert_eq!(root.join("a/old/file").read(9).unwrap().0, b"in");
        std::fs::rename(inside.path().with_extension("moved"), inside.path()).unwrap();
    }

    #[test]
    fn what_is_held_open_is_read_and_what_is_there_is_changed() {
        let (inside, outside) = world();
        let root = Place::open(inside.path()).unwrap();
        let folder = root.join("a/b").held();
        let file = folder.join("file");
        std::fs::rename(inside.path().join("a/b"), inside.path().join("a/old")).unwrap();
        symlink(outside.path(), inside.path().join("a/b")).unwrap();
        assert_eq!(file.read(9).unwrap().0, b"in");
        assert_eq!(folder.facts().unwrap().unwrap().kind, FileType::Directory);
        assert_eq!(file.parent().unwrap().facts().unwrap(), folder.facts().unwrap());
        assert!(folder.join("../old/file").open_file().is_err());
        assert!(file.write(b"x", Access::Private).is_err() && file.remove_file().is_err());
        let by_path = file.by_path();
        assert!(by_path.open_file().is_err() && root.join("a/b").held().open_file().is_err());
        assert_eq!(by_path.parent().unwrap().facts().unwrap().unwrap().kind, FileType::Symlink);
        assert_eq!(std::fs::read(outside.path().join("file")).unwrap(), b"out");
    }

    #[test]
    fn files_are_replaced_whole_with_their_mode() {
        let (inside, outside) = world();
        let root = Place::open(inside.path()).unwrap();
        let mode = |path: &str| {
            let facts = root.join(path).facts().unwrap().unwrap();
            assert_eq!(facts.kind, FileType::RegularFile);
            facts.mode
        };
        root.join("a/b/link").write(b"new", Access::Private).unwrap();
        assert_eq!(mode("a/b/link"), 0o600);
        assert_eq!(std::fs::read(outside.path().join("file")).unwrap(), b"out");
        root.join("a/b/file").write(b"one", Access::Public).unwrap();
        assert_eq!(mode("a/b/file"), 0o644);
        std::fs::create_dir(inside.path().join("a/b/file2")).unwrap();
        assert!(root.join("a/b/file2").write(b"x", Access::Public).is_err());
        let names = root.join("a/b").entries().unwrap().unwrap();
        let names: Vec<_> = names.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["file", "file2", "link"], "nothing is left of what failed");
        root.join("a/b/file").set_mode(0o400).unwrap();
        assert_eq!(mode("a/b/file"), 0o400);
        let permissions = std::fs::metadata(inside.path().join("a/b/file")).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, 0o400);
    }

    #[test]
    fn beneath_a_folder_that_is_not_there_is_nothing() {
        let (inside, _outside) = world();
        let root = Place::open(&inside.path().join("none")).unwrap();
        assert!(root.facts().unwrap().is_none() && root.entries().unwrap().is_none());
        assert_eq!(root.join("x").open_file().unwrap_err().kind(), ErrorKind::NotFound);
        assert!(Place::open(&inside.path().join("a/b/file")).is_err());
    }
}
