//! A repository contains the record of an output folder, `.mtlsgen`, which names files that mtlsgen never wrote: they were
//! removed as left over, those among them that Git ignores for good.

use crate::support::Sandbox;

const SPEC: &str = "[services.web]\nimage = \"httpd\"\nport = 80\n";

#[test]
fn a_planted_record_removes_no_file_of_others() {
    let unknown = "0".repeat(64);
    let sandbox = Sandbox::with_toml(SPEC);
    let files = ["out/private/local.yaml", "out/private/.gitignore", "out/values.yaml"];
    for hash in ["-", &unknown] {
        for file in files {
            sandbox.write(file, "mine: true\n");
        }
        let lines = files.map(|file| format!("{hash}  {}\n", &file[4..]));
        sandbox.write("out/.mtlsgen", lines.concat());
        let run = sandbox.ok(&["render", "-o", "out"]);
        for file in files {
            assert_eq!(sandbox.read(file), "mine: true\n", "{file}");
            assert!(run.stderr.contains(&format!("kept `{}`", &file[4..])), "{}", run.stderr);
        }
        // What is kept is no longer in the record, and said once.
        assert!(!sandbox.ok(&["render", "-o", "out"]).stderr.contains("kept"));
    }
}

#[test]
fn a_planted_record_replaces_no_file_of_others() {
    let sandbox = Sandbox::with_toml(SPEC);
    let file = "out/default/service-web.yaml";
    sandbox.write(file, "mine: true\n");
    for hash in ["-", &"0".repeat(64)] {
        sandbox.write("out/.mtlsgen", format!("{hash}  default/service-web.yaml\n"));
        let run = sandbox.run(&["render", "-o", "out"]);
        assert_eq!(run.status, 2);
        assert!(run.stderr.contains("mtlsgen did not write it"), "{}", run.stderr);
        assert_eq!(sandbox.read(file), "mine: true\n");
    }
}

#[test]
fn what_mtlsgen_wrote_still_goes_with_its_object() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q", "-o", "out"]);
    let file = "out/default/service-web.yaml";
    // Edited by hand, it is mtlsgen's all the same.
    let edited = sandbox.read(file).replace("port: 80", "port: 81");
    sandbox.write(file, edited);
    sandbox.write("mtls.toml", SPEC.replace("web", "other"));
    let run = sandbox.ok(&["render", "-o", "out"]);
    assert!(run.stderr.contains("removed `default/service-web.yaml`"), "{}", run.stderr);
    assert!(!sandbox.path(file).exists() && !run.stderr.contains("kept"));
}
