//! Certificate files that PyPI serves (`cryptography_vectors`, with NIST's PKITS; the roots of `certifi`): what openssl reads,
//! `cert show` reads too, with the same serial numbers, fingerprints and numbers of entries. What differs is listed, with
//! the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Sandbox, output_of, python, tool};

/// What openssl reads and mtlsgen refuses, and why.
const REFUSED: [(&str, &str); 3] = [
    ("x509/badasn1time.pem", "a time of it is malformed: openssl prints `Bad time value`"),
    (
        "x509/custom/two_basic_constraints.pem",
        "an extension is there twice (RFC 5280, section 4.2)",
    ),
    (
        "x509/custom/crl_invalid_time.der",
        "a time of it is malformed: openssl prints `Bad time value`",
    ),
];

/// What openssl refuses and mtlsgen shows: texts of names that are not of their type. They are shown as they are.
const SHOWN: [&str; 3] = [
    "x509/custom/invalid_utf8_common_name.pem",
    "x509/custom/long-form-name-attribute.pem",
    "x509/custom/name_attribute_unsupported_tag.pem",
];

/// What was read at a path: serial numbers and fingerprints of certificates, or numbers of revoked ones.
type Read = BTreeMap<String, BTreeSet<String>>;

#[test]
fn what_openssl_reads_is_read_alike() {
    let (Some(suite), Some(openssl)) = (suite(), tool("openssl")) else { return };
    let (certificates, lists) = shown(&suite);
    let mut wrong = Vec::new();
    let (mut checked, mut only_here) = (0, BTreeSet::new());
    for path in files(&suite.join("x509")) {
        let name = path.strip_prefix(&suite).unwrap().display().to_string();
        let (expected, read) = match of_openssl(&openssl, &path) {
            Some((expected, true)) => (expected, &certificates),
            Some((expected, false)) => (expected, &lists),
            None => {
                if certificates.contains_key(&name) || lists.contains_key(&name) {
                    only_here.insert(name);
                }
                continue;
            }
        };
        let is_alike = read.get(&name).is_some_and(|all| all.contains(&expected));
        let is_refused = REFUSED.iter().any(|(file, _)| *file == name);
        if is_alike == is_refused {
            wrong.push(format!("{name}: {expected}, and here {:?}", read.get(&name)));
        }
        checked += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(only_here, SHOWN.map(str::to_owned).into());
    assert!(checked > 700, "{checked} files");
}

#[test]
fn pkcs12_files_of_others_are_opened() {
    let Some(suite) = suite() else { return };
    let sandbox = Sandbox::new();
    let all = files(&suite.join("pkcs12"));
    let all: Vec<&PathBuf> = all.iter().filter(|path| ends_with(path, &["p12"])).collect();
    let unread = all.iter().filter_map(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let password = match name {
            name if name.ends_with("-pwd.p12") => "password",
            _ => "cryptography",
        };
        sandbox.write("password", password);
        let file = path.display().to_string();
        let run = sandbox.run(&["cert", "show", "--password-file", "password", &file]);
        (run.status != 0).then(|| format!("{file}: {}", run.stderr))
    });
    assert_eq!(unread.collect::<Vec<_>>(), [""; 0]);
    assert!(all.len() > 25, "{} files", all.len());
}

#[test]
fn the_roots_of_browsers_are_read_alike() {
    let (Some(python), Some(openssl)) = (python(), tool("openssl")) else { return };
    let path = printed(&python, "import certifi; print(certifi.where())");
    let text = std::fs::read_to_string(&path).unwrap();
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["cert", "show", "--format", "json", &path.display().to_string()]);
    let shown: Value = serde_json::from_str(&run.stdout).unwrap();
    let shown = shown["certificates"].as_array().unwrap();
    let end = "-----END CERTIFICATE-----";
    let blocks: Vec<&str> = text.split_inclusive(end).filter(|part| part.contains(end)).collect();
    assert_eq!(shown.len(), blocks.len());
    assert!(shown.len() > 100, "{}", shown.len());
    for (block, one) in blocks.iter().zip(shown) {
        let file = sandbox.write("one.pem", block);
        let text = |field: &str| one[field].as_str().unwrap();
        let ours = alike(text("serial"), text("fingerprintSha256"));
        assert_eq!(of_openssl(&openssl, &file), Some((ours, true)));
    }
}

/// The folder of the suite.
fn suite() -> Option<PathBuf> {
    let folder = "os.path.dirname(cryptography_vectors.__file__)";
    Some(printed(&python()?, &format!("import cryptography_vectors, os; print({folder})")))
}

/// The path that a line of Python prints.
fn printed(python: &Path, code: &str) -> PathBuf {
    PathBuf::from(output_of(Command::new(python).args(["-c", code])).trim())
}

fn ends_with(path: &Path, ends: &[&str]) -> bool {
    path.extension().and_then(|end| end.to_str()).is_some_and(|end| ends.contains(&end))
}

/// Files of certificates and lists below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if ends_with(&path, &["pem", "crt", "der", "cer", "crl", "p12"]) {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// What `cert show` reads below the suite's certificates.
fn shown(suite: &Path) -> (Read, Read) {
    let folder = suite.join("x509").display().to_string();
    let run = Sandbox::new().run(&["cert", "show", "--format", "json", "-q", &folder]);
    let shown: Value = serde_json::from_str(&run.stdout).unwrap();
    let name = |origin: &Value| {
        let path = PathBuf::from(origin["path"].as_str().unwrap());
        path.strip_prefix(suite).unwrap().display().to_string()
    };
    let (mut certificates, mut lists) = (Read::new(), Read::new());
    for one in shown["certificates"].as_array().unwrap() {
        let text = |field: &str| one[field].as_str().unwrap().to_owned();
        let said = alike(&text("serial"), &text("fingerprintSha256"));
        for origin in one["origins"].as_array().unwrap() {
            certificates.entry(name(origin)).or_default().insert(said.clone());
        }
    }
    for one in shown["revocationLists"].as_array().unwrap() {
        let revoked = one["revokedCertificates"].as_array().unwrap().len();
        lists.entry(name(&one["origin"])).or_default().insert(format!("{revoked} revoked"));
    }
    (certificates, lists)
}

fn alike(serial: &str, fingerprint: &str) -> String {
    let serial = serial.trim_start_matches('0').to_lowercase();
    format!("serial {serial}, fingerprint {}", fingerprint.replace(':', "").to_lowercase())
}

/// What openssl says of the first certificate of a file (`true`) or of a list.
fn of_openssl(openssl: &Path, path: &Path) -> Option<(String, bool)> {
    let say = |arguments: &[&str], form: &str| {
        let mut command = Command::new(openssl);
        command.args(arguments).args(["-inform", form, "-in"]).arg(path);
        let output = command.output().unwrap();
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    for form in ["PEM", "DER"] {
        if let Some(text) = say(&["x509", "-noout", "-serial", "-fingerprint", "-sha256"], form) {
            let value = |name: &str| {
                let line = text.lines().find_map(|line| line.split_once(name));
                line.unwrap().1.to_owned()
            };
            return Some((alike(&value("serial="), &value("Fingerprint=")), true));
        }
        if let Some(text) = say(&["crl", "-noout", "-text"], form) {
            let revoked = text.lines().filter(|line| line.trim().starts_with("Serial Number: "));
            return Some((format!("{} revoked", revoked.count()), false));
        }
    }
    None
}
