//! Who is trusted, what objects are called, and who fills a Secret: not for patches to say.

use super::{Refused, SPEC};
use crate::support::Sandbox;

#[test]
fn merge_patches_do_not_rename() {
    let mut refused = Refused::default();
    for patch in [
        "metadata: {name: other}",
        "metadata: {name: null}",
        "metadata: {namespace: other}",
        "kind: Service",
        "apiVersion: networking.k8s.io/v1beta1",
    ] {
        let added = format!(
            "[[patches]]\ntarget = {{ kind = \"Ingress\", name = \"a-.*\" }}\npatch = '{patch}'\n"
        );
        refused.expect_added(&added, &["patch-renames", "Ingress `default/a-example-com`"]);
    }
    // What is the object's own, and the placeholder of Kustomize's documentation, renames nothing.
    for name in ["a-example-com", "not-important"] {
        let added = format!(
            "[[patches]]\ntarget = {{ kind = \"Ingress\", name = \"a-.*\" }}\n\
             patch = '{{kind: Ingress, metadata: {{name: {name}, namespace: default, labels: {{x: a}}}}}}'\n"
        );
        Sandbox::with_toml(&format!("{SPEC}\n{added}")).ok(&["render"]);
    }
}

#[test]
fn patches_do_not_hide_objects_from_pruning() {
    let mut refused = Refused::default();
    for (head, label, words) in [
        ("name = \"demo\"", "other", "it is `demo`"),
        ("name = \"demo\"", "null", "it is `demo`"),
        ("", "other", "it is set by `name` in the spec"),
    ] {
        let added = format!(
            "[[patches]]\ntarget.kind = \"Deployment\"\npatch = 'metadata: {{labels: {{mtlsgen.dev/name: {label}}}}}'\n"
        );
        let sandbox = Sandbox::with_toml(&format!("{head}\n{SPEC}\n{added}"));
        refused.expect(&added, &sandbox, &["patch-relabels", words]);
    }
}

/// The bundle of an authority that the spec does not name, in base64.
fn external_bundle() -> String {
    let objects = Sandbox::with_toml(SPEC).render();
    let secret = crate::support::object(&objects, "Secret", "a-example-com-tls-cacert");
    secret["data"]["ca.crt"].as_str().unwrap().to_owned()
}

#[test]
fn no_other_entry_says_what_a_host_trusts() {
    const TARGET: &str =
        "[[patches]]\ntarget = { kind = \"Secret\", name = \"a-example-com-tls-cacert\" }\n";
    let mut refused = Refused::default();
    let theirs = external_bundle();
    let begin = "-----BEGIN CERTIFICATE-----\\n";
    for (patch, words) in [
        (format!("data: {{ca.crt: {theirs}}}"), "a client below `CN=clients` is served at `/`"),
        (format!("stringData: {{ca.crt: \"{begin}\"}}"), "no certificate under `ca.crt`"),
        ("stringData: {ca.crl: x}".to_owned(), "not a PEM block `X509 CRL`"),
    ] {
        let added = format!("{TARGET}patch = '''{patch}'''\n");
        refused.expect(&patch, &Sandbox::with_toml(&format!("{SPEC}\n{added}")), &[words]);
    }
}

#[test]
fn an_existing_secret_among_the_objects_is_looked_at() {
    let mut refused = Refused::default();
    let ours = external_bundle();
    let sandbox = |content: &str| {
        let spec = SPEC.replace("cas = [\"clients\"]", "secretName = \"default/mine\"");
        let sandbox = Sandbox::with_toml(&format!("templates = \"templates\"\n{spec}"));
        let secret = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: mine, namespace: default}}\n{content}\n"
        );
        sandbox.write("templates/mine.yaml.j2", &secret);
        sandbox
    };
    for (content, words) in [
        (format!("data: {{tls.crt: {ours}}}"), "no certificate under `ca.crt`"),
        ("stringData: {ca.crt: \"-----BEGIN CERTIFICATE-----\"}".to_owned(), "`ca.crt`"),
        (format!("data: {{ca.crt: {ours}, ca.crl: {ours}}}"), "not a PEM block `X509 CRL`"),
    ] {
        refused.expect(&content, &sandbox(&content), &["the Secret `default/mine`", words]);
    }
    sandbox(&format!("data: {{ca.crt: {ours}}}")).ok(&["render"]);
}

#[test]
fn cert_manager_is_not_asked_for_what_mtlsgen_holds() {
    let mut refused = Refused::default();
    for (host, annotation) in [
        ("a-example-com", "cert-manager.io/cluster-issuer: letsencrypt"),
        ("public-example-com", "cert-manager.io/issuer: local"),
        ("public-example-com", "kubernetes.io/tls-acme: \"true\""),
    ] {
        let added = format!(
            "[[patches]]\ntarget = {{ kind = \"Ingress\", name = \"{host}\" }}\n\
             patch = 'metadata: {{annotations: {{{annotation}}}}}'\n"
        );
        refused.expect_added(&added, &["mtlsgen holds the certificate", host]);
    }
}
