//! Generations in the spec, with real handshakes: old and new clients, and those who are shut out.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{HOST, SPEC, bundle, certificates, client_files, replace, sandbox};
use crate::nginx::{ClientFiles, Nginx};
use crate::support::{Sandbox, data, object, objects, tool};

fn render(sandbox: &Sandbox) -> Vec<Value> {
    let run = sandbox.ok(&["render"]);
    assert_eq!(run.stderr, "");
    objects(&run.stdout)
}

/// What the host answers; `None` where nginx is missing.
fn answers(sandbox: &Sandbox, objects: &[Value], clients: &[&ClientFiles]) -> Option<Vec<String>> {
    let nginx = Nginx::serving(objects, sandbox.folder())?;
    Some(clients.iter().map(|files| nginx.ask(HOST, files).unwrap().status).collect())
}

/// All steps of a rollover with an old client and a new one; `left` is what the old one is answered at the end.
fn walk(spec: &str, authority: &str, left: &str) {
    let sandbox = sandbox(spec);
    let section = format!("[cas.{authority}]\n");
    let before = render(&sandbox);
    let old = client_files(&sandbox, &before, "alice", "old");
    let levels = bundle(&before).len();

    replace(&sandbox, &section, &format!("{section}trustedGenerations = [1, 2]\n"));
    let introduced = render(&sandbox);
    assert_eq!(bundle(&introduced).len(), levels + 1);
    let same = |name: &str| {
        object(&before, "Secret", name)["data"] == object(&introduced, "Secret", name)["data"]
    };
    assert!(same("alice") && same("web-example-com-tls"), "nothing is signed by the next one yet");

    replace(&sandbox, &section, &format!("{section}generation = 2\n"));
    let active = render(&sandbox);
    let new = client_files(&sandbox, &active, "alice", "new");
    let mut trusted = bundle(&active);
    assert_eq!(trusted.len(), levels + 1);
    let all = [&old, &new];
    let Some(answered) = answers(&sandbox, &introduced, &all) else { return };
    assert_eq!(answered, ["200", "200"], "{authority}: before every client has it");
    assert_eq!(answers(&sandbox, &active, &all).unwrap(), ["200", "200"], "{authority}");

    replace(&sandbox, "trustedGenerations = [1, 2]\n", "");
    let retired = render(&sandbox);
    assert_eq!(bundle(&retired).len(), levels);
    trusted.retain(|one| bundle(&retired).contains(one));
    assert_eq!(trusted.len(), levels, "nothing new comes with it");
    assert_eq!(answers(&sandbox, &retired, &all).unwrap(), [left, "200"], "{authority}");
    if authority == "signing" && levels == 2 {
        shut_out_below(&sandbox, &old, &new);
    }
}

/// Old clients of an intermediate send its old certificate, which the root vouches for until that is revoked.
fn shut_out_below(sandbox: &Sandbox, old: &ClientFiles, new: &ClientFiles) {
    let chain = std::fs::read(old.certificate.as_ref().unwrap()).unwrap();
    let chain = mtlsgen::pki::certificate::Certificate::from_pem(&chain).unwrap();
    let revoked = format!("[cas.root]\nrevoked = [\"0x{}\"]\n", chain[1].serial);
    replace(sandbox, "[cas.root]\n", &revoked);
    let objects = render(sandbox);
    assert_eq!(answers(sandbox, &objects, &[old, new]).unwrap(), ["400", "200"]);
}

#[test]
fn an_authority_is_rolled_over_by_three_edits_and_no_client_is_locked_out() {
    let one_level = SPEC.replace("[cas.root]\n", "").replace("issuer = \"root\"\n", "");
    walk(&one_level, "signing", "400");
    // Below a new root, the authority that signs keeps its key, and its new certificate is in the bundle.
    walk(SPEC, "root", "200");
    walk(SPEC, "signing", "200");
}

/// Whether openssl accepts a client with the bundle and the lists of these objects.
fn verifies(sandbox: &Sandbox, objects: &[Value], client: &Path) -> Option<bool> {
    let openssl = tool("openssl")?;
    let secret = object(objects, "Secret", "web-example-com-tls-cacert");
    let bundle = sandbox.write("bundle.pem", data(secret, "ca.crt"));
    let lists = sandbox.write("lists.pem", data(secret, "ca.crl"));
    let mut verify = Command::new(openssl);
    verify.args([
        "verify",
        "-x509_strict",
        "-crl_check_all",
        "-no-CApath",
        "-no-CAstore",
        "-CAfile",
    ]);
    verify.arg(bundle).arg("-CRLfile").arg(lists).arg("-untrusted").arg(client).arg(client);
    Some(verify.output().unwrap().status.success())
}

#[test]
fn who_is_revoked_stays_out_with_every_certificate_of_every_generation() {
    let sandbox = sandbox(SPEC);
    let before = render(&sandbox);
    let first = client_files(&sandbox, &before, "bob", "first");
    let alice = client_files(&sandbox, &before, "alice", "alice");
    // One serial, while its holder gets another certificate.
    let serial = certificates(&before, "alice", "tls.crt")[0].serial.to_string();
    replace(&sandbox, "[clients.bob]\n", "[clients.bob]\ngeneration = 2\n");
    let second = client_files(&sandbox, &render(&sandbox), "bob", "second");
    replace(&sandbox, "[cas.signing]\n", "[cas.signing]\ntrustedGenerations = [1, 2]\n");
    replace(&sandbox, "[cas.signing]\n", "[cas.signing]\ngeneration = 2\n");
    let third = client_files(&sandbox, &render(&sandbox), "bob", "third");
    replace(&sandbox, "[clients.bob]\n", "[clients.bob]\nrevoked = \"keyCompromise\"\n");
    replace(&sandbox, "secretName = \"bob\"\n", "");
    replace(&sandbox, "[cas.signing]\n", &format!("[cas.signing]\nrevoked = [\"0x{serial}\"]\n"));
    let after = render(&sandbox);
    let new = client_files(&sandbox, &after, "alice", "new");
    for (client, accepted) in
        [(&first, false), (&second, false), (&third, false), (&alice, false), (&new, true)]
    {
        let found = verifies(&sandbox, &after, client.certificate.as_ref().unwrap());
        assert!(found.is_none_or(|found| found == accepted), "{client:?}");
    }
    let clients = [&first, &second, &third, &alice, &new];
    let Some(answered) = answers(&sandbox, &after, &clients) else { return };
    assert_eq!(answered, ["400", "400", "400", "400", "200"]);
    let status = sandbox.ok(&["status"]).stdout;
    assert!(status.contains("revoked") && status.contains("crl"), "{status}");
    assert_eq!(render(&sandbox), after, "the same lists each time");
}
