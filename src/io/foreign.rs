//! Reads the files of foreign PKIs: what the user names, and everything below the folders among it.
#![expect(clippy::disallowed_methods, reason = "files and folders are read here")]

use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::input;
use super::input_error::ReadError;

/// How deep folders are followed.
const DEPTH: usize = 16;
/// How many files are read.
const FILES: usize = 100_000;

/// A file and what it holds, or why that is unknown.
pub struct ForeignFile {
    /// As the user named it, or reached from a folder that was named; `/` between folders.
    pub name: String,
    /// Content; it is wiped in the end.
    pub content: Result<Zeroizing<Vec<u8>>, String>,
}

/// Hands over each file that `path` names: itself, standard input for `-`, or those below it, in the order of
/// their names. What starts with a dot is passed over, and so are links to folders.
///
/// # Errors
/// There is nothing of that name, or it has too many files below it.
pub fn read(path: &Path, mut take: impl FnMut(&ForeignFile)) -> Result<(), ReadError> {
    if path.as_os_str() == "-" {
        let content = Ok(input::standard_input_bytes()?);
        take(&ForeignFile { name: input::STANDARD_INPUT.to_owned(), content });
        return Ok(());
    }
    let metadata = fs::metadata(path).map_err(|error| ReadError::new(path, &error))?;
    if !metadata.is_dir() {
        let content = Ok(input::read_large(path)?);
        take(&ForeignFile { name: shown(path), content });
        return Ok(());
    }
    let mut files = Vec::new();
    let mut closed = Vec::new();
    below(path, DEPTH, &mut files, &mut closed)?;
    for (folder, error) in closed {
        let why = format!("it is a folder that cannot be read: {}", error.kind);
        take(&ForeignFile { name: shown(&folder), content: Err(why) });
    }
    for file in files {
        let content = input::read_large(&file).map_err(|error| error.kind.to_string());
        take(&ForeignFile { name: shown(&file), content });
    }
    Ok(())
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Files below a folder; folders in it that cannot be read go to `closed`, and the rest goes on.
fn below(
    folder: &Path,
    depth: usize,
    files: &mut Vec<PathBuf>,
    closed: &mut Vec<(PathBuf, ReadError)>,
) -> Result<(), ReadError> {
    let failed = |error: std::io::Error| ReadError::new(folder, &error);
    let listed = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries: Vec<fs::DirEntry> = match listed {
        Ok(entries) => entries,
        Err(error) if depth < DEPTH => {
            closed.push((folder.to_owned(), failed(error)));
            return Ok(());
        }
        Err(error) => return Err(failed(error)),
    };
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            if depth > 0 {
                below(&path, depth - 1, files, closed)?;
            }
        } else if fs::metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
            files.push(path);
        }
        if files.len() > FILES {
            let error = std::io::Error::other(format!("it has more than {FILES} files below it"));
            return Err(ReadError::new(folder, &error));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_below_a_folder_comes_in_order_and_links_make_no_circles() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("b/c")).unwrap();
        for file in ["z", "a", "b/c/d", ".hidden"] {
            fs::write(at(file), file).unwrap();
        }
        std::os::unix::fs::symlink("..", at("b/up")).unwrap();
        std::os::unix::fs::symlink("a", at("link")).unwrap();
        let mut names = Vec::new();
        read(folder.path(), |file| {
            let name = file.name.strip_prefix(&shown(folder.path())).unwrap();
            names.push(name.to_owned());
        })
        .unwrap();
        assert_eq!(names, ["/a", "/b/c/d", "/link", "/z"]);
        assert!(read(&at("nothing"), |_| ()).is_err());
    }
}
