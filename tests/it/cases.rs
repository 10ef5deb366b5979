//! Golden output: every example and every folder of `tests/cases` renders to its `expected` files.
//!
//! Expected files are the files of `render -o`, but for certificates and keys, which differ in each
//! run: there the decoded facts stand. `MTLSGEN_UPDATE=1 cargo test` rewrites them: read before you
//! accept.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use mtlsgen::pki::certificate::Certificate;
use serde_json::Value;

use crate::support::{Sandbox, data, files, objects, root};

#[test]
fn every_case_renders_to_its_expected_files() {
    let mut wrong = Vec::new();
    for case in cases() {
        let sandbox = issued_sandbox_of(&case);
        sandbox.ok(&["render", "-o", "out"]);
        let found = normalised(&sandbox.path("out"));
        let expected_folder = case.join("expected").join(target_of(&case));
        if std::env::var_os("MTLSGEN_UPDATE").is_some() {
            rewrite(&expected_folder, &found);
        }
        let expected = read(&expected_folder);
        for path in found.keys().chain(expected.keys()).collect::<std::collections::BTreeSet<_>>() {
            if found.get(path) != expected.get(path) {
                wrong.push(format!(
                    "{}: {}\n--- expected\n{}\n--- found\n{}",
                    case.display(),
                    path.display(),
                    expected.get(path).map_or("(no such file)", String::as_str),
                    found.get(path).map_or("(no such file)", String::as_str),
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_second_render_gives_the_same_bytes_and_writes_nothing() {
    for case in cases() {
        let sandbox = issued_sandbox_of(&case);
        let first = sandbox.ok(&["render"]);
        sandbox.ok(&["render", "-o", "out"]);
        let before = with_times(sandbox.folder());
        let second = sandbox.ok(&["render"]);
        sandbox.ok(&["render", "-o", "out"]);
        assert_eq!(first.stdout, second.stdout, "{}", case.display());
        assert_eq!(before, with_times(sandbox.folder()), "{}", case.display());
        sandbox.ok(&["render", "-o", "out", "--check"]);
        sandbox.ok(&["diff", "out"]);
    }
}

#[test]
fn json_output_is_the_same_objects() {
    for case in cases() {
        let sandbox = issued_sandbox_of(&case);
        let yaml = sandbox.render();
        let json: Value =
            serde_json::from_str(&sandbox.ok(&["render", "--format", "json"]).stdout).unwrap();
        assert_eq!(json["kind"], "List");
        assert_eq!(json["items"].as_array().unwrap(), &yaml, "{}", case.display());
    }
}

/// The target that the spec of a case names, if it does.
pub fn target_of(case: &Path) -> &'static str {
    let spec = fs::read_to_string(case.join("mtls.toml")).unwrap_or_default();
    let is_named = spec.lines().any(|line| line == r#"target = "envoy-gateway""#);
    if is_named { "envoy-gateway" } else { "ingress-nginx" }
}

/// Folders with a spec and its expected output.
pub fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = ["examples", "tests/cases"]
        .iter()
        .flat_map(|folder| fs::read_dir(root().join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert!(cases.len() > 7, "the cases were found");
    cases
}

/// What `render` prints for each case.
pub fn outputs() -> &'static [(PathBuf, Vec<Value>)] {
    static OUTPUTS: OnceLock<Vec<(PathBuf, Vec<Value>)>> = OnceLock::new();
    OUTPUTS.get_or_init(|| {
        let output = |case: PathBuf| {
            let objects = issued_sandbox_of(&case).render();
            (case, objects)
        };
        cases().into_iter().map(output).collect()
    })
}

/// Files of a store with their modes.
type StoreFiles = Vec<(PathBuf, Vec<u8>, u32)>;

/// A copy of a case with a store, which each run of the tests makes once: RSA keys are slow to find.
pub fn issued_sandbox_of(case: &Path) -> Sandbox {
    static STORES: Mutex<BTreeMap<PathBuf, Arc<OnceLock<StoreFiles>>>> =
        Mutex::new(BTreeMap::new());
    let store = Arc::clone(STORES.lock().unwrap().entry(case.to_owned()).or_default());
    let sandbox = sandbox_of(case);
    let made = store.get_or_init(|| {
        sandbox.ok(&["render"]);
        let with_mode = |(path, bytes): (PathBuf, Vec<u8>)| {
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            (path.strip_prefix(sandbox.folder()).unwrap().to_owned(), bytes, mode)
        };
        files(&sandbox.path("pki")).into_iter().map(with_mode).collect()
    });
    for (path, bytes, mode) in made {
        let path = sandbox.write(path.to_str().unwrap(), bytes);
        fs::set_permissions(path, fs::Permissions::from_mode(*mode)).unwrap();
    }
    sandbox
}

/// A copy of an example with a store.
pub fn example(name: &str) -> Sandbox {
    issued_sandbox_of(&root().join("examples").join(name))
}

/// A copy of a case, without what it expects.
pub fn sandbox_of(case: &Path) -> Sandbox {
    let sandbox = Sandbox::new();
    for (path, bytes) in files(case) {
        let relative = path.strip_prefix(case).unwrap();
        let generated =
            ["expected", "pki", "out"].iter().any(|folder| relative.starts_with(folder));
        if !generated {
            sandbox.write(relative.to_str().unwrap(), bytes);
        }
    }
    sandbox
}

fn with_times(folder: &Path) -> Vec<(PathBuf, Vec<u8>, std::time::SystemTime)> {
    files(folder)
        .into_iter()
        .map(|(path, bytes)| {
            let modified = fs::metadata(&path).unwrap().modified().unwrap();
            (path, bytes, modified)
        })
        .collect()
}

fn read(folder: &Path) -> BTreeMap<PathBuf, String> {
    files(folder)
        .into_iter()
        .map(|(path, bytes)| {
            (path.strip_prefix(folder).unwrap().to_owned(), String::from_utf8(bytes).unwrap())
        })
        .collect()
}

fn rewrite(folder: &Path, found: &BTreeMap<PathBuf, String>) {
    let _ = fs::remove_dir_all(folder);
    for (path, text) in found {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// The files of an output folder with facts in the place of certificates and keys; without the record
/// and the ignore files, which say nothing about the cluster.
fn normalised(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = read(folder);
    files.retain(|path, _| path.extension().is_some_and(|extension| extension == "yaml"));
    for text in files.values_mut() {
        for object in objects(text).iter().filter(|object| object["kind"] == "Secret") {
            for (key, value) in object["data"].as_object().unwrap() {
                let facts = facts(key, &data(object, key));
                *text = text.replace(value.as_str().unwrap(), &facts);
            }
        }
    }
    files
}

/// What a reader of an expected file should know about a value of a Secret.
fn facts(key: &str, value: &[u8]) -> String {
    if key.ends_with(".key") {
        let key = mtlsgen::pki::key::PrivateKey::from_pem(value).unwrap();
        return format!("<private key: {}>", key.kind().unwrap());
    }
    let certificates = Certificate::from_pem(value).unwrap();
    let facts: Vec<String> = certificates.iter().map(certificate_facts).collect();
    format!("<{}>", facts.join(" | "))
}

fn certificate_facts(certificate: &Certificate) -> String {
    let mut facts = vec![
        certificate.subject.rfc2253(),
        if certificate.issuer == certificate.subject {
            "self-signed".to_owned()
        } else {
            format!("by {}", certificate.issuer.rfc2253())
        },
        certificate.key_kind.unwrap().to_string(),
    ];
    let seconds = certificate.not_after.since(certificate.not_before).0 + 1;
    // What an issuer of the same run cuts off a leaf is a matter of seconds.
    facts.push(format!("{}d", (seconds + 43_200) / 86_400));
    if certificate.is_authority {
        let length = certificate.max_path_len.map_or("any".to_owned(), |length| length.to_string());
        facts.push(format!("authority, path length {length}"));
    }
    facts.extend(certificate.extended_key_usage.iter().flatten().map(|usage| format!("{usage:?}")));
    let names = &certificate.names;
    facts.extend(names.dns.iter().map(|name| format!("DNS:{name}")));
    facts.extend(names.ip.iter().map(|address| format!("IP:{address}")));
    facts.extend(names.email.iter().chain(&names.uri).cloned());
    facts.join("; ")
}
