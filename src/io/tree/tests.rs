//! Output folders on a real file system.
#![expect(clippy::disallowed_methods, reason = "tests look at folders and change them")]

use std::os::unix::fs::symlink;
use std::time::SystemTime;

use super::*;
use crate::manifest::Object;
use crate::output::{self, Options, changes};
use crate::secret_format::Handed;

const SECRET: &str = "secrets/default/secret-a.yaml";
const SERVICE: &str = "default/service-a.yaml";

fn layout(objects: &[Object], options: Options) -> OutputTree {
    let handed: Vec<_> = objects.iter().map(Handed::AsIs).collect();
    output::layout(&handed, options)
}

fn manifest(kind: &str) -> Object {
    Object::sample(kind, "default", "a", kind == "Secret")
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
    assert_eq!(all_files(folder.path()), [".mtlsgen", "default/mine.yaml", "kustomization.yaml"]);
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
        write_record(&Place::open(&directory).unwrap(), changes.record_before.as_ref()).unwrap();
        for change in &changes.files[..done] {
            apply(&Place::open(&directory).unwrap(), &tree(), change).unwrap();
        }
        for folder in ["", "default", "secrets/default"].map(|folder| directory.join(folder)) {
            let _ = fs::write(folder.join(".mtlsgen-rest"), "half");
        }
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
fn fingerprints_are_never_written_in_the_place_of_keys() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { fingerprints: true, ..Options::default() };
    let secret = layout(&[manifest("Service"), manifest("Secret")], options);
    assert!(matches!(render(folder.path(), &secret), Err(TreeError::ForComparing)));
    assert_eq!(all_files(folder.path()), [""; 0]);
    render(folder.path(), &layout(&[manifest("Service")], options)).unwrap();
    assert!(folder.path().join(SERVICE).exists());
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
