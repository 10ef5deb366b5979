//! A disk that fails, whose process dies, or whose power is cut, at a step of choice.
#![expect(clippy::disallowed_methods, reason = "tests look at the disk and damage it")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::io::atomic::Access;
use crate::io::beneath::Place;
use crate::io::store::disk::{Disk, FileSystem};

/// What happens at the step of choice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::io::store) enum Trouble {
    /// It fails, the later ones do not.
    Failure,
    /// Neither it nor any later one happens; a file may be half-written.
    Death,
}

/// What a power cut takes of what was not flushed.
#[derive(Clone, Copy, Debug)]
pub(in crate::io::store) enum Cut {
    /// Contents of files.
    Contents,
    /// Contents, and entries of all folders.
    Everything,
    /// Contents, and entries of the store's own folder.
    RootOnly,
    /// Contents, and entries of all folders but the store's own.
    AllButRoot,
}

/// How to take back a change of a folder's entries.
enum Entry {
    FileMade(PathBuf),
    FolderMade(PathBuf),
    FileRemoved(PathBuf, Vec<u8>, u32),
    FolderRemoved(PathBuf),
    Renamed { from: PathBuf, to: PathBuf, replaced: Option<(Vec<u8>, u32)> },
}

pub(in crate::io::store) struct TroubledDisk {
    root: PathBuf,
    trouble: Trouble,
    trouble_at: usize,
    steps: Cell<usize>,
    unflushed_contents: RefCell<BTreeSet<PathBuf>>,
    unflushed_entries: RefCell<Vec<Entry>>,
}

impl TroubledDisk {
    pub(in crate::io::store) fn new(root: &Path, trouble_at: usize, trouble: Trouble) -> Self {
        Self {
            root: root.to_owned(),
            trouble,
            trouble_at,
            steps: Cell::new(0),
            unflushed_contents: RefCell::default(),
            unflushed_entries: RefCell::default(),
        }
    }

    pub(in crate::io::store) fn steps(&self) -> usize {
        self.steps.get()
    }

    /// Counts a step, and after it looks whether each key is closed to others.
    fn step(&self, work: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let step = self.steps.replace(self.steps.get() + 1);
        let troubled = match self.trouble {
            Trouble::Failure => step == self.trouble_at,
            Trouble::Death => step >= self.trouble_at,
        };
        if troubled {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let result = work();
        require_closed_keys(&self.root);
        result
    }

    /// Loses what was not flushed.
    pub(in crate::io::store) fn cut_power(&self, cut: Cut) {
        for path in self.unflushed_contents.borrow().iter() {
            if let Ok(file) = fs::OpenOptions::new().write(true).open(path) {
                file.set_len(0).unwrap();
            }
        }
        for entry in self.unflushed_entries.borrow().iter().rev() {
            let in_root = entry.folder() == self.root;
            if match cut {
                Cut::Contents => false,
                Cut::Everything => true,
                Cut::RootOnly => in_root,
                Cut::AllButRoot => !in_root,
            } {
                entry.take_back();
            }
        }
    }
}

impl Entry {
    fn folder(&self) -> &Path {
        let (Self::FileMade(path)
        | Self::FolderMade(path)
        | Self::FileRemoved(path, ..)
        | Self::FolderRemoved(path)
        | Self::Renamed { to: path, .. }) = self;
        path.parent().unwrap()
    }

    /// Best effort: where a folder is lost, what was in it is lost as well.
    fn take_back(&self) {
        let _ = match self {
            Self::FileMade(path) => fs::remove_file(path),
            Self::FolderMade(path) => fs::remove_dir_all(path),
            Self::FileRemoved(path, content, mode) => restore(path, content, *mode),
            Self::FolderRemoved(path) => fs::create_dir(path),
            Self::Renamed { from, to, replaced } => {
                fs::rename(to, from).and_then(|()| match replaced {
                    Some((content, mode)) => restore(to, content, *mode),
                    None => Ok(()),
                })
            }
        };
    }
}

fn saved(path: &Path) -> Option<(Vec<u8>, u32)> {
    let mode = fs::symlink_metadata(path).ok()?.permissions().mode() & 0o7777;
    Some((fs::read(path).ok()?, mode))
}

fn restore(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    fs::write(path, content)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Every file that holds a key, and every folder on the way to one, is for the owner alone.
fn require_closed_keys(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mode = fs::symlink_metadata(&path).unwrap().permissions().mode() & 0o7777;
        if path.is_dir() {
            assert_eq!(mode, 0o700, "{}", path.display());
            require_closed_keys(&path);
        } else if path.to_string_lossy().contains(".key") {
            assert_eq!(mode, 0o600, "{}", path.display());
        }
    }
}

impl Disk for TroubledDisk {
    fn create_folder(&self, place: &Place) -> io::Result<()> {
        self.step(|| FileSystem.create_folder(place))?;
        self.unflushed_entries.borrow_mut().push(Entry::FolderMade(place.path()));
        Ok(())
    }

    fn restrict_folder(&self, place: &Place) -> io::Result<()> {
        self.step(|| FileSystem.restrict_folder(place))
    }

    fn create_file(&self, place: &Place, content: &[u8], access: Access) -> io::Result<()> {
        self.unflushed_entries.borrow_mut().push(Entry::FileMade(place.path()));
        self.unflushed_contents.borrow_mut().insert(place.path());
        self.step(|| FileSystem.create_file(place, content, access)).inspect_err(|_| {
            // A full disk and a dying process leave a part.
            if self.trouble == Trouble::Failure || self.steps.get() == self.trouble_at + 1 {
                let half = &content[..content.len() / 2];
                FileSystem.create_file(place, half, Access::Private).unwrap();
            }
        })
    }

    fn rename(&self, from: &Place, to: &Place) -> io::Result<()> {
        let replaced = saved(&to.path());
        self.step(|| FileSystem.rename(from, to))?;
        let mut contents = self.unflushed_contents.borrow_mut();
        let (from, to) = (from.path(), to.path());
        if contents.remove(&from) {
            contents.insert(to.clone());
        }
        self.unflushed_entries.borrow_mut().push(Entry::Renamed { from, to, replaced });
        Ok(())
    }

    fn remove_file(&self, place: &Place) -> io::Result<()> {
        let path = place.path();
        let old = saved(&path);
        self.step(|| FileSystem.remove_file(place))?;
        let removed = old.map(|(content, mode)| Entry::FileRemoved(path, content, mode));
        self.unflushed_entries.borrow_mut().extend(removed);
        Ok(())
    }

    fn remove_folder(&self, place: &Place) -> io::Result<()> {
        self.step(|| FileSystem.remove_folder(place))?;
        self.unflushed_entries.borrow_mut().push(Entry::FolderRemoved(place.path()));
        Ok(())
    }

    fn flush(&self, places: &[&Place]) -> io::Result<()> {
        let paths: Vec<PathBuf> = places.iter().map(|place| place.path()).collect();
        self.step(|| paths.iter().try_for_each(|path| fs::symlink_metadata(path).map(|_| ())))?;
        for path in paths {
            self.unflushed_contents.borrow_mut().remove(&path);
            self.unflushed_entries.borrow_mut().retain(|entry| entry.folder() != path);
        }
        Ok(())
    }
}
