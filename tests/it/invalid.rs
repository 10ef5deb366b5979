//! Wrong input: each file of `tests/invalid` gives the diagnostics beside it, exit status 2,
//! and nothing else: no output, no store.
//!
//! `MTLSGEN_UPDATE=1 cargo test` rewrites what is expected: read before you accept.

use std::fs;

use crate::support::{Sandbox, files, root};

#[test]
fn every_wrong_spec_gives_its_diagnostics_and_writes_nothing() {
    let folder = root().join("tests/invalid");
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !matches!(path.extension().and_then(|e| e.to_str()), Some("toml" | "yaml")) {
            continue;
        }
        count += 1;
        let sandbox = Sandbox::new();
        sandbox.write(&name, fs::read(&path).unwrap());
        for (file, bytes) in files(&folder.join("files")) {
            sandbox.write(&format!("files/{}", file.file_name().unwrap().to_str().unwrap()), bytes);
        }
        let before = sandbox.files();
        let run = sandbox.run(&["render", "-f", &name, "--at", "2027-01-01"]);
        let expected = folder.join(format!("{name}.stderr"));
        if std::env::var_os("MTLSGEN_UPDATE").is_some() {
            fs::write(&expected, &run.stderr).unwrap();
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        if run.status != 2 || !run.stdout.is_empty() || before != sandbox.files() {
            wrong.push(format!("{name}: status {}, or something was written", run.status));
        }
        if run.stderr != expected {
            wrong.push(format!("{name}:\n--- expected\n{expected}\n--- found\n{}", run.stderr));
        }
    }
    assert!(count > 25, "the files were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
