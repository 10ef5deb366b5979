//! Authorities that are rolled over: every phase with real handshakes, and no client locked out before the end.

mod chains;
mod doors;
mod late;
mod steps;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mtlsgen::pki::certificate::Certificate;
use serde_json::Value;

use crate::handshakes::stored_client;
use crate::nginx::{ClientFiles, Nginx};
use crate::support::{Run, Sandbox, data, object, objects, output_of, tool};

const HOST: &str = "web.example.com";

/// One authority for clients, of one or two levels, another for the server.
fn spec(levels: &str) -> String {
    format!(
        "{levels}[cas.servers]\n[clients.alice]\nissuer = \"signing\"\n\
         [services.web]\nimage = \"httpd\"\nport = 80\n\
         [hosts.\"{HOST}\"]\nservice = \"web\"\ntls.issuer = \"servers\"\nclientAuth.cas = [\"signing\"]\n"
    )
}

const ONE_LEVEL: &str = "[cas.signing]\n";
const TWO_LEVELS: &str = "[cas.root]\n[cas.signing]\nissuer = \"root\"\n";

/// Certificate and key of a holder, kept as they are now.
fn keep(sandbox: &Sandbox, holder: &str, as_what: &str) -> ClientFiles {
    let copy = |file: &str| -> PathBuf {
        let text = sandbox.read(&format!("pki/{holder}/{file}"));
        sandbox.write(&format!("kept/{as_what}/{file}"), text)
    };
    ClientFiles { certificate: Some(copy("tls.crt")), key: Some(copy("tls.key")), trust: None }
}

fn bundle(objects: &[Value]) -> Vec<Certificate> {
    let secret = object(objects, "Secret", "web-example-com-tls-cacert");
    Certificate::from_pem(&data(secret, "ca.crt")).unwrap()
}

fn own(sandbox: &Sandbox, path: &str) -> Certificate {
    Certificate::from_pem(sandbox.read(path).as_bytes()).unwrap().remove(0)
}

fn failing(run: &Run, words: &str) {
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
}

/// Every file of the store but the one that notes who changed it last.
fn store(sandbox: &Sandbox) -> Vec<(PathBuf, Vec<u8>)> {
    let in_store = |path: &Path| path.starts_with(sandbox.path("pki")) && !path.ends_with(".lock");
    sandbox.files().into_iter().filter(|(path, _)| in_store(path)).collect()
}

/// What the host answers to each of these.
fn answers<'a>(
    sandbox: &Sandbox,
    objects: &[Value],
    clients: &[(&'a str, ClientFiles)],
) -> Option<Vec<(&'a str, String)>> {
    let nginx = Nginx::serving(objects, sandbox.folder())?;
    let ask =
        |(name, files): &(&'a str, ClientFiles)| (*name, nginx.ask(HOST, files).unwrap().status);
    Some(clients.iter().map(ask).collect())
}

/// Whether openssl accepts the client's chain with the bundle of these objects alone.
fn verifies(sandbox: &Sandbox, objects: &[Value], client: &ClientFiles) -> Option<bool> {
    let openssl = tool("openssl")?;
    let bundle: String = bundle(objects).iter().map(Certificate::to_pem).collect();
    let bundle = sandbox.write("bundle.pem", bundle);
    let chain = client.certificate.as_ref().unwrap();
    let mut command = Command::new(openssl);
    command.args(["verify", "-purpose", "sslclient", "-no-CApath", "-no-CAstore", "-CAfile"]);
    Some(
        command
            .arg(bundle)
            .arg("-untrusted")
            .arg(chain)
            .arg(chain)
            .output()
            .unwrap()
            .status
            .success(),
    )
}

const IN: &str = "200";
const OUT: &str = "400";

/// All phases of a rollover of `authority`, with the old client and the new one.
fn walk(levels: &str, authority: &str, reissued: bool) {
    let sandbox = Sandbox::with_toml(&spec(levels));
    let before = sandbox.render();
    let old = keep(&sandbox, "clients/alice", "old");
    let old_root = own(&sandbox, &format!("pki/cas/{authority}/tls.crt"));
    let both = |objects: &[Value]| {
        let clients = [("old", old.clone()), ("new", stored_client(&sandbox, "alice"))];
        for (name, client) in &clients {
            let accepted = verifies(&sandbox, objects, client);
            assert_ne!(accepted, Some(false), "{levels}{authority}: {name}");
        }
        answers(&sandbox, objects, &clients)
    };
    let all_in = [("old", IN.to_owned()), ("new", IN.to_owned())];
    let Some(answered) = both(&before) else { return };
    assert_eq!(answered, all_in);

    let run = sandbox.ok(&["ca", "rotate", authority]);
    assert!(run.stderr.contains("signs nothing yet"), "{}", run.stderr);
    let next = own(&sandbox, &format!("pki/cas/{authority}/next/tls.crt"));
    assert_ne!(next.spki_hash, old_root.spki_hash);
    let introduced = sandbox.ok(&["render"]);
    assert_eq!(introduced.stderr, "", "nothing is issued");
    let introduced = objects(&introduced.stdout);
    let trusted = bundle(&introduced);
    assert!(trusted.contains(&next) && trusted.contains(&old_root));
    assert!(trusted.iter().position(|c| *c == old_root) < trusted.iter().position(|c| *c == next));
    assert_eq!(both(&introduced).unwrap(), all_in);

    sandbox.ok(&["ca", "rotate", authority, "--activate"]);
    let run = sandbox.ok(&["render"]);
    assert!(run.stderr.contains("has another key now"), "{}", run.stderr);
    let active = objects(&run.stdout);
    let trusted = bundle(&active);
    assert!(trusted.contains(&next) && trusted.contains(&old_root));
    assert!(trusted.iter().position(|c| *c == next) < trusted.iter().position(|c| *c == old_root));
    let new = own(&sandbox, "pki/clients/alice/tls.crt");
    assert_eq!(new != own(&sandbox, "kept/old/tls.crt"), reissued);
    assert_eq!(both(&active).unwrap(), all_in);
    // Old objects serve new certificates as well, for clusters that apply them late.
    assert_eq!(both(&introduced).unwrap(), all_in);
    assert_eq!(sandbox.ok(&["render"]).stderr, "", "a second render changes nothing");

    if reissued {
        let before = store(&sandbox);
        let refused = sandbox.run(&["ca", "rotate", authority, "--retire"]);
        failing(&refused, "client `alice` (serial ");
        failing(&refused, "error[would-be-cut-off]");
        assert!(refused.stderr.contains("cannot retire before 2"), "{}", refused.stderr);
        assert!(before == store(&sandbox));
        let run = sandbox.ok(&["ca", "rotate", authority, "--retire", "--force"]);
        assert!(run.stderr.contains("warning[cut-off]"), "{}", run.stderr);
        assert!(run.stderr.contains("was issued another one since) is cut off"), "{}", run.stderr);
    } else {
        sandbox.ok(&["ca", "rotate", authority, "--retire"]);
    }
    let retired = sandbox.render();
    assert!(bundle(&retired).contains(&next) && !bundle(&retired).contains(&old_root));
    let clients = [("old", old.clone()), ("new", stored_client(&sandbox, "alice"))];
    let expected = [("old", if reissued { OUT } else { IN }.to_owned()), ("new", IN.to_owned())];
    assert_eq!(answers(&sandbox, &retired, &clients).unwrap(), expected);
    assert!(!sandbox.path(format!("pki/cas/{authority}/retiring")).exists());
    assert_eq!(sandbox.ok(&["render"]).stderr, "");
}

#[test]
fn a_root_that_signs_clients_is_rolled_over() {
    walk(ONE_LEVEL, "signing", true);
}

#[test]
fn an_intermediate_is_rolled_over_and_revoked_where_it_cuts_clients_off() {
    walk(TWO_LEVELS, "signing", true);
}

#[test]
fn a_root_above_an_intermediate_is_rolled_over_and_cuts_no_client_off() {
    walk(TWO_LEVELS, "root", false);
}

#[test]
fn callers_of_a_server_need_the_new_anchor_before_it_signs() {
    let sandbox = Sandbox::with_toml(&spec(ONE_LEVEL));
    sandbox.ok(&["render", "-q"]);
    let old = sandbox.write("old.pem", sandbox.read("pki/cas/servers/tls.crt"));
    let run = sandbox.ok(&["ca", "rotate", "servers"]);
    let next = sandbox.read("pki/cas/servers/next/tls.crt");
    assert!(run.stderr.contains("cas/servers/next/tls.crt`"), "{}", run.stderr);
    let both = sandbox.write("both.pem", [sandbox.read("old.pem"), next.clone()].concat());
    let next = sandbox.write("next.pem", next);
    let ask = |trust: &PathBuf| {
        let objects = sandbox.render();
        let nginx = Nginx::serving(&objects, sandbox.folder())?;
        let client = ClientFiles { trust: Some(trust.clone()), ..stored_client(&sandbox, "alice") };
        nginx.is_trusted(HOST, &client)
    };
    let Some(answered) = ask(&old) else { return };
    assert!(answered && ask(&both).unwrap() && !ask(&next).unwrap());
    sandbox.ok(&["ca", "rotate", "servers", "--activate"]);
    let run = sandbox.ok(&["render"]);
    assert!(run.stderr.contains("issued host `web.example.com`: issuer"), "{}", run.stderr);
    assert!(!ask(&old).unwrap() && ask(&both).unwrap() && ask(&next).unwrap());
    failing(&sandbox.run(&["ca", "rotate", "servers", "--retire"]), "host `web.example.com`");
    sandbox.ok(&["ca", "rotate", "servers", "--retire", "--force"]);
    assert!(ask(&both).unwrap() && ask(&next).unwrap());
}

#[test]
fn old_generations_go_by_themselves_once_their_certificates_have_expired() {
    let sandbox = Sandbox::with_toml(&spec(TWO_LEVELS));
    let at = |time: &str, arguments: &[&str]| sandbox.run(&[arguments, &["--at", time]].concat());
    assert_eq!(at("2030-01-01", &["render"]).status, 0);
    assert_eq!(at("2030-03-01", &["ca", "rotate", "signing"]).status, 0);
    assert_eq!(at("2030-04-01", &["ca", "rotate", "signing", "--activate"]).status, 0);
    failing(
        &at("2030-04-01", &["ca", "rotate", "signing", "--retire"]),
        "its holder has no newer one",
    );
    assert_eq!(at("2030-04-01", &["render"]).status, 0);
    let run = at("2030-05-01", &["ca", "rotate", "signing", "--retire"]);
    failing(&run, "cannot retire before 2030-12-31T23:55:00Z");
    let plan = at("2030-05-01", &["ca", "rotate", "signing", "--plan", "--format", "json"]);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    assert_eq!(plan["phase"], "active");
    assert_eq!(plan["steps"][0]["from"], "2030-12-31T23:55:00Z");
    assert_eq!(plan["generations"][1]["neededBy"][0]["holder"], "clients/alice");
    assert_eq!(at("2030-12-31T23:54:59Z", &["ca", "rotate", "signing", "--retire"]).status, 2);
    let run = at("2030-12-31T23:55:00Z", &["ca", "rotate", "signing", "--retire"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(!run.stderr.contains("revoked"), "no client has to be refused: {}", run.stderr);
}

#[test]
fn the_spec_gives_the_next_generation_its_subject_and_key() {
    let sandbox = Sandbox::with_toml(&spec(ONE_LEVEL));
    sandbox.ok(&["render", "-q"]);
    let wanted = "[cas.signing]\nsubject = \"CN=Clients 2\"\nprivateKey = { size = 384 }\n";
    sandbox.write("mtls.toml", spec(wanted));
    failing(&sandbox.run(&["render"]), "mtlsgen ca rotate signing");
    sandbox.ok(&["ca", "rotate", "signing"]);
    assert_eq!(sandbox.ok(&["render"]).stderr, "", "the current one keeps its own subject");
    let next = own(&sandbox, "pki/cas/signing/next/tls.crt");
    assert_eq!(next.subject.rfc2253(), "CN=Clients 2");
    // The spec moves on: what waits does not fit any more, and another one takes its place.
    sandbox.write("mtls.toml", spec(&wanted.replace("2\"", "3\"")));
    failing(&sandbox.run(&["render"]), "is not what the spec asks for");
    failing(&sandbox.run(&["ca", "rotate", "signing", "--activate"]), "cannot sign");
    let run = sandbox.ok(&["ca", "rotate", "signing"]);
    assert!(run.stderr.contains("removed the next generation"), "{}", run.stderr);
    sandbox.ok(&["ca", "rotate", "signing", "--activate"]);
    sandbox.ok(&["render", "-q"]);
    let alice = own(&sandbox, "pki/clients/alice/tls.crt");
    assert_eq!(alice.issuer.rfc2253(), "CN=Clients 3");
    // Two certificates were introduced, and the ledger forgets none.
    assert_eq!(fs::read_dir(sandbox.path("pki/cas/signing/ledger")).unwrap().count(), 5);
}

#[test]
fn both_generations_have_revocation_lists() {
    let sandbox =
        Sandbox::with_toml(&format!("{}[clients.bob]\nissuer = \"signing\"\n", spec(TWO_LEVELS)));
    sandbox.ok(&["render", "-q"]);
    let old_alice = keep(&sandbox, "clients/alice", "alice");
    let old_bob = keep(&sandbox, "clients/bob", "bob");
    sandbox.ok(&["cert", "revoke", "bob"]);
    for authority in ["root", "signing"] {
        sandbox.ok(&["ca", "rotate", authority]);
        sandbox.ok(&["render", "-q"]);
        sandbox.ok(&["ca", "rotate", authority, "--activate"]);
        let objects = sandbox.render();
        let clients = [
            ("alice's old one", old_alice.clone()),
            ("alice's new one", stored_client(&sandbox, "alice")),
            ("bob's new one", stored_client(&sandbox, "bob")),
            ("bob's revoked one", old_bob.clone()),
        ];
        let Some(answered) = answers(&sandbox, &objects, &clients) else { return };
        let statuses: Vec<&str> = answered.iter().map(|(_, status)| status.as_str()).collect();
        assert_eq!(statuses, [IN, IN, IN, OUT], "{authority}: {answered:?}");
        let before = store(&sandbox);
        assert_eq!(sandbox.ok(&["render"]).stderr, "");
        assert!(before == store(&sandbox));
    }
    if let Some(openssl) = tool("openssl") {
        let chain = old_alice.certificate.unwrap();
        let bundle: String = bundle(&sandbox.render()).iter().map(Certificate::to_pem).collect();
        let lists =
            data(object(&sandbox.render(), "Secret", "web-example-com-tls-cacert"), "ca.crl");
        let bundle = sandbox.write("bundle.pem", [bundle.into_bytes(), lists].concat());
        let mut command = Command::new(openssl);
        command.args(["verify", "-crl_check_all", "-no-CApath", "-no-CAstore", "-CAfile"]);
        output_of(command.arg(bundle).arg("-untrusted").arg(&chain).arg(&chain));
    }
}
