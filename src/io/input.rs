//! Reads what the user wrote: spec files, standard input, templates, supplied files; never more than a limit.
#![expect(clippy::disallowed_methods, reason = "the user's files are read here")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::input_error::{InputError, ReadError, ReadErrorKind};
use super::open;
use super::reach::Reach;
use crate::diagnostic::Source;
use crate::kustomize::doctor::tree::FILE_NAMES;
use crate::specification::document::{self, ASSIGNMENT, NamedPath};

/// Names that a spec is looked for under in the working directory.
pub const SPEC_NAMES: [&str; 3] = ["mtls.toml", "mtls.yaml", "mtls.yml"];
/// What standard input is called in messages.
pub const STANDARD_INPUT: &str = "<stdin>";
/// How templates end.
pub const TEMPLATE_SUFFIX: &str = ".yaml.j2";

const MAX_SPEC_BYTES: u64 = document::MAX_BYTES as u64;
const MAX_BROUGHT_BYTES: u64 = 1 << 20;
const MAX_OBJECTS_BYTES: u64 = 256 << 20;
const MAX_TEMPLATE_BYTES: u64 = 1 << 20;
const MAX_TEMPLATE_ENTRIES: usize = 10_000;

/// A folder of templates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateFolder {
    /// Templates by name: the path below the folder, with `/`.
    pub templates: BTreeMap<String, TemplateFile>,
    /// Files that do not end in `.yaml.j2`, which nothing will use; sorted.
    pub ignored: Vec<PathBuf>,
}

/// A template of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFile {
    /// Path as messages name it.
    pub path: PathBuf,
    /// The whole text.
    pub text: String,
}

/// Reads the spec's files in the given order, `-` for standard input; without any, the one spec of `directory`.
///
/// # Errors
/// No spec, several of them, standard input named twice, or a file that cannot be read.
pub fn specs(files: &[PathBuf], directory: &Path) -> Result<Vec<Arc<Source>>, InputError> {
    if files.is_empty() {
        return Ok(vec![spec_file(&discover(directory)?)?]);
    }
    let is_standard_input = |file: &&PathBuf| file.as_os_str() == "-";
    if files.iter().filter(is_standard_input).count() > 1 {
        return Err(InputError::StandardInputTwice);
    }
    files
        .iter()
        .map(|file| if is_standard_input(&file) { standard_input() } else { spec_file(file) })
        .collect()
}

/// Reads the spec's files in the given order; here `-` is a file like any other.
///
/// # Errors
/// A file that cannot be read.
pub fn spec_files(files: &[PathBuf]) -> Result<Vec<Arc<Source>>, InputError> {
    files.iter().map(|file| spec_file(file)).collect()
}

/// Reads spec files that a spec names.
///
/// # Errors
/// A file that cannot be read, or lies out of reach.
pub fn named_specs(named: &[NamedPath], reach: &Reach) -> Result<Vec<Arc<Source>>, InputError> {
    named.iter().map(|named| named_spec(named, reach)).collect()
}

/// Reads a spec file that a spec names.
///
/// # Errors
/// As [`named_specs`].
pub fn named_spec(named: &NamedPath, reach: &Reach) -> Result<Arc<Source>, InputError> {
    opened_spec(named.path(), &reach.open(named)?)
}

/// The file of a source, with all links resolved; `None` for what is not a file.
#[must_use]
pub fn real_path(source: &Source) -> Option<PathBuf> {
    fs::canonicalize(&source.name).ok().filter(|path| path.is_file())
}

/// As [`specs`], where the files are not those of the person who runs the program: none lies out of reach, and `-` is
/// a file like any other.
///
/// # Errors
/// No spec, several of them, or a file that cannot be read or lies out of reach.
pub fn specs_within(
    files: &[PathBuf],
    directory: &Path,
    reach: &Reach,
) -> Result<Vec<Arc<Source>>, InputError> {
    let read = |path: &PathBuf| opened_spec(path, &reach.open_path(path)?);
    if files.is_empty() {
        return Ok(vec![read(&discover(directory)?)?]);
    }
    files.iter().map(read).collect()
}

/// Reads standard input whole, as text.
///
/// # Errors
/// It is too long or no UTF-8, or cannot be read.
pub fn standard_input_text() -> Result<String, InputError> {
    Ok(standard_input()?.text.clone())
}

/// Whether a person is at standard input, who would wait for nothing.
pub fn standard_input_is_terminal() -> bool {
    io::IsTerminal::is_terminal(&io::stdin())
}

/// The specs in `directory` under the names that mtlsgen looks for.
pub fn specs_in(directory: &Path) -> Vec<PathBuf> {
    let candidates = SPEC_NAMES.iter().map(|name| directory.join(name));
    candidates.filter(|path| path.symlink_metadata().is_ok()).collect()
}

/// The kustomization of `directory`, under the first of its names that is there.
pub fn kustomization_in(directory: &Path) -> Option<PathBuf> {
    let mut candidates = FILE_NAMES.iter().map(|name| directory.join(name));
    candidates.find(|path| path.symlink_metadata().is_ok())
}

fn discover(directory: &Path) -> Result<PathBuf, InputError> {
    let mut found = specs_in(directory);
    match found.len() {
        0 => Err(InputError::NoSpec),
        1 => Ok(found.remove(0)),
        _ => Err(InputError::SeveralSpecs(found)),
    }
}

fn spec_file(path: &Path) -> Result<Arc<Source>, InputError> {
    opened_spec(path, &open::open(path)?)
}

fn opened_spec(path: &Path, file: &File) -> Result<Arc<Source>, InputError> {
    let bytes = read_file(path, file, MAX_SPEC_BYTES)?;
    let directory = path.parent().unwrap_or(Path::new("")).to_owned();
    let name = path.display().to_string();
    // A name with this prefix is an assignment on the command line.
    let is_file = !name.starts_with(ASSIGNMENT);
    let name = if is_file { name } else { format!("./{name}") };
    source(&name, directory, bytes)
}

fn standard_input() -> Result<Arc<Source>, InputError> {
    let bytes = read_capped(io::stdin().lock(), 0, MAX_SPEC_BYTES)
        .map_err(|kind| ReadError { path: PathBuf::from(STANDARD_INPUT), kind })?;
    source(STANDARD_INPUT, PathBuf::new(), bytes)
}

fn source(name: &str, directory: PathBuf, bytes: Vec<u8>) -> Result<Arc<Source>, InputError> {
    document::decode(name, directory, bytes).map_err(InputError::Encoding)
}

fn text(name: &str, bytes: Vec<u8>) -> Result<String, InputError> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|&byte| byte == b'\n').count();
        InputError::NotUtf8 { name: name.to_owned(), line }
    })
}

/// Reads a certificate, a key, a patch: a file of 1 MiB at most. Its memory is wiped at the end.
///
/// # Errors
/// The file is absent, a folder, too large, or cannot be read.
pub fn read_bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    read(path, MAX_BROUGHT_BYTES).map(Zeroizing::new)
}

/// As [`read_bytes`], of a file that is open.
///
/// # Errors
/// It is too large, or cannot be read.
pub fn read_opened(path: &Path, file: &File) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    read_file(path, file, MAX_BROUGHT_BYTES).map(Zeroizing::new)
}

/// Reads a file that people look at, such as a list of Secrets. Its memory is wiped at the end.
///
/// # Errors
/// The file is absent, a folder, too large, or cannot be read.
pub fn read_large(path: &Path) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    read(path, MAX_SPEC_BYTES).map(Zeroizing::new)
}

/// Reads all of standard input, of any format. Its memory is wiped at the end.
///
/// # Errors
/// It is too long, or cannot be read.
pub fn standard_input_bytes() -> Result<Zeroizing<Vec<u8>>, ReadError> {
    read_capped(io::stdin().lock(), 0, MAX_SPEC_BYTES)
        .map(Zeroizing::new)
        .map_err(|kind| ReadError { path: PathBuf::from(STANDARD_INPUT), kind })
}

/// Reads a file of objects, such as all Secrets of a cluster. Its memory is wiped at the end.
///
/// # Errors
/// The file is absent, a folder, too large, or cannot be read.
pub fn read_objects(path: &Path) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    read(path, MAX_OBJECTS_BYTES).map(Zeroizing::new)
}

/// Reads objects from standard input. Its memory is wiped at the end.
///
/// # Errors
/// It is too long, or cannot be read.
pub fn standard_input_objects() -> Result<Zeroizing<Vec<u8>>, ReadError> {
    read_capped(io::stdin().lock(), 0, MAX_OBJECTS_BYTES)
        .map(Zeroizing::new)
        .map_err(|kind| ReadError { path: PathBuf::from(STANDARD_INPUT), kind })
}

/// Whether there is something to read at `path`: a folder is not, nor is a link that leads nowhere.
pub fn is_there(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_dir())
}

/// Reads all templates (`*.yaml.j2`) below a folder. What starts with a dot is passed over.
///
/// # Errors
/// Something cannot be read, is too large or too much, or a link leads back to a folder above it.
pub fn templates(folder: &Path, reach: &Reach) -> Result<TemplateFolder, InputError> {
    let mut found = TemplateFolder::default();
    let mut reader = TemplateReader { left: MAX_TEMPLATE_ENTRIES, found: &mut found, reach };
    reader.folder(folder, "", &mut Vec::new())?;
    found.ignored.sort();
    Ok(found)
}

struct TemplateReader<'a> {
    left: usize,
    found: &'a mut TemplateFolder,
    reach: &'a Reach,
}

impl TemplateReader<'_> {
    fn folder(
        &mut self,
        folder: &Path,
        prefix: &str,
        above: &mut Vec<PathBuf>,
    ) -> Result<(), InputError> {
        let failed = |error| ReadError::new(folder, &error);
        let real = fs::canonicalize(folder).map_err(failed)?;
        if above.contains(&real) {
            return Err(InputError::LinkLoop(folder.to_owned()));
        }
        above.push(real);
        for name in self.reach.names(folder)? {
            let Some(left) = self.left.checked_sub(1) else {
                return Err(InputError::TooManyTemplates(MAX_TEMPLATE_ENTRIES));
            };
            self.left = left;
            let shown = name.to_string_lossy();
            if !shown.starts_with('.') {
                self.entry(&folder.join(&name), format!("{prefix}{shown}"), above)?;
            }
        }
        above.pop();
        Ok(())
    }

    fn entry(
        &mut self,
        path: &Path,
        name: String,
        above: &mut Vec<PathBuf>,
    ) -> Result<(), InputError> {
        let kind = fs::metadata(path).map_err(|error| ReadError::new(path, &error))?;
        if kind.is_dir() {
            return self.folder(path, &format!("{name}/"), above);
        }
        if !name.ends_with(TEMPLATE_SUFFIX) {
            self.found.ignored.push(path.to_owned());
            return Ok(());
        }
        let text = text(
            &path.display().to_string(),
            read_file(path, &self.reach.open_path(path)?, MAX_TEMPLATE_BYTES)?,
        )?;
        self.found.templates.insert(name, TemplateFile { path: path.to_owned(), text });
        Ok(())
    }
}

/// Reads a file (or a pipe) of at most `limit` bytes.
fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    read_file(path, &open::open(path)?, limit)
}

fn read_file(path: &Path, file: &File, limit: u64) -> Result<Vec<u8>, ReadError> {
    let metadata = file.metadata().map_err(|error| ReadError::new(path, &error))?;
    read_capped(file, metadata.len(), limit)
        .map_err(|kind| ReadError { path: path.to_owned(), kind })
}

/// Reads to the end; `expected` is a guess of the length, in bytes, good enough to read keys without copies.
fn read_capped(mut input: impl Read, expected: u64, limit: u64) -> Result<Vec<u8>, ReadErrorKind> {
    if expected > limit {
        return Err(ReadErrorKind::TooLarge { limit });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(expected + 1).unwrap_or_default());
    let read = input.by_ref().take(limit + 1).read_to_end(&mut bytes);
    match read.map_err(|error| ReadErrorKind::of(&error))? as u64 {
        length if length > limit => Err(ReadErrorKind::TooLarge { limit }),
        _ => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn the_one_spec_of_a_folder_is_found() {
        let one = folder(&[("mtls.yml", "a: 1\n"), ("other.toml", "")]);
        let sources = specs(&[], one.path()).unwrap();
        assert_eq!(sources[0].name, one.path().join("mtls.yml").display().to_string());
        assert_eq!(sources[0].directory, one.path());
        assert_eq!(sources[0].text, "a: 1\n");
        let none = folder(&[]);
        assert!(matches!(specs(&[], none.path()), Err(InputError::NoSpec)));
        let two = folder(&[("mtls.yml", ""), ("mtls.toml", "")]);
        let Err(InputError::SeveralSpecs(found)) = specs(&[], two.path()) else { panic!() };
        assert_eq!(found, [two.path().join("mtls.toml"), two.path().join("mtls.yml")]);
    }

    #[test]
    fn files_are_read_in_the_given_order() {
        let both = folder(&[("a.toml", "1"), ("sub/b.yaml", "2")]);
        let paths = [both.path().join("sub/b.yaml"), both.path().join("a.toml")];
        let sources = specs(&paths, Path::new("")).unwrap();
        let texts: Vec<_> = sources.iter().map(|source| source.text.as_str()).collect();
        assert_eq!(texts, ["2", "1"]);
        assert_eq!(sources[0].directory, both.path().join("sub"));
        let twice = ["-".into(), "-".into()];
        assert!(matches!(specs(&twice, Path::new("")), Err(InputError::StandardInputTwice)));
    }

    #[test]
    fn what_cannot_be_read_is_distinguished() {
        let there = folder(&[("sub/a", "")]);
        let kind = |name| read_bytes(&there.path().join(name)).unwrap_err().kind;
        assert_eq!(kind("absent"), ReadErrorKind::NotFound);
        assert_eq!(kind("sub"), ReadErrorKind::Folder);
        assert_eq!(kind("sub/a/b"), ReadErrorKind::NotFound);
        assert_eq!(read_bytes(&there.path().join("sub/a")).unwrap().as_slice(), b"");
    }

    #[test]
    fn nothing_is_read_beyond_the_limit() {
        assert_eq!(read_capped(&b"1234"[..], 0, 4).unwrap(), b"1234");
        let too_large = Err(ReadErrorKind::TooLarge { limit: 4 });
        assert_eq!(read_capped(&b"12345"[..], 0, 4), too_large);
        assert_eq!(read_capped(io::repeat(0), 0, 4), too_large, "a pipe without end");
        assert_eq!(read_capped(&b""[..], 5, 4), too_large, "before anything is read");
    }

    #[test]
    fn text_that_is_not_utf_8_has_a_line() {
        let Err(InputError::NotUtf8 { name, line }) = text("a", b"x\ny\xff".to_vec()) else {
            panic!()
        };
        assert_eq!((name.as_str(), line), ("a", 2));
    }

    #[test]
    fn templates_are_found_below_a_folder() {
        let there = folder(&[
            ("ingress.yaml.j2", "i"),
            ("sub/extra.yaml.j2", "e"),
            ("notes.txt", ""),
            (".git/x.yaml.j2", ""),
        ]);
        symlink("ingress.yaml.j2", there.path().join("link.yaml.j2")).unwrap();
        let found = templates(there.path(), &Reach::anywhere()).unwrap();
        let names: Vec<_> = found.templates.keys().map(String::as_str).collect();
        assert_eq!(names, ["ingress.yaml.j2", "link.yaml.j2", "sub/extra.yaml.j2"]);
        assert_eq!(found.templates["sub/extra.yaml.j2"].text, "e");
        assert_eq!(found.ignored, [there.path().join("notes.txt")]);
    }

    #[test]
    fn links_in_a_circle_are_refused() {
        let there = folder(&[("sub/a.yaml.j2", "")]);
        symlink("..", there.path().join("sub/up")).unwrap();
        assert!(matches!(
            templates(there.path(), &Reach::anywhere()),
            Err(InputError::LinkLoop(_))
        ));
        assert!(templates(&there.path().join("absent"), &Reach::anywhere()).is_err());
    }
}
