//! Who is revoked gets in nowhere, and everybody else does: ledgers, revocation lists, real handshakes.

use std::fs;
use std::path::Path;
use std::process::Command;

use mtlsgen::pki::certificate::Certificate;
use mtlsgen::pki::crl::RevocationList;
use serde_json::Value;

use crate::handshakes::stored_client;
use crate::nginx::Nginx;
use crate::support::{Run, Sandbox, data, object, objects, output_of, tool};

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

fn certificate(sandbox: &Sandbox, holder: &str) -> Certificate {
    let text = sandbox.read(&format!("pki/{holder}/tls.crt"));
    Certificate::from_pem(text.as_bytes()).unwrap().remove(0)
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
fn a_revoked_client_is_refused_and_nobody_else() {
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

#[test]
fn lists_last_as_long_as_their_authority_unless_the_spec_says_otherwise() {
    let sandbox = Sandbox::with_toml(SPEC);
    let at = |time: &str| sandbox.ok(&["render", "--at", time]);
    at("2030-01-01");
    sandbox.ok(&["cert", "revoke", "alice", "--at", "2030-01-02"]);
    let first = lists(&objects(&at("2030-01-03").stdout));
    for (list, authority) in first.iter().zip(["issuing", "root"]) {
        let authority = certificate(&sandbox, &format!("cas/{authority}"));
        assert!(list.is_signed_by(&authority));
        assert_eq!(list.next_update, authority.not_after);
        assert_eq!(list.this_update.to_string(), "2030-01-02T23:55:00Z", "for late clocks");
        assert_eq!(list.number, Some(1));
    }
    assert_eq!(lists(&objects(&at("2030-09-01").stdout)), first, "nothing to do");
    change(&sandbox, "[cas.root]", "[cas.root]\ncrl = { duration = \"90d\" }");
    assert_eq!(lists(&objects(&at("2030-09-01").stdout)), first, "they last longer");
    sandbox.ok(&["cert", "revoke", "bob", "--at", "2030-09-02"]);
    change(
        &sandbox,
        "[cas.issuing]",
        "[cas.issuing]\ncrl = { duration = \"90d\", renewBefore = \"80d\" }",
    );
    let second = lists(&objects(&at("2030-09-02").stdout));
    assert_eq!((second[0].number, second[0].revoked.len()), (Some(2), 2));
    assert_eq!(second[0].next_update.to_string(), "2030-11-30T23:55:00Z");
    assert_eq!(second[1], first[1]);
    let due = at("2030-09-13");
    assert!(
        due.stderr.contains("signed revocation list 3 of authority `issuing`: due"),
        "{}",
        due.stderr
    );
    assert_eq!(lists(&objects(&due.stdout))[0].revoked, second[0].revoked);
    // Long after its end everybody would be refused, and --locked does not pretend otherwise.
    let late = sandbox.run(&["render", "--locked", "--at", "2031-01-01"]);
    assert_eq!(late.status, 1);
    assert!(late.stderr.contains("every client is refused since"), "{}", late.stderr);
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
        run.stderr.contains("of authority `root`: its authority lasts longer"),
        "{}",
        run.stderr
    );
    let lists = lists(&objects(&run.stdout));
    let root = certificate(&sandbox, "cas/root");
    assert_eq!(lists[1].next_update, root.not_after);
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
fn what_is_revoked_can_be_named_in_many_ways() {
    let sandbox = issued();
    let serial = certificate(&sandbox, "clients/alice").serial.to_string();
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
        "client/alice",
        "pki/clients/alice/tls.crt",
    ] {
        let run = revoke(&[what, "--dry-run"]);
        assert!(run.status == 0 && run.stderr.contains(&serial), "{what}: {}", run.stderr);
    }
    failing(&revoke(&["alicia"]), "did you mean `alice`");
    failing(&revoke(&["root"]), "signed itself");
    failing(&revoke(&["web.example.com"]), "`mtlsgen cert renew`");
    failing(&revoke(&["mtls.toml"]), "no PEM certificate");
    assert_eq!(revoke(&["alice", "--reason", "certificateHold"]).status, 2);
    failing(&revoke(&["alice", "nobody"]), "no holder, serial or file `nobody`");
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
fn superseded_certificates_are_told_and_revoked_with_all() {
    let sandbox = issued();
    let first = certificate(&sandbox, "clients/alice");
    sandbox.ok(&["cert", "renew", "alice"]);
    let second = certificate(&sandbox, "clients/alice");
    assert!(first.serial != second.serial && first.spki_hash != second.spki_hash);
    sandbox.ok(&["cert", "renew", "alice", "--reuse-key"]);
    assert_eq!(certificate(&sandbox, "clients/alice").spki_hash, second.spki_hash);
    let run = sandbox.ok(&["cert", "revoke", "alice", "--dry-run"]);
    assert!(run.stderr.contains("client `alice` has 2 more valid certificates"), "{}", run.stderr);
    let run = sandbox.ok(&["cert", "revoke", "--all", "alice"]);
    assert_eq!(run.stderr.matches("revoked certificate").count(), 3, "{}", run.stderr);
    let lists = lists(&sandbox.render());
    assert_eq!(lists[0].revoked.len(), 3);
    assert!(lists[0].revoked.contains_key(&first.serial));
}

#[test]
fn a_client_that_left_the_spec_is_told_until_it_is_revoked() {
    let sandbox = issued();
    change(&sandbox, "[clients.bob]\nissuer = \"issuing\"\n", "");
    for _ in 0..2 {
        let run = sandbox.ok(&["render"]);
        assert!(run.stderr.contains("client `bob` is not in the spec any more"), "{}", run.stderr);
        assert!(run.stderr.contains("still opens `web.example.com`"), "{}", run.stderr);
        assert!(run.stderr.contains("`mtlsgen cert revoke --all bob`"), "{}", run.stderr);
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
    let carol = certificate(&sandbox, "clients/carol").serial;
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
    // The ledger remembers, whatever becomes of the spec.
    change(&sandbox, &revoked, "[cas.issuing]");
    assert_eq!(lists(&sandbox.render())[0], *list);
    let root = certificate(&sandbox, "cas/root").serial;
    change(&sandbox, "[cas.root]", &format!("[cas.root]\nrevoked = [\"0x{root}\"]"));
    failing(&sandbox.run(&["render"]), "which nobody can revoke");
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
    assert!(run.stderr.contains("render refuses to go on"), "{}", run.stderr);
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

#[test]
fn authorities_without_their_keys_bring_their_lists() {
    let partner = Sandbox::with_toml(
        "[cas.top]\n[cas.partner]\nissuer = \"top\"\ncrl = { duration = \"2d\" }\n[clients.p]\nissuer = \"partner\"\n[clients.q]\nissuer = \"partner\"\n[services.s]\nexisting = true\nport = 80\n[hosts.\"x.example.com\"]\nservice = \"s\"\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"partner\"]\n",
    );
    partner.ok(&["render", "-q"]);
    let sandbox = issued();
    let chain = [partner.read("pki/cas/partner/tls.crt"), partner.read("pki/cas/top/tls.crt")];
    sandbox.write("partner.pem", chain.concat());
    change(
        &sandbox,
        "[clients.alice]",
        "[cas.partner]\ncertificate = \"partner.pem\"\n[clients.alice]",
    );
    change(&sandbox, "cas = [\"issuing\"]", "cas = [\"issuing\", \"partner\"]");
    sandbox.ok(&["render", "-q"]);
    sandbox.ok(&["cert", "revoke", "alice"]);
    let run = sandbox.run(&["render"]);
    failing(&run, "there is no revocation list of `CN=partner`");
    assert!(run.stderr.contains("`crl = \"FILE\"` under `cas.partner`"), "{}", run.stderr);
    // The partner's own lists, and those of its root.
    partner.ok(&["cert", "revoke", "q"]);
    let theirs = objects(&partner.ok(&["render"]).stdout);
    let theirs = data(object(&theirs, "Secret", "x-example-com-tls-cacert"), "ca.crl");
    sandbox.write("partner.crl", &theirs);
    change(
        &sandbox,
        "certificate = \"partner.pem\"",
        "certificate = \"partner.pem\"\ncrl = \"partner.crl\"",
    );
    let objects = sandbox.render();
    assert_eq!(lists(&objects).len(), 4);
    let Some(nginx) = Nginx::serving(&objects, sandbox.folder()) else { return };
    let ask = |sandbox: &Sandbox, name: &str| {
        nginx.ask(HOST, &stored_client(sandbox, name)).unwrap().status
    };
    assert_eq!(ask(&sandbox, "bob"), "200");
    assert_eq!(ask(&partner, "p"), "200");
    // Over, or of somebody else: not to be handed over.
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let later = format!("@{}", seconds.as_secs() + 10 * 86_400);
    let run = sandbox.run(&["render", "--at", &later]);
    failing(&run, "ended at");
    let own = data(trust(&objects), "ca.crl");
    sandbox.write("partner.crl", own);
    failing(&sandbox.run(&["render"]), "was not signed by this authority");
}

#[test]
fn an_authority_with_its_key_signs_its_lists_under_its_very_name() {
    let Some(openssl) = tool("openssl") else { return };
    let sandbox = Sandbox::new();
    let make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 900 -keyout k.pem -out c.pem -subj /OU=b/CN=Old/OU=a/O=x -addext keyUsage=critical,keyCertSign,cRLSign";
    output_of(Command::new(&openssl).current_dir(sandbox.folder()).args(make.split(' ')));
    sandbox.write(
        "mtls.toml",
        SPEC.replace("[cas.root]\n", "")
            .replace("issuer = \"root\"\n", "certificate = \"c.pem\"\nkey = \"k.pem\"\n"),
    );
    sandbox.ok(&["render", "-q"]);
    sandbox.ok(&["cert", "revoke", "bob"]);
    let objects = sandbox.render();
    let list = &lists(&objects)[0];
    let own = Certificate::from_pem(sandbox.read("c.pem").as_bytes()).unwrap().remove(0);
    assert_eq!((list.issuer.der(), list.is_signed_by(&own)), (own.subject.der(), true));
    let Some(nginx) = Nginx::serving(&objects, sandbox.folder()) else { return };
    assert_eq!(nginx.ask(HOST, &stored_client(&sandbox, "alice")).unwrap().status, "200");
}

#[test]
fn nobody_else_fills_in_or_takes_away_revocation_lists() {
    let sandbox = issued();
    sandbox.ok(&["cert", "revoke", "alice"]);
    sandbox.ok(&["render", "-q"]);
    let foreign = issued();
    foreign.ok(&["cert", "revoke", "bob"]);
    let foreign = trust(&foreign.render())["data"]["ca.crl"].as_str().unwrap().to_owned();
    let text = sandbox.read("mtls.toml");
    for (patch, words) in [
        (format!("data: {{ca.crl: {foreign}}}"), "something else under `ca.crl`"),
        ("data: {ca.crl: null}".to_owned(), "has no `ca.crl`"),
        ("stringData: {ca.crl: x}".to_owned(), "no PEM block `X509 CRL`"),
    ] {
        let target = "{ kind = \"Secret\", name = \"web-example-com-tls-cacert\" }";
        sandbox.write(
            "mtls.toml",
            format!("{text}\n[[patches]]\ntarget = {target}\npatch = '{patch}'\n"),
        );
        failing(&sandbox.run(&["render"]), words);
    }
    // Where nothing is revoked, nobody's list has a place.
    let other = issued();
    let target = "{ kind = \"Secret\", name = \"web-example-com-tls-cacert\" }";
    other.write(
        "mtls.toml",
        format!("{SPEC}\n[[patches]]\ntarget = {target}\npatch = 'data: {{ca.crl: {foreign}}}'\n"),
    );
    failing(&other.run(&["render"]), "something else under `ca.crl`");
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(folder).args(["-c", "user.name=t", "-c", "user.email=t@example.com"]);
    output_of(command.args(arguments))
}

#[test]
fn two_branches_that_issue_and_revoke_merge_without_conflict_and_without_loss() {
    if crate::support::optional_tool("git").is_none() {
        return;
    }
    let sandbox = issued();
    let folder = sandbox.folder();
    let serial = |name: &str| certificate(&sandbox, &format!("clients/{name}")).serial;
    let gone = ["alice", "bob", "carol"].map(serial);
    change(&sandbox, "[clients.carol]\nissuer = \"issuing\"\n", "");
    git(folder, &["init", "-q", "-b", "main"]);
    let commit = |words: &str| {
        git(folder, &["add", "-A"]);
        git(folder, &["commit", "-q", "-m", words]);
    };
    commit("first");
    assert!(!git(folder, &["ls-files"]).contains(".key"));
    for (branch, client, revoked) in [("one", "dave", "alice"), ("two", "erin", "bob")] {
        git(folder, &["checkout", "-q", "-b", branch, "main"]);
        let more = format!("{branch}.toml");
        sandbox.write(&more, format!("[clients.{client}]\nissuer = \"issuing\"\n"));
        sandbox.ok(&["cert", "revoke", revoked, "--comment", branch]);
        // The same certificate on both branches, each with its own words.
        sandbox.ok(&["cert", "revoke", "carol", "--all", "--comment", branch]);
        sandbox.ok(&["render", "-q", "-f", "mtls.toml", "-f", &more]);
        commit(branch);
    }
    git(folder, &["checkout", "-q", "main"]);
    git(folder, &["merge", "-q", "--no-edit", "one"]);
    git(folder, &["merge", "-q", "--no-edit", "two"]);
    assert_eq!(fs::read_dir(sandbox.path("pki/cas/issuing/crl")).unwrap().count(), 2);
    let files = ["-f", "mtls.toml", "-f", "one.toml", "-f", "two.toml"];
    let run = sandbox.ok(&[&["render"][..], &files].concat());
    assert!(run.stderr.contains("it lacks a revoked certificate"), "{}", run.stderr);
    assert!(!run.stderr.contains("issued"), "{}", run.stderr);
    let list = &lists(&objects(&run.stdout))[0];
    assert_eq!(list.number, Some(2));
    assert_eq!(
        list.revoked.keys().collect::<std::collections::BTreeSet<_>>(),
        gone.iter().collect()
    );
    let store =
        mtlsgen::io::store::Store::open(sandbox.path("pki"), std::time::Duration::ZERO, |_| {});
    let ledger = store.ledger().unwrap();
    let count = |name: &str| ledger.entries.iter().filter(|e| e.holder.name() == name).count();
    assert_eq!(["alice", "bob", "carol", "dave", "erin"].map(count), [2, 2, 1, 1, 1]);
}

#[test]
fn damage_in_a_ledger_stops_everything() {
    for (file, content, words) in [
        ("0A.toml", "<<<<<<< HEAD\n", "is not a ledger entry"),
        ("0A.revoked-0011223344556677.toml", "reason = 1\n", "is not a revocation"),
    ] {
        let sandbox = issued();
        sandbox.write(&format!("pki/cas/issuing/ledger/{file}"), content);
        for command in [&["render"][..], &["status"], &["cert", "revoke", "alice"]] {
            failing(&sandbox.run(command), words);
        }
    }
    let sandbox = issued();
    sandbox.write("pki/cas/root/crl/1-0011223344556677.pem", "x");
    failing(&sandbox.run(&["render"]), "is no revocation list");
}

#[test]
fn a_read_only_store_refuses_and_stays_as_it_is() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = issued();
    let ledger = sandbox.path("pki/cas/issuing/ledger");
    let set = |mode| fs::set_permissions(&ledger, fs::Permissions::from_mode(mode)).unwrap();
    set(0o500);
    if fs::write(ledger.join("probe"), "").is_ok() {
        // Root may write everywhere.
        fs::remove_file(ledger.join("probe")).unwrap();
        set(0o700);
        return;
    }
    let before = sandbox.files();
    failing(&sandbox.run(&["cert", "revoke", "alice"]), "give the user who runs mtlsgen access");
    set(0o700);
    let store = |files: Vec<(std::path::PathBuf, Vec<u8>)>| {
        let kept = files.into_iter().filter(|(path, _)| !path.ends_with(".generation"));
        kept.collect::<Vec<_>>()
    };
    assert_eq!(store(before), store(sandbox.files()));
    sandbox.ok(&["cert", "revoke", "alice"]);
}
