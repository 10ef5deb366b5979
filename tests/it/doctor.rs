//! `doctor kustomize`: every way in which a set-up can be wrong, and those that are right.

mod commands;
mod kustomizations;
mod programs;
mod transformers;

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::support::{Run, Sandbox, finish};

/// Where the exec plugin is, below the folder of plugins.
const PLUGIN: &str = "home/mtlsgen.dev/v1alpha1/mutualtls/MutualTLS";
/// The spec of a configuration that needs no certificates.
const PLAIN: &str = "spec: {services: {shop: {image: httpd, port: 80}}}\n";
/// The spec of a configuration whose Ingress names a Secret together with its namespace.
const PROTECTED: &str = "\
spec:
  cas: {clients: {}}
  services: {shop: {image: httpd, port: 80}}
  hosts: {a.example.com: {service: shop, tls: {issuer: self-signed}, clientAuth: {cas: [clients]}}}
";
/// What a function takes instead of an object of our kind.
const CONFIG_MAP: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: shop
  annotations: {config.kubernetes.io/function: 'exec: {path: mtlsgen, args: [kustomize]}'}
data: {spec: 'services: {shop: {image: httpd, port: 80}}'}
";
const BOTH: [&str; 5] = ["--", "kustomize", "build", "--enable-alpha-plugins", "--enable-exec"];

/// A configuration of the exec plugin.
fn exec(spec: &str) -> String {
    format!("apiVersion: mtlsgen.dev/v1alpha1\nkind: MutualTLS\nmetadata:\n  name: shop\n{spec}")
}

/// A configuration of a KRM function.
fn function(exec: &str) -> String {
    let annotation =
        format!("  annotations:\n    config.kubernetes.io/function: |\n      exec: {exec}\n");
    self::exec(&format!("{annotation}{PLAIN}"))
}

fn good_function() -> String {
    function("{path: mtlsgen, args: [kustomize]}")
}

/// A folder with mtlsgen on its `PATH` (`bin`) and as exec plugin (`home`), and with these files.
fn site(files: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    let program = env!("CARGO_BIN_EXE_mtlsgen");
    for link in ["bin/mtlsgen", PLUGIN] {
        fs::create_dir_all(sandbox.path(link).parent().unwrap()).unwrap();
        symlink(program, sandbox.path(link)).unwrap();
    }
    for (path, text) in files {
        sandbox.write(path, text);
    }
    sandbox
}

/// A folder whose kustomization names `mtls.yaml` under `generators`.
fn generator(config: &str) -> Sandbox {
    site(&[("kustomization.yaml", "generators: [mtls.yaml]\n"), ("mtls.yaml", config)])
}

fn doctor(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let mut command = sandbox.command(&[&["doctor", "kustomize"], arguments].concat());
    command.env("PATH", sandbox.path("bin")).env("KUSTOMIZE_PLUGIN_HOME", sandbox.path("home"));
    finish(&mut command)
}

/// The codes of what is wrong, each once, and all words on standard error.
fn found(sandbox: &Sandbox, arguments: &[&str]) -> (i32, Vec<String>, String) {
    let run = doctor(sandbox, &[&["--message-format", "json"], arguments].concat());
    let messages = run.stderr.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let wrong = messages.filter(|message| message["severity"] != "notice");
    let mut codes: Vec<_> = wrong.map(|m| m["code"].as_str().unwrap().to_owned()).collect();
    codes.sort();
    codes.dedup();
    (run.status, codes, run.stderr)
}

/// Expects these codes, with words among the messages.
fn expect(name: &str, sandbox: &Sandbox, arguments: &[&str], codes: &[&str], words: &str) {
    let (status, found, stderr) = found(sandbox, arguments);
    assert_eq!(found, codes, "{name}: {stderr}");
    assert_eq!(status, i32::from(!codes.is_empty()), "{name}: {stderr}");
    assert!(stderr.contains(words), "{name}: {stderr}");
}

fn split(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}
