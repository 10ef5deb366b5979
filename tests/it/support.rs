//! What every test of the program needs: a folder of its own, the program run in it, and the tools
//! that judge its output.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use mtlsgen::io::store::Store;
use mtlsgen::pki::certificate::Certificate;
use serde_json::Value;

use crate::{leaks, outputs};

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder of its own for one test, removed at its end; before that it is searched for private keys where none
/// belong.
pub struct Sandbox {
    folder: tempfile::TempDir,
    /// Where the program may put what lasts no longer than itself.
    temporary: tempfile::TempDir,
    /// What the test itself wrote, and what it answers for.
    written: Mutex<BTreeSet<PathBuf>>,
    /// What must appear nowhere, beside the private keys in its files.
    secrets: Mutex<Vec<Vec<u8>>>,
}

/// How one run of the program ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            temporary: tempfile::tempdir().unwrap(),
            written: Mutex::default(),
            secrets: Mutex::default(),
        }
    }

    /// With `text` as its `mtls.toml`.
    pub fn with_toml(text: &str) -> Self {
        let sandbox = Self::new();
        sandbox.write("mtls.toml", text);
        sandbox
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub fn write(&self, relative: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let content = content.as_ref();
        fs::write(&path, content).unwrap();
        if content.windows(11).any(|words| words == b"PRIVATE KEY") {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        self.written.lock().unwrap().insert(path.clone());
        path
    }

    /// Says that what lies at `relative`, or below it, is the test's own doing: keys may be there for all to read.
    pub fn may_hold_keys(&self, relative: &str) {
        self.written.lock().unwrap().insert(self.path(relative));
    }

    /// Has these octets looked for at the end, as private keys are.
    pub fn must_not_print(&self, secret: impl Into<Vec<u8>>) {
        self.secrets.lock().unwrap().push(secret.into());
    }

    pub fn read(&self, relative: &str) -> String {
        fs::read_to_string(self.path(relative)).unwrap_or_else(|e| panic!("{relative}: {e}"))
    }

    /// A command that runs the program here.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = mtlsgen(arguments);
        command.current_dir(self.folder()).env("TMPDIR", self.temporary.path());
        command
    }

    /// Runs the program here.
    pub fn run(&self, arguments: &[&str]) -> Run {
        finish(&mut self.command(arguments))
    }

    /// Runs the program here with that standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> Run {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that fails early does not read what it is given.
        let _ = child.stdin.take().unwrap().write_all(input.as_ref());
        let run = Run::of(child.wait_with_output().unwrap());
        leaks::remember(&command, &run);
        outputs::check(&command, &run);
        run
    }

    /// Runs the program here and expects success.
    pub fn ok(&self, arguments: &[&str]) -> Run {
        let run = self.run(arguments);
        assert_eq!(run.status, 0, "{arguments:?} failed:\n{}", run.stderr);
        run
    }

    /// The store, once a decided change is finished: with that every command begins that changes something.
    pub fn finish_interrupted(&self) -> Store {
        let store = Store::open(self.path("pki"), Duration::from_secs(9), |_| {});
        store.finish_interrupted().unwrap();
        store
    }

    /// `render`, as objects.
    pub fn render(&self) -> Vec<Value> {
        objects(&self.ok(&["render"]).stdout)
    }

    /// The certificate that a holder, such as `clients/alice`, has in the store.
    pub fn certificate(&self, holder: &str) -> Certificate {
        let text = self.read(&format!("pki/{holder}/tls.crt"));
        Certificate::from_pem(text.as_bytes()).unwrap().remove(0)
    }

    /// Every readable file below the folder with its bytes, and whether the test itself wrote it.
    pub fn contents(&self) -> Vec<(PathBuf, Vec<u8>, bool)> {
        let written = self.written.lock().unwrap();
        let is_file = |path: &PathBuf| path.symlink_metadata().is_ok_and(|found| found.is_file());
        let read = |path: PathBuf| {
            let by_test = path.ancestors().any(|path| written.contains(path));
            fs::read(&path).ok().map(|bytes| (path, bytes, by_test))
        };
        paths(self.folder()).into_iter().filter(is_file).filter_map(read).collect()
    }

    /// Every file below the folder with its bytes, sorted by path.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        files(self.folder())
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let leaks = leaks::search(&self.contents(), &self.secrets.lock().unwrap());
        assert!(leaks.is_empty(), "private keys where none belong:\n{}", leaks.join("\n"));
        assert_eq!(files(self.temporary.path()), [], "temporary files were left");
    }
}

/// A run of the program with an empty standard input, away from the environment of the user of the
/// tests.
pub fn mtlsgen(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mtlsgen"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::null());
    command
}

/// Runs the program where its folder does not matter.
pub fn run(arguments: &[&str]) -> Run {
    finish(&mut mtlsgen(arguments))
}

/// Runs to the end.
pub fn finish(command: &mut Command) -> Run {
    let run = Run::of(command.output().unwrap());
    leaks::remember(command, &run);
    outputs::check(command, &run);
    run
}

impl Run {
    pub fn of(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Every file below `folder` with its bytes, sorted by path.
pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let read = |path: PathBuf| (path.clone(), fs::read(&path).unwrap());
    paths(folder).into_iter().map(read).collect()
}

/// Everything below `folder` that is not a folder, sorted.
fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The Kubernetes objects of a YAML stream.
pub fn objects(yaml: &str) -> Vec<Value> {
    mtlsgen::yaml::parse(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"))
}

/// The object of that kind and name.
pub fn object<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    objects
        .iter()
        .find(|object| object["kind"] == kind && object["metadata"]["name"] == name)
        .unwrap_or_else(|| panic!("no {kind} {name}"))
}

/// A value of a Secret's `data`, decoded.
pub fn data(secret: &Value, key: &str) -> Vec<u8> {
    use base64::Engine as _;
    let text = secret["data"][key].as_str().unwrap_or_else(|| panic!("no {key} in {secret}"));
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

/// Path of a tool. Where it is missing, the test is skipped with a message, but in CI it fails.
pub fn tool(name: &str) -> Option<PathBuf> {
    missing_unless(on_path(name), name)
}

/// Path of a tool that `scripts/install-test-tools` does not install; where it is missing, the test is
/// skipped with a message.
pub fn optional_tool(name: &str) -> Option<PathBuf> {
    let found = on_path(name);
    if found.is_none() {
        eprintln!("left out: {name} is missing");
    }
    found
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The Python that has both YAML readers, see `scripts/install-test-tools`.
pub fn python() -> Option<PathBuf> {
    let folder = std::env::var_os("MTLSGEN_TEST_PYTHON").map(PathBuf::from).or_else(|| {
        std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/mtlsgen/python"))
    });
    let found = folder.map(|folder| folder.join("bin/python")).filter(|path| path.is_file());
    missing_unless(found, "python with the packages of scripts/install-test-tools")
}

/// The folder with the npm packages that judge what editors say, see `scripts/install-test-tools`.
pub fn editor_tools() -> Option<PathBuf> {
    let folder = std::env::var_os("MTLSGEN_TEST_EDITORS").map(PathBuf::from).or_else(|| {
        std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/mtlsgen/editors"))
    });
    let found = folder.filter(|folder| folder.join("node_modules/.bin/taplo").exists());
    missing_unless(found, "npm packages of editors").filter(|_| tool("node").is_some())
}

fn missing_unless(found: Option<PathBuf>, name: &str) -> Option<PathBuf> {
    if found.is_none() {
        let words = format!("{name} is missing: run scripts/install-test-tools");
        assert!(std::env::var_os("CI").is_none(), "{words}");
        eprintln!("left out: {words}");
    }
    found
}

/// Runs a command and expects success; gives its standard output.
pub fn output_of(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
