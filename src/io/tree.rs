//! Reads output folders, and writes into them file by file; touches nothing that mtlsgen did not write.
#![expect(clippy::disallowed_methods, reason = "output folders are read and written here")]

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::tree_error::TreeError;
use crate::output::{
    Change, ChangeKind, Changes, ExistingFile, ExistingTree, OutputTree, RECORD, Record, SECRETS,
};

/// Most bytes of one existing file that are read.
const MAX_FILE_BYTES: u64 = 64 << 20;
/// How the names of files start that are being written; what a killed run left of them is removed by the next.
const TEMPORARY: &str = ".mtlsgen-";

/// Reads what `directory` has of the files of `tree`, and of those that mtlsgen wrote there before.
///
/// # Errors
/// Something that is not a plain file is in the way, or cannot be read; or the record is damaged.
pub fn read(directory: &Path, tree: &OutputTree) -> Result<ExistingTree, TreeError> {
    let record = read_record(directory)?;
    let recorded = record.iter().flat_map(Record::paths);
    let mut files = BTreeMap::new();
    for path in recorded.chain(tree.files().keys().map(String::as_str)) {
        if !files.contains_key(path)
            && let Some(file) = read_file(directory, path)?
        {
            files.insert(path.to_owned(), file);
        }
    }
    Ok(ExistingTree { record, files })
}

/// Reads the record of `directory`; `None` where there is none.
///
/// # Errors
/// It cannot be read, or mtlsgen cannot have written it.
pub fn read_record(directory: &Path) -> Result<Option<Record>, TreeError> {
    let Some(file) = read_file(directory, RECORD)? else { return Ok(None) };
    Record::parse(&String::from_utf8_lossy(&file.bytes))
        .map(Some)
        .map_err(|error| TreeError::Record { path: directory.join(RECORD), error })
}

/// Makes `directory` hold `tree`, by `changes`: each file appears whole, with its permissions, or not at all.
///
/// # Errors
/// The tree is one for comparing; something is in the way, or cannot be written. What was written until then
/// stays, and is recorded, so that the next run goes on from there.
pub fn write(directory: &Path, tree: &OutputTree, changes: &Changes) -> Result<(), TreeError> {
    if tree.options().fingerprints {
        return Err(TreeError::ForComparing);
    }
    if changes.is_empty() {
        return Ok(());
    }
    make_folder(directory, 0o777)?;
    let _lock = lock(directory)?;
    write_record(directory, changes.record_before.as_ref())?;
    for change in &changes.files {
        apply(directory, tree, change)?;
    }
    write_record(directory, changes.record_after.as_ref())
}

/// Held until it is dropped: one process writes at a time.
fn lock(directory: &Path) -> Result<File, TreeError> {
    let failed = |error| TreeError::Write { path: directory.to_owned(), error };
    let folder = File::open(directory).map_err(failed)?;
    folder.lock().map_err(failed)?;
    remove_temporary_files(directory);
    Ok(folder)
}

fn apply(directory: &Path, tree: &OutputTree, change: &Change) -> Result<(), TreeError> {
    let path = plain_path(directory, &change.path)?;
    let failed = |error| TreeError::Write { path: path.clone(), error };
    match (change.kind, tree.files().get(&change.path)) {
        (ChangeKind::Remove, _) => remove(directory, &path),
        (ChangeKind::Mode, Some(file)) => {
            fs::set_permissions(&path, Permissions::from_mode(file.mode)).map_err(failed)
        }
        (ChangeKind::Add | ChangeKind::Modify, Some(file)) => {
            make_parents(directory, &change.path, tree)?;
            write_atomically(&path, &file.bytes, file.mode).map_err(failed)
        }
        // A change of another tree's file: `changes` makes none.
        (_, None) => Ok(()),
    }
}

fn write_record(directory: &Path, record: Option<&Record>) -> Result<(), TreeError> {
    let Some(record) = record else { return Ok(()) };
    let path = plain_path(directory, RECORD)?;
    write_atomically(&path, record.text().as_bytes(), 0o644)
        .map_err(|error| TreeError::Write { path, error })
}

/// Removes a file and the folders that are empty without it.
fn remove(directory: &Path, path: &Path) -> Result<(), TreeError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(TreeError::Write { path: path.to_owned(), error });
        }
        _ => {}
    }
    let folders = path.ancestors().skip(1).take_while(|folder| *folder != directory);
    for folder in folders {
        remove_temporary_files(folder);
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}

fn make_parents(directory: &Path, path: &str, tree: &OutputTree) -> Result<(), TreeError> {
    let Some((parents, _)) = path.rsplit_once('/') else { return Ok(()) };
    let mut folder = directory.to_owned();
    for part in parents.split('/') {
        folder.push(part);
        let private =
            path.starts_with(&format!("{SECRETS}/")) && !tree.options().allow_plain_in_git;
        if folder.is_dir() {
            remove_temporary_files(&folder);
        } else {
            make_folder(&folder, if private { 0o700 } else { 0o777 })?;
        }
    }
    Ok(())
}

fn make_folder(path: &Path, mode: u32) -> Result<(), TreeError> {
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .map_err(|error| TreeError::Write { path: path.to_owned(), error })
}

/// What a killed run left behind may hold a key. That it stays where it cannot be removed does no harm to this run.
fn remove_temporary_files(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// `path` below `directory`, if no link and nothing strange is on the way or at its end.
fn plain_path(directory: &Path, path: &str) -> Result<PathBuf, TreeError> {
    let mut full = directory.to_owned();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        full.push(part);
        let kind = match fs::symlink_metadata(&full) {
            Ok(metadata) => metadata.file_type(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(TreeError::Read { path: full, error }),
        };
        let is_last = parts.peek().is_none();
        if kind.is_symlink() {
            return Err(TreeError::Link(full));
        }
        if is_last && !kind.is_file() {
            return Err(TreeError::NotAFile(full));
        }
        if !is_last && !kind.is_dir() {
            return Err(TreeError::NotAFolder(full));
        }
    }
    Ok(full)
}

fn read_file(directory: &Path, path: &str) -> Result<Option<ExistingFile>, TreeError> {
    let path = plain_path(directory, path)?;
    let failed = |error| TreeError::Read { path: path.clone(), error };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let metadata = file.metadata().map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(TreeError::TooLarge { path, limit: MAX_FILE_BYTES });
    }
    Ok(Some(ExistingFile { bytes, mode: metadata.permissions().mode() & 0o7777 }))
}

/// Writes a file beside its place, with its mode from the start (less the umask), and moves it there.
///
/// # Errors
/// Whatever the system says; the file is then as it was.
pub fn write_atomically(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::time::SystemTime;

    use super::*;
    use crate::manifest::{Identity, Manifest};
    use crate::output::{Options, changes, layout};

    const SECRET: &str = "secrets/default/secret-a.yaml";
    const SERVICE: &str = "default/service-a.yaml";

    fn manifest(kind: &str) -> Manifest {
        Manifest {
            identity: Identity {
                api_version: "v1".to_owned(),
                kind: kind.to_owned(),
                namespace: Some("default".to_owned()),
                name: "a".to_owned(),
            },
            exposures: Vec::new(),
            sensitive: kind == "Secret",
            yaml: format!("kind: {kind}\n"),
        }
    }

    fn tree() -> OutputTree {
        layout(&[manifest("Service"), manifest("Secret")], Options::default())
    }

    fn render(directory: &Path, tree: &OutputTree) -> Result<Changes, TreeError> {
        let existing = read(directory, tree)?;
        let changes = changes(tree, &existing)?;
        write(directory, tree, &changes)?;
        Ok(changes)
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn all_files(directory: &Path) -> Vec<String> {
        let mut files: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .flat_map(|entry| {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                if path.is_dir() {
                    all_files(&path).iter().map(|below| format!("{name}/{below}")).collect()
                } else {
                    vec![name]
                }
            })
            .collect();
        files.sort();
        files
    }

    #[test]
    fn a_tree_is_written_with_its_permissions_and_then_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("new/out");
        render(&directory, &tree()).unwrap();
        let expected = [
            ".mtlsgen",
            SERVICE,
            "kustomization.yaml",
            "secrets/.gitignore",
            SECRET,
            "secrets/kustomization.yaml",
        ];
        assert_eq!(all_files(&directory), expected);
        assert_eq!(mode(&directory.join(SECRET)), 0o600);
        assert_eq!(mode(&directory.join(SECRETS)), 0o700);
        let times = |directory: &Path| -> Vec<SystemTime> {
            let modified = |path| fs::metadata(directory.join(path)).unwrap().modified().unwrap();
            expected.iter().map(modified).collect()
        };
        let before = times(&directory);
        assert!(render(&directory, &tree()).unwrap().is_empty());
        assert_eq!(times(&directory), before);
    }

    #[test]
    fn only_own_files_and_empty_folders_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        render(folder.path(), &tree()).unwrap();
        fs::write(folder.path().join("default/mine.yaml"), "mine").unwrap();
        render(folder.path(), &layout(&[], Options::default())).unwrap();
        assert_eq!(
            all_files(folder.path()),
            [".mtlsgen", "default/mine.yaml", "kustomization.yaml"]
        );
        assert!(!folder.path().join(SECRETS).exists());
    }

    #[test]
    fn files_of_others_stay_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("kustomization.yaml"), "mine").unwrap();
        let error = render(folder.path(), &tree()).err().unwrap();
        assert!(matches!(error, TreeError::NotOurs(_)), "{error}");
        assert_eq!(all_files(folder.path()), ["kustomization.yaml"]);
    }

    #[test]
    fn a_run_that_was_cut_short_is_taken_up_again() {
        let folder = tempfile::tempdir().unwrap();
        let changes = changes(&tree(), &ExistingTree::default()).unwrap();
        for done in 0..changes.files.len() {
            let directory = folder.path().join(done.to_string());
            fs::create_dir(&directory).unwrap();
            write_record(&directory, changes.record_before.as_ref()).unwrap();
            for change in &changes.files[..done] {
                apply(&directory, &tree(), change).unwrap();
            }
            fs::write(directory.join(".mtlsgen-rest"), "half").unwrap();
            let other = layout(&[manifest("Ingress")], Options::default());
            render(&directory, &other).unwrap();
            assert_eq!(
                all_files(&directory),
                [".mtlsgen", "default/ingress-a.yaml", "kustomization.yaml"]
            );
        }
    }

    #[test]
    fn nothing_is_written_through_links() {
        let folder = tempfile::tempdir().unwrap();
        let (inside, outside) = (folder.path().join("in"), folder.path().join("out"));
        fs::create_dir(&inside).unwrap();
        fs::create_dir(&outside).unwrap();
        symlink(&outside, inside.join("default")).unwrap();
        assert!(matches!(render(&inside, &tree()), Err(TreeError::Link(_))));
        fs::remove_file(inside.join("default")).unwrap();
        symlink(outside.join("x"), inside.join("kustomization.yaml")).unwrap();
        assert!(matches!(render(&inside, &tree()), Err(TreeError::Link(_))));
        assert_eq!(all_files(&outside), [""; 0]);
        symlink(&inside, folder.path().join("link")).unwrap();
        fs::remove_file(inside.join("kustomization.yaml")).unwrap();
        render(&folder.path().join("link"), &tree()).unwrap();
    }

    #[test]
    fn a_record_that_leads_elsewhere_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(RECORD), "-  ../a.yaml\n").unwrap();
        assert!(matches!(render(folder.path(), &tree()), Err(TreeError::Record { .. })));
    }

    #[test]
    fn things_in_the_way_are_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("default"), "").unwrap();
        assert!(matches!(render(folder.path(), &tree()), Err(TreeError::NotAFolder(_))));
        fs::remove_file(folder.path().join("default")).unwrap();
        fs::create_dir_all(folder.path().join(SERVICE)).unwrap();
        assert!(matches!(render(folder.path(), &tree()), Err(TreeError::NotAFile(_))));
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(render(&file, &tree()).is_err());
    }

    #[test]
    fn a_tree_for_comparing_is_never_written() {
        let folder = tempfile::tempdir().unwrap();
        let tree = layout(&[], Options { fingerprints: true, ..Options::default() });
        assert!(matches!(render(folder.path(), &tree), Err(TreeError::ForComparing)));
        assert_eq!(all_files(folder.path()), [""; 0]);
    }

    #[test]
    fn loose_permissions_are_tightened_in_place() {
        let folder = tempfile::tempdir().unwrap();
        render(folder.path(), &tree()).unwrap();
        let secret = folder.path().join(SECRET);
        fs::set_permissions(&secret, Permissions::from_mode(0o644)).unwrap();
        render(folder.path(), &tree()).unwrap();
        assert_eq!(mode(&secret), 0o600);
    }
}
