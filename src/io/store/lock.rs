//! One process at a time changes the store; the others wait, say so, and give up after a while.
#![expect(
    clippy::disallowed_methods,
    reason = "the lock file is opened here, and waiting takes a clock"
)]

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::error::StoreError;
use crate::io::atomic::Access;

/// The file that is locked; it is never renamed or removed, since that would open a second door.
const LOCK: &str = ".lock";
/// How often a waiting process tries.
const INTERVAL: Duration = Duration::from_millis(20);

/// The right to change a store, until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct StoreLock {
    _file: File,
}

/// Takes the lock of the store at `root`, whose folder exists.
///
/// `on_wait` gets one message if another process holds it. The lock file tells its holder's number.
///
/// # Errors
/// [`StoreError::Locked`] when `limit` is over.
pub(super) fn acquire(
    root: &Path,
    limit: Duration,
    on_wait: &dyn Fn(&str),
) -> Result<StoreLock, StoreError> {
    let path = root.join(LOCK);
    let failed = |error| StoreError::io("lock", &path, error);
    let start = Instant::now();
    let mut announced = false;
    loop {
        let mut file = open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) if is_still_at(&file, &path) => {
                // A courtesy to those who wait; a full disk must not keep anybody from cleaning up.
                let _ = note_process(&mut file);
                return Ok(StoreLock { _file: file });
            }
            Ok(()) => continue,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        let process = process_in(&mut file);
        let waited = start.elapsed();
        if waited >= limit {
            return Err(StoreError::Locked { path, process, waited });
        }
        if !std::mem::replace(&mut announced, true) {
            on_wait(&waiting(&path, process));
        }
        std::thread::sleep(INTERVAL.min(limit.saturating_sub(waited)));
    }
}

fn waiting(path: &Path, process: Option<u32>) -> String {
    let process = process.map(|number| format!(", process {number},")).unwrap_or_default();
    format!("waiting for another mtlsgen{process} that holds `{}`", path.display())
}

/// Opens the lock file for the owner alone, making it if need be; not through a link.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.mode(Access::Private.mode()).custom_flags(flags.bits().cast_signed());
    }
    options.open(path)
}

/// Whether the locked file is the one that others find; somebody may have removed the store meanwhile.
#[cfg(unix)]
fn is_still_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    let found = std::fs::symlink_metadata(path).map(identity);
    matches!((file.metadata().map(identity), found), (Ok(ours), Ok(theirs)) if ours == theirs)
}

#[cfg(not(unix))]
fn is_still_at(_file: &File, _path: &Path) -> bool {
    true
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

    #[cfg(unix)]
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
