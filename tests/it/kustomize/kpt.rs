//! The real kpt, where there is one.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::json;

use super::{config, issued, spec};
use crate::support::{Sandbox, files, object, objects, optional_tool};

const KPTFILE: &str = "\
apiVersion: kpt.dev/v1
kind: Kptfile
metadata:
  name: package
pipeline:
  mutators:
  - exec: mtlsgen kustomize
    configPath: mtls.yaml
";

/// A comment that a user's file keeps.
const OTHER: &str = "# theirs\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x # here\ndata:\n  date: \"2001-01-01\"\n";

fn render(kpt: &Path, package: &Sandbox) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_mtlsgen")).parent().unwrap();
    // Called from elsewhere, as people do who have several packages.
    Command::new(kpt)
        .args(["fn", "render", "--allow-exec", "--truncate-output=false"])
        .arg(package.folder())
        .current_dir("/")
        .env("PATH", format!("{}:/usr/bin:/bin", program.display()))
        .output()
        .unwrap()
}

#[test]
fn a_package_gets_its_objects_once() {
    let Some(kpt) = optional_tool("kpt") else { return };
    let package = issued(&config(json!({"allowPlainSecrets": ["shop-example-com-tls"]}), spec()));
    let rendered = package.render();
    package.write("Kptfile", KPTFILE);
    package.write("other.yaml", OTHER);
    package.may_hold_keys("secrets");
    let run = render(&kpt, &package);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    for wanted in &rendered {
        let (kind, name) = (wanted["kind"].as_str().unwrap(), wanted["metadata"]["name"].as_str());
        let name = name.unwrap();
        let written: Vec<_> = files(package.folder())
            .into_iter()
            .filter(|(path, _)| path.to_str().unwrap().ends_with(&format!("-{name}.yaml")))
            .flat_map(|(_, bytes)| objects(&String::from_utf8(bytes).unwrap()))
            .collect();
        assert_eq!(object(&written, kind, name), wanted);
    }
    assert_eq!(package.read("other.yaml"), OTHER, "comments stay");
    let before = package.files();
    assert!(render(&kpt, &package).status.success());
    assert_eq!(package.files(), before, "again changes nothing");
}

#[test]
fn a_failure_shows_results_and_changes_nothing() {
    let Some(kpt) = optional_tool("kpt") else { return };
    let package = Sandbox::new();
    package.write("Kptfile", KPTFILE);
    package
        .write("mtls.yaml", config(json!({}), json!({"hosts": {"a.example.com": {}}})).to_string());
    let before = package.files();
    let run = render(&kpt, &package);
    assert!(!run.status.success());
    let reported = String::from_utf8(run.stderr).unwrap();
    assert!(reported.contains("Results:"), "{reported}");
    assert!(
        reported.contains("[error] mtlsgen.dev/v1alpha1/MutualTLS/shop spec.hosts"),
        "{reported}"
    );
    assert_eq!(package.files(), before);
}
