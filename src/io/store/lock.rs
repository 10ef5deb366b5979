//! One process at a time changes the store; the others wait, say so, and give up after a while.
#![expect(clippy::disallowed_methods, reason = "waiting takes a clock")]

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Read as _, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::error::StoreError;
use crate::io::beneath::Place;

/// The file that is locked; it is never renamed or removed, since that would open a second door.
pub(super) const LOCK: &str = ".lock";
/// How often a waiting process tries.
const INTERVAL: Duration = Duration::from_millis(20);

/// The right to change a store, until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct StoreLock {
    /// The folder that is locked: changes go there, even if its path has come to name something else.
    pub(super) root: Place,
    _file: File,
}

/// Takes the lock of the store at `root`, whose folder exists.
///
/// `on_wait` gets one message if another process holds it. The lock file has its holder's number.
///
/// # Errors
/// [`StoreError::Locked`] when `limit` is over.
pub(super) fn acquire(
    root: &Path,
    limit: Duration,
    on_wait: &dyn Fn(&str),
) -> Result<StoreLock, StoreError> {
    let open = || Place::open(root).map_err(|error| StoreError::io("lock", root, error));
    let mut patience = Patience::new(limit, on_wait);
    loop {
        let root = open()?;
        let place = root.join(LOCK);
        let failed = |error| StoreError::io("lock", &place, error);
        let mut file = place.open_or_create().map_err(failed)?;
        match file.try_lock() {
            Ok(()) if is_still_at(&file, &open()?.join(LOCK)) => {
                // A courtesy to those who wait; a full disk must not prevent cleaning up.
                let _ = note_process(&mut file);
                return Ok(StoreLock { root, _file: file });
            }
            Ok(()) => continue,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        patience.wait(&place, &mut file)?;
    }
}

/// Waits until no process holds the lock of the store at `root`, and does `work` while none can take it. Changes
/// nothing, and needs no right to.
///
/// # Errors
/// [`StoreError::Locked`] when `limit` is over; what `work` says.
pub(super) fn undisturbed<T>(
    root: &Place,
    limit: Duration,
    on_wait: &dyn Fn(&str),
    work: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let place = root.join(LOCK);
    let mut patience = Patience::new(limit, on_wait);
    loop {
        let mut file = match place.open_file() {
            // Another user's: whether it is held cannot be seen.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) =>
            {
                return work();
            }
            opened => opened.map_err(|error| StoreError::io("read", &place, error))?,
        };
        match file.try_lock_shared() {
            Ok(()) => return work(),
            Err(TryLockError::Error(error)) => return Err(StoreError::io("lock", &place, error)),
            Err(TryLockError::WouldBlock) => patience.wait(&place, &mut file)?,
        }
    }
}

/// Waits for another process, up to a limit.
struct Patience<'a> {
    start: Instant,
    limit: Duration,
    on_wait: Option<&'a dyn Fn(&str)>,
}

impl<'a> Patience<'a> {
    fn new(limit: Duration, on_wait: &'a dyn Fn(&str)) -> Self {
        Self { start: Instant::now(), limit, on_wait: Some(on_wait) }
    }

    /// A moment, while another process holds the lock `file` at `place`.
    fn wait(&mut self, place: &Place, file: &mut File) -> Result<(), StoreError> {
        let process = process_in(file);
        let waited = self.start.elapsed();
        if waited >= self.limit {
            return Err(StoreError::Locked { path: place.path(), process, waited });
        }
        if let Some(on_wait) = self.on_wait.take() {
            on_wait(&waiting(&place.path(), process));
        }
        std::thread::sleep(INTERVAL.min(self.limit.saturating_sub(waited)));
        Ok(())
    }
}

fn waiting(path: &Path, process: Option<u32>) -> String {
    let process = process.map(|number| format!(", process {number},")).unwrap_or_default();
    format!("waiting for another mtlsgen{process} that holds `{}`", path.display())
}

/// Whether the locked file is the one that others find; the store may have been removed meanwhile.
fn is_still_at(file: &File, place: &Place) -> bool {
    let ours = file.metadata().map(|metadata| (metadata.dev(), metadata.ino()));
    let found = place.facts().ok().flatten().map(|facts| facts.identity);
    ours.is_ok_and(|ours| found == Some(ours))
}

/// Leaves word for those who wait.
fn note_process(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

/// The number that the lock's holder left; it may not have done so yet.
fn process_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.strip_suffix('\n')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn a_second_one_waits_says_so_once_and_gives_up() {
        let root = tempfile::tempdir().unwrap();
        let messages = RefCell::new(Vec::new());
        let say = |message: &str| messages.borrow_mut().push(message.to_owned());
        let held = acquire(root.path(), Duration::ZERO, &say).unwrap();
        assert!(messages.borrow().is_empty());
        let limit = Duration::from_millis(70);
        let refused = acquire(root.path(), limit, &say).unwrap_err();
        let StoreError::Locked { process, waited, .. } = &refused else { panic!("{refused}") };
        assert_eq!(*process, Some(std::process::id()));
        assert!(*waited >= limit);
        assert_eq!(messages.borrow().len(), 1);
        assert!(messages.borrow()[0].starts_with("waiting for another mtlsgen, process "));
        drop(held);
        acquire(root.path(), Duration::ZERO, &say).unwrap();
    }

    #[test]
    fn those_who_look_wait_for_the_one_who_changes() {
        let folder = tempfile::tempdir().unwrap();
        let root = Place::open(folder.path()).unwrap();
        let look = || undisturbed(&root, Duration::from_millis(30), &|_| {}, || Ok(1));
        assert_eq!(look().unwrap(), 1);
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing is made");
        let held = acquire(folder.path(), Duration::ZERO, &|_| {}).unwrap();
        assert!(matches!(look(), Err(StoreError::Locked { .. })));
        drop(held);
        assert_eq!(look().unwrap(), 1);
    }

    #[test]
    fn many_take_turns() {
        let root = tempfile::tempdir().unwrap();
        let counter = root.path().join("counter");
        std::fs::write(&counter, "0").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let _lock = acquire(root.path(), Duration::from_secs(60), &|_| {}).unwrap();
                    let count: u32 = std::fs::read_to_string(&counter).unwrap().parse().unwrap();
                    std::fs::write(&counter, (count + 1).to_string()).unwrap();
                });
            }
        });
        assert_eq!(std::fs::read_to_string(&counter).unwrap(), "8");
    }

    #[test]
    fn the_lock_file_is_private_and_never_a_link() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().unwrap();
        drop(acquire(root.path(), Duration::ZERO, &|_| {}).unwrap());
        let lock = root.path().join(LOCK);
        assert_eq!(std::fs::metadata(&lock).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::rename(&lock, root.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink("elsewhere", &lock).unwrap();
        let refused = acquire(root.path(), Duration::ZERO, &|_| {}).unwrap_err();
        assert!(matches!(refused, StoreError::Io { action: "lock", .. }), "{refused}");
    }
}
