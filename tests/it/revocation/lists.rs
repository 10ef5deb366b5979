//! How long lists last, when they are signed, and who may say what is in them.

use std::fs;
use std::process::Command;

use super::{HOST, SPEC, change, failing, issued, keep, lists, trust};
use crate::handshakes::stored_client;
use crate::nginx::Nginx;
use crate::support::{Sandbox, data, objects, tool};

#[test]
fn a_second_render_changes_nothing_and_needs_no_key_of_an_authority() {
    let sandbox = issued();
    sandbox.ok(&["cert", "revoke", "clients/alice"]);
    let first = sandbox.ok(&["render"]);
    let before = sandbox.files();
    let again = sandbox.ok(&["render"]);
    assert_eq!((again.stdout, again.stderr.as_str()), (first.stdout.clone(), ""));
    assert_eq!(sandbox.files(), before);
    for authority in ["root", "issuing"] {
        fs::remove_file(sandbox.path(format!("pki/cas/{authority}/tls.key"))).unwrap();
    }
    assert_eq!(sandbox.ok(&["render", "--locked"]).stdout, first.stdout);
    // A further revocation needs one, and says so; it can be entered without.
    sandbox.ok(&["cert", "revoke", "bob"]);
    let locked = sandbox.run(&["render", "--locked"]);
    assert_eq!((locked.status, locked.stdout.as_str()), (1, ""));
    assert!(
        locked.stderr.contains("`issuing`: it lacks a revoked certificate"),
        "{}",
        locked.stderr
    );
    assert_eq!(sandbox.run(&["diff", "."]).status, 1);
    failing(&sandbox.run(&["render"]), "cas/issuing/tls.key");
}

/// 2030-01-03 in seconds since 1970.
const FIRST: u64 = 1_893_628_800;

#[test]
fn lists_last_as_long_as_their_authority_unless_the_spec_says_otherwise() {
    let sandbox = Sandbox::with_toml(SPEC);
    let at = |time: &str| sandbox.ok(&["render", "--at", time]);
    at("2030-01-01");
    sandbox.ok(&["cert", "revoke", "alice", "--at", "2030-01-02"]);
    let first = lists(&objects(&at("2030-01-03").stdout));
    for (list, authority) in first.iter().zip(["issuing", "root"]) {
        let authority = sandbox.certificate(&format!("cas/{authority}"));
        assert!(list.is_signed_by(&authority));
        assert_eq!(list.end(), authority.not_after);
        assert_eq!(list.this_update.to_string(), "2030-01-02T23:55:00Z", "for late clocks");
        assert_eq!(list.number, Some(FIRST.into()), "the seconds of its day");
    }
    assert_eq!(lists(&objects(&at("2030-09-01").stdout)), first, "nothing to do");
    change(&sandbox, "[cas.root]", "[cas.root]\ncrl = { duration = \"90d\" }");
    let shorter = at("2030-09-01");
    assert!(
        shorter.stderr.contains("of authority `root`: expected to last 90d"),
        "{}",
        shorter.stderr
    );
    let shorter = lists(&objects(&shorter.stdout));
    assert_eq!((&shorter[0], &shorter[1].number), (&first[0], &Some((FIRST + 1).into())));
    assert_eq!(shorter[1].end().to_string(), "2030-11-29T23:55:00Z");
    assert_eq!(lists(&objects(&at("2030-09-02").stdout)), shorter, "once");
    sandbox.ok(&["cert", "revoke", "bob", "--at", "2030-09-02"]);
    change(
        &sandbox,
        "[cas.issuing]",
        "[cas.issuing]\ncrl = { duration = \"90d\", renewBefore = \"80d\" }",
    );
    let second = lists(&objects(&at("2030-09-02").stdout));
    assert_eq!((&second[0].number, second[0].revoked.len()), (&Some((FIRST + 1).into()), 2));
    assert_eq!(second[0].end().to_string(), "2030-11-30T23:55:00Z");
    assert_eq!(second[1], shorter[1]);
    let due = at("2030-09-13");
    assert!(
        due.stderr.contains("signed revocation list 1893628802 of authority `issuing`: due"),
        "{}",
        due.stderr
    );
    assert_eq!(lists(&objects(&due.stdout))[0].revoked, second[0].revoked);
    // Long after its end every client would be refused, and --locked does not pretend otherwise.
    let late = sandbox.run(&["render", "--locked", "--at", "2031-01-01"]);
    assert_eq!(late.status, 1);
    assert!(late.stderr.contains("every client has been refused since"), "{}", late.stderr);
}

#[test]
fn a_renewed_authority_renews_its_list() {
    let sandbox = Sandbox::with_toml(SPEC);
    let at = |time: &str| sandbox.ok(&["render", "--at", time]);
    at("2030-01-01");
    sandbox.ok(&["cert", "revoke", "alice", "--at", "2030-01-02"]);
    at("2030-01-03");
    let run = at("2039-12-20");
    assert!(
        run.stderr.contains("of authority `root`: its authority now lasts longer"),
        "{}",
        run.stderr
    );
    let lists = lists(&objects(&run.stdout));
    let root = sandbox.certificate("cas/root");
    assert_eq!(lists[1].end(), root.not_after);
    assert!(lists[0].revoked.is_empty(), "what has expired need not be named");
}

#[test]
fn openssl_verifies_with_what_the_secret_holds() {
    let Some(openssl) = tool("openssl") else { return };
    let sandbox = issued();
    keep(&sandbox, "alice", "old");
    sandbox.ok(&["cert", "revoke", "alice"]);
    fs::rename(sandbox.path("pki/clients/old"), sandbox.path("old")).unwrap();
    let objects = sandbox.render();
    for key in ["ca.crt", "ca.crl"] {
        sandbox.write(key, data(trust(&objects), key));
    }
    let verify = |leaf: &str| {
        let mut command = Command::new(&openssl);
        command.current_dir(sandbox.folder()).args(["verify", "-crl_check_all", "-CAfile"]);
        command.args(["ca.crt", "-CRLfile", "ca.crl", "-purpose", "sslclient", leaf]);
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert!(verify("pki/clients/alice/tls.crt").0 && verify("pki/clients/bob/tls.crt").0);
    let (accepted, why) = verify("old/tls.crt");
    assert!(!accepted && why.contains("certificate revoked"), "{why}");
}

#[test]
fn only_mtlsgen_adds_or_removes_revocation_lists() {
    let sandbox = issued();
    sandbox.ok(&["cert", "revoke", "alice"]);
    sandbox.ok(&["render", "-q"]);
    let foreign = issued();
    foreign.ok(&["cert", "revoke", "bob"]);
    let foreign = trust(&foreign.render())["data"]["ca.crl"].as_str().unwrap().to_owned();
    let text = sandbox.read("mtls.toml");
    for (patch, words) in [
        (format!("data: {{ca.crl: {foreign}}}"), "has no revocation list that counts"),
        ("data: {ca.crl: null}".to_owned(), "is revoked is served at `/`"),
        ("stringData: {ca.crl: x}".to_owned(), "not a PEM block `X509 CRL`"),
    ] {
        let target = "{ kind = \"Secret\", name = \"web-example-com-tls-cacert\" }";
        sandbox.write(
            "mtls.toml",
            format!("{text}\n[[patches]]\ntarget = {target}\npatch = '{patch}'\n"),
        );
        failing(&sandbox.run(&["render"]), words);
    }
    // Where nothing is revoked, no list has a place.
    let other = issued();
    let target = "{ kind = \"Secret\", name = \"web-example-com-tls-cacert\" }";
    other.write(
        "mtls.toml",
        format!("{SPEC}\n[[patches]]\ntarget = {target}\npatch = 'data: {{ca.crl: {foreign}}}'\n"),
    );
    failing(&other.run(&["render"]), "has no revocation list that counts");
}

#[test]
fn authorities_below_a_trusted_root_have_lists_too() {
    let sandbox = Sandbox::with_toml(
        &SPEC.replace("clientAuth.cas = [\"issuing\"]", "clientAuth.cas = [\"root\"]"),
    );
    sandbox.ok(&["render", "-q"]);
    keep(&sandbox, "alice", "kept");
    sandbox.ok(&["cert", "revoke", "alice"]);
    let objects = sandbox.render();
    assert_eq!(lists(&objects).len(), 2, "clients send the intermediate themselves");
    let Some(nginx) = Nginx::serving(&objects, sandbox.folder()) else { return };
    let ask = |name: &str| nginx.ask(HOST, &stored_client(&sandbox, name)).unwrap().status;
    assert_eq!(["kept", "alice", "bob"].map(ask), ["400", "200", "200"]);
}

#[test]
fn hosts_that_trust_others_have_no_lists() {
    let more = "[cas.other]\n[hosts.\"other.example.com\"]\nservice = \"web\"\n\
        tls.issuer = \"self-signed\"\nclientAuth.cas = [\"other\"]\n";
    let sandbox = Sandbox::with_toml(&format!("{SPEC}{more}"));
    sandbox.ok(&["render", "-q"]);
    sandbox.ok(&["cert", "revoke", "alice"]);
    let objects = sandbox.render();
    assert_eq!(lists(&objects).len(), 2);
    let other = crate::support::object(&objects, "Secret", "other-example-com-tls-cacert");
    assert!(other["data"].get("ca.crl").is_none());
    assert!(!sandbox.path("pki/cas/other/crl").exists());
}

#[test]
fn an_expired_list_refuses_every_client_and_a_render_repairs_it() {
    let spec = SPEC.replace("[cas.root]", "[cas.root]\ncrl = { duration = \"1h\" }");
    let sandbox = Sandbox::with_toml(&spec);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let earlier = format!("@{}", since.as_secs() - 7200);
    sandbox.ok(&["render", "-q", "--at", &earlier]);
    sandbox.ok(&["cert", "revoke", "alice", "--at", &earlier]);
    let over = objects(&sandbox.ok(&["render", "--at", &earlier]).stdout);
    let again = sandbox.ok(&["render"]);
    assert!(again.stderr.contains("authority `root`: it ended at"), "{}", again.stderr);
    let bob = stored_client(&sandbox, "bob");
    for (objects, status) in [(over, "400"), (objects(&again.stdout), "200")] {
        let Some(nginx) = Nginx::serving(&objects, sandbox.folder()) else { return };
        assert_eq!(nginx.ask(HOST, &bob).unwrap().status, status);
    }
}

#[test]
fn a_difference_shows_lists_as_facts() {
    let sandbox = issued();
    sandbox.ok(&["render", "-q", "-o", "deploy"]);
    sandbox.ok(&["cert", "revoke", "-q", "clients/alice"]);
    sandbox.ok(&["render", "-q"]);
    let run = sandbox.run(&["diff", "deploy"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    for words in ["revocation list", "number       ", "revoked      1 certificate\n"] {
        assert!(run.stdout.contains(words), "{words}\n{}", run.stdout);
    }
    let is_short = |line: &str| line.split_whitespace().all(|word| word.len() < 120);
    assert!(run.stdout.lines().all(is_short), "{}", run.stdout);
}
