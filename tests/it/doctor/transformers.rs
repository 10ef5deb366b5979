//! Transformers: what the build alone knows is not a mistake, the rest is.

use super::{doctor, exec, expect, site};
use crate::support::Sandbox;

/// A host whose Ingress is among the objects of the build.
const EXISTING: &str = "\
spec:
  cas: {clients: {}}
  hosts: {a.example.com: {existingIngress: {name: shop}, clientAuth: {cas: [clients]}}}
";

fn listed(list: &str, spec: &str) -> Sandbox {
    let kustomization = format!("{list}: [mtls.yaml]\n");
    site(&[("kustomization.yaml", kustomization.as_str()), ("mtls.yaml", &exec(spec))])
}

#[test]
fn ingresses_that_exist_are_looked_for_by_the_build() {
    let sandbox = listed("transformers", EXISTING);
    expect("not issued", &sandbox, &[], &["to-be-issued"], "add `--kind Secret`: of a host");
    sandbox.ok(&["render", "--kind", "Secret"]);
    expect("issued", &sandbox, &[], &[], "nothing is wrong");
    assert!(doctor(&sandbox, &[]).stdout.contains("runs the plugin"));

    sandbox.write("kustomization.yaml", "generators: [mtls.yaml]\n");
    expect("generator", &sandbox, &[], &["existing-ingress-unseen"], "under `transformers`");
}

#[test]
fn a_transformer_may_do_nothing_but_look_for_broken_references() {
    let sandbox = listed("transformers", "spec: {}\n");
    expect("check", &sandbox, &[], &[], "nothing is wrong");
    let sandbox = listed("transformers", "spec: {}\nplugin: {mendReferences: true}\n");
    expect("mend", &sandbox, &[], &[], "nothing is wrong");
    let sandbox = listed("transformers", "spec: {host: {}}\n");
    expect("misspelt", &sandbox, &[], &["unknown-key"], "hosts");
    let sandbox = listed("generators", "spec: {}\n");
    expect("generator", &sandbox, &[], &["empty-spec"], "declares nothing");
}
