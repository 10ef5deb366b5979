//! Revoked clients are refused everywhere, and all others are admitted: ledgers, revocation lists, real handshakes.

mod choosing;
mod foreign;
mod lists;
mod refused;
mod store;

use std::fs;
use std::path::Path;

use mtlsgen::pki::crl::RevocationList;
use serde_json::Value;

use crate::handshakes::stored_client;
use crate::nginx::Nginx;
use crate::support::{Run, Sandbox, data, object, objects};

const HOST: &str = "web.example.com";

const SPEC: &str = r#"
[cas.root]
[cas.issuing]
issuer = "root"
[clients.alice]
issuer = "issuing"
[clients.bob]
issuer = "issuing"
[clients.carol]
issuer = "issuing"
[services.web]
image = "httpd"
port = 80
[hosts."web.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["issuing"]
"#;

fn issued() -> Sandbox {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q"]);
    sandbox
}

fn change(sandbox: &Sandbox, from: &str, to: &str) {
    let text = sandbox.read("mtls.toml");
    assert!(text.contains(from), "{from}");
    sandbox.write("mtls.toml", text.replace(from, to));
}

fn trust(objects: &[Value]) -> &Value {
    object(objects, "Secret", "web-example-com-tls-cacert")
}

fn lists(objects: &[Value]) -> Vec<RevocationList> {
    RevocationList::from_pem(&data(trust(objects), "ca.crl")).unwrap()
}

/// Keeps certificate and key of a client under another name, as the client itself would.
fn keep(sandbox: &Sandbox, client: &str, kept: &str) {
    for file in ["tls.crt", "tls.key"] {
        let content = sandbox.read(&format!("pki/clients/{client}/{file}"));
        sandbox.write(&format!("pki/clients/{kept}/{file}"), content);
    }
}

fn failing(run: &Run, words: &str) {
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains(words), "{}", run.stderr);
}

#[test]
fn a_serial_that_the_spec_revokes_is_reported_with_its_holder() {
    let sandbox = issued();
    let serial = sandbox.certificate("clients/alice").serial.to_string();
    change(&sandbox, "[cas.issuing]", &format!("[cas.issuing]\nrevoked = [\"0x{serial}\"]"));
    let run = sandbox.ok(&["render"]);
    let words = format!("revoked certificate {serial} of client `alice`");
    assert!(run.stderr.contains(&words), "{}", run.stderr);
}

#[test]
fn a_revoked_client_is_refused_alone() {
    let sandbox = issued();
    assert!(trust(&sandbox.render())["data"].get("ca.crl").is_none(), "nothing is revoked");
    keep(&sandbox, "alice", "kept-alice");
    sandbox.ok(&["cert", "revoke", "alice", "--reason", "keyCompromise"]);
    fs::rename(sandbox.path("pki/clients/kept-alice"), sandbox.path("kept-alice")).unwrap();
    change(&sandbox, "[clients.bob]", "[clients.bob]\nrevoked = true");
    let run = sandbox.ok(&["render"]);
    assert!(run.stderr.contains("(unspecified), as the spec says"), "{}", run.stderr);
    assert!(run.stderr.contains("was revoked (keyCompromise)"), "{}", run.stderr);
    let objects = objects(&run.stdout);
    assert_eq!(lists(&objects).len(), 2, "one of the intermediate, one of the root");
    let Some(nginx) = Nginx::serving(&objects, sandbox.folder()) else { return };
    let ask = |client| nginx.ask(HOST, &client).unwrap();
    let mut old_alice = stored_client(&sandbox, "alice");
    old_alice.certificate = Some(sandbox.path("kept-alice/tls.crt"));
    old_alice.key = Some(sandbox.path("kept-alice/tls.key"));
    let answer = ask(old_alice);
    assert_eq!(answer.status, "400", "{answer:?}");
    assert!(answer.body.contains("The SSL certificate error"), "{answer:?}");
    assert_eq!(ask(stored_client(&sandbox, "bob")).status, "400", "revoked by the spec");
    assert_eq!(ask(stored_client(&sandbox, "alice")).status, "200", "she has a new one");
    assert_eq!(ask(stored_client(&sandbox, "carol")).status, "200", "nothing is wrong with hers");
}

#[test]
fn without_an_intermediate_the_root_has_the_only_list() {
    let text = SPEC.replace("issuer = \"root\"\n", "").replace("[cas.root]\n", "");
    let sandbox = Sandbox::with_toml(&text);
    sandbox.ok(&["render", "-q"]);
    keep(&sandbox, "bob", "dave");
    sandbox.ok(&["cert", "revoke", "bob"]);
    fs::rename(sandbox.path("pki/clients/dave"), sandbox.path("dave")).unwrap();
    let objects = sandbox.render();
    assert_eq!(lists(&objects).len(), 1);
    let Some(nginx) = Nginx::serving(&objects, sandbox.folder()) else { return };
    let mut dave = stored_client(&sandbox, "bob");
    dave.certificate = Some(sandbox.path("dave/tls.crt"));
    dave.key = Some(sandbox.path("dave/tls.key"));
    assert_eq!(nginx.ask(HOST, &dave).unwrap().status, "400");
    assert_eq!(nginx.ask(HOST, &stored_client(&sandbox, "alice")).unwrap().status, "200");
}

#[test]
fn what_is_revoked_can_be_named_in_many_ways() {
    let sandbox = issued();
    let serial = sandbox.certificate("clients/alice").serial.to_string();
    let revoke = |what: &[&str]| sandbox.run(&[&["cert", "revoke"], what].concat());
    let dry = revoke(&[&serial, "--dry-run"]);
    assert!(dry.stderr.contains(&format!("would revoke certificate {serial} of client `alice`")));
    assert!(sandbox.ok(&["render", "-q", "--locked"]).stderr.is_empty());
    let lower = serial.to_lowercase();
    let colons: Vec<&str> = (0..lower.len() / 2).map(|at| &lower[2 * at..2 * at + 2]).collect();
    for what in [
        &*serial,
        &lower,
        &format!("0x{serial}"),
        &colons.join(":"),
        "alice",
        "clients/alice",
        "pki/clients/alice/tls.crt",
    ] {
        let run = revoke(&[what, "--dry-run"]);
        assert!(run.status == 0 && run.stderr.contains(&serial), "{what}: {}", run.stderr);
    }
    failing(&revoke(&["alicia"]), "error[unknown-holder]");
    failing(&revoke(&["alicia"]), "did you mean `clients/alice`");
    failing(&revoke(&["root"]), "is self-signed");
    failing(&revoke(&["web.example.com"]), "`mtlsgen cert renew hosts/web.example.com`");
    failing(&revoke(&["mtls.toml"]), "no certificate in `mtls.toml`");
    assert_eq!(revoke(&["alice", "--reason", "certificateHold"]).status, 2);
    failing(&revoke(&["alice", "nothing"]), "no holder, serial or file `nothing`");
    assert_eq!(revoke(&["alice", "--comment", "stolen \"laptop\"\n"]).status, 0);
    let again = revoke(&["alice", "--reason", "keyCompromise"]);
    assert!(again.status == 0 && again.stderr.contains("revoked already"), "{}", again.stderr);
    let records = crate::support::files(&sandbox.path("pki/cas/issuing/ledger"));
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let records: Vec<_> = records.iter().filter(|(p, _)| name(p).contains(".revoked-")).collect();
    assert_eq!(records.len(), 1);
    assert!(
        String::from_utf8_lossy(&records[0].1).contains("comment = \"stolen \\\"laptop\\\"\\n\"")
    );
}

#[test]
fn superseded_certificates_are_reported_and_revoked_with_all() {
    let sandbox = issued();
    let first = sandbox.certificate("clients/alice");
    sandbox.ok(&["cert", "renew", "alice"]);
    let second = sandbox.certificate("clients/alice");
    assert!(first.serial != second.serial && first.spki_hash != second.spki_hash);
    sandbox.ok(&["cert", "renew", "alice", "--reuse-key"]);
    assert_eq!(sandbox.certificate("clients/alice").spki_hash, second.spki_hash);
    let run = sandbox.ok(&["cert", "revoke", "alice", "--dry-run"]);
    assert!(run.stderr.contains("warning[superseded-certificates]"), "{}", run.stderr);
    assert!(run.stderr.contains("client `alice` has 2 more valid certificates"), "{}", run.stderr);
    let run = sandbox.ok(&["cert", "revoke", "--all", "alice"]);
    assert_eq!(run.stderr.matches("revoked certificate").count(), 3, "{}", run.stderr);
    let lists = lists(&sandbox.render());
    assert_eq!(lists[0].revoked.len(), 3);
    assert!(lists[0].revoked.contains_key(&first.serial));
}

#[test]
fn a_client_that_left_the_spec_is_reported_until_it_is_revoked() {
    let sandbox = issued();
    change(&sandbox, "[clients.bob]\nissuer = \"issuing\"\n", "");
    for _ in 0..2 {
        let run = sandbox.ok(&["render"]);
        assert!(run.stderr.contains("client `bob` is not in the spec any more"), "{}", run.stderr);
        assert!(run.stderr.contains("still opens `web.example.com`"), "{}", run.stderr);
        assert!(run.stderr.contains("`mtlsgen cert revoke --all clients/bob`"), "{}", run.stderr);
    }
    change(
        &sandbox,
        "clientAuth.cas = [\"issuing\"]",
        "clientAuth.cas = [\"issuing\"]\nclientAuth.allow = [\"alice\"]",
    );
    assert!(!sandbox.ok(&["render"]).stderr.contains("bob"), "`allow` keeps him out");
    change(&sandbox, "clientAuth.allow = [\"alice\"]", "");
    sandbox.ok(&["cert", "revoke", "--all", "bob"]);
    let run = sandbox.ok(&["render"]);
    assert!(!run.stderr.contains("not in the spec"), "{}", run.stderr);
    assert_eq!(lists(&objects(&run.stdout))[0].revoked.len(), 1);
}

#[test]
fn serials_in_the_spec_are_revoked_even_without_an_entry() {
    let sandbox = issued();
    let carol = sandbox.certificate("clients/carol").serial;
    let revoked = format!(
        "[cas.issuing]\nrevoked = [\"0x{carol}\", {{ serial = 4711, reason = \"keyCompromise\" }}]"
    );
    change(&sandbox, "[cas.issuing]", &revoked);
    let run = sandbox.ok(&["render"]);
    assert!(
        run.stderr.contains("revoked certificate 1267, signed by `issuing` (keyCompromise)"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("issued client `carol`: its certificate"), "{}", run.stderr);
    let list = &lists(&objects(&run.stdout))[0];
    assert_eq!(list.revoked.len(), 2);
    // The ledger remembers, regardless of the spec.
    change(&sandbox, &revoked, "[cas.issuing]");
    assert_eq!(lists(&sandbox.render())[0], *list);
    let root = sandbox.certificate("cas/root").serial;
    change(&sandbox, "[cas.root]", &format!("[cas.root]\nrevoked = [\"0x{root}\"]"));
    failing(&sandbox.run(&["render"]), "error[root-revoked]");
    failing(&sandbox.run(&["render"]), "which no revocation list can revoke");
}

#[test]
fn a_revoked_client_gets_no_certificate_and_no_secret() {
    let sandbox = Sandbox::with_toml(SPEC);
    change(
        &sandbox,
        "[clients.bob]",
        "[clients.bob]\nrevoked = \"privilegeWithdrawn\"\nsecretName = \"bob\"",
    );
    let run = sandbox.ok(&["render"]);
    assert!(run.stderr.contains("notice[revoked-client]"), "{}", run.stderr);
    assert!(run.stderr.contains("its Secret `bob` is not rendered"), "{}", run.stderr);
    assert!(!run.stdout.contains("name: bob\n"));
    assert!(!sandbox.path("pki/clients/bob").exists());
    assert!(
        trust(&objects(&run.stdout))["data"].get("ca.crl").is_none(),
        "nothing was issued to him"
    );
}

#[test]
fn a_revoked_authority_stops_everything_until_it_leaves_the_spec() {
    let sandbox = issued();
    let run = sandbox.ok(&["cert", "revoke", "issuing", "--reason", "cACompromise"]);
    assert!(run.stderr.contains("`render` refuses to continue"), "{}", run.stderr);
    failing(&sandbox.run(&["render"]), "authority `issuing` is revoked");
    let text = sandbox.read("mtls.toml").replace("issuing", "second");
    sandbox.write("mtls.toml", text);
    let objects = sandbox.render();
    let lists = lists(&objects);
    let revoked = lists.iter().map(|list| list.revoked.len()).sum::<usize>();
    assert_eq!((lists.len(), revoked), (2, 1));
    let Some(nginx) = Nginx::serving(&objects, sandbox.folder()) else { return };
    assert_eq!(nginx.ask(HOST, &stored_client(&sandbox, "alice")).unwrap().status, "200");
}
