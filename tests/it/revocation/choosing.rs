//! Which certificates are meant, what is reported of it, and what programs read.

use std::process::Command;

use serde_json::Value;

use super::{change, failing, issued};
use crate::support::{Sandbox, output_of, tool};

#[test]
fn a_serial_is_found_in_every_form_that_programs_print() {
    let sandbox = issued();
    change(&sandbox, "[clients.carol]", "[clients.carol]\nserial = 4660");
    sandbox.ok(&["cert", "revoke", "--all", "carol"]);
    sandbox.write("mtls.toml", sandbox.read("mtls.toml").replace("carol", "dora"));
    sandbox.ok(&["render", "-q"]);
    for form in ["1234", "0x1234", "12:34", "4660", "001234", "0X1234"] {
        let run = sandbox.ok(&["cert", "revoke", "--dry-run", form]);
        assert!(run.stderr.contains("certificate 1234 of client `dora`"), "{form}: {}", run.stderr);
    }
    failing(&sandbox.run(&["cert", "revoke", "4661"]), "there is no holder, serial or file `4661`");
}

#[test]
fn a_certificate_is_found_in_pem_der_and_on_standard_input() {
    let Some(openssl) = tool("openssl") else { return };
    let sandbox = issued();
    let words = "would revoke certificate";
    let mut convert = Command::new(openssl);
    convert.current_dir(sandbox.folder()).args(["x509", "-outform", "DER", "-out", "a.der", "-in"]);
    output_of(convert.arg("pki/clients/alice/tls.crt"));
    for file in ["a.der", "pki/clients/alice/tls.crt"] {
        let run = sandbox.ok(&["cert", "revoke", "--dry-run", file]);
        assert!(run.stderr.contains(words) && run.stderr.contains("alice"), "{}", run.stderr);
    }
    let chain = sandbox.read("pki/clients/bob/tls.crt");
    let run = sandbox.run_with_input(&["cert", "revoke", "--dry-run", "-"], chain);
    assert!(run.stderr.contains("client `bob`"), "{}", run.stderr);
    let run = sandbox.run(&["cert", "revoke", "pki/clients/alice/tls.key"]);
    failing(&run, "error[no-certificate]");
    failing(&run, "there is no certificate in `pki/clients/alice/tls.key`");
}

#[test]
fn programs_read_what_was_revoked() {
    let sandbox = issued();
    let revoke = |arguments: &[&str]| -> Value {
        let all = [&["cert", "revoke", "--format", "json"], arguments].concat();
        serde_json::from_str(&sandbox.ok(&all).stdout).unwrap()
    };
    let reported = revoke(&["alice", "bob", "--dry-run"]);
    assert_eq!(
        (&reported["dryRun"], reported["revoked"].as_array().unwrap().len()),
        (&true.into(), 2)
    );
    let serial = sandbox.certificate("clients/alice").serial.to_string();
    let reported = revoke(&["alice", "--reason", "keyCompromise", "--comment", "lost", "-q"]);
    assert_eq!(
        (&reported["reason"], &reported["comment"]),
        (&"keyCompromise".into(), &"lost".into())
    );
    let [one] = reported["revoked"].as_array().unwrap().as_slice() else { panic!("{reported}") };
    assert_eq!(one["name"], "alice");
    assert_eq!((&one["kind"], &one["issuer"]), (&"client".into(), &"issuing".into()));
    assert_eq!((&one["serial"], &one["current"]), (&serial.into(), &true.into()));
    assert_eq!(revoke(&["alice", "-q"])["revoked"], Value::Array(Vec::new()), "not twice");
}

#[test]
fn a_clock_that_is_wrong_is_reported_and_never_in_a_list() {
    let sandbox = issued();
    let run = sandbox.ok(&["cert", "revoke", "alice", "--at", "2020-01-01"]);
    assert!(run.stderr.contains("warning[clock-behind]"), "{}", run.stderr);
    sandbox.ok(&["cert", "revoke", "bob", "--at", "2027-06-01"]);
    let objects = sandbox.render();
    let list = super::lists(&objects).into_iter().find(|list| !list.revoked.is_empty()).unwrap();
    assert!(list.revoked.values().all(|entry| entry.at <= list.this_update), "{list:?}");
}

#[test]
fn processes_at_once_revoke_a_certificate_once() {
    let sandbox = issued();
    let children: Vec<_> =
        (0..6).map(|_| sandbox.command(&["cert", "revoke", "alice"]).spawn().unwrap()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let files = std::fs::read_dir(sandbox.path("pki/cas/issuing/ledger")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.contains("revoked")).count(), 1);
}

#[test]
fn a_supplied_authority_is_known_by_its_name() {
    let sandbox = Sandbox::new();
    sandbox.write("mtls.toml", "[cas.partner]\ncertificate = \"p.pem\"\n");
    for name in ["partner", "cas/partner"] {
        let run = sandbox.run(&["cert", "revoke", name]);
        failing(&run, "error[revocation-of-others]");
        failing(&run, "authority `partner` is external");
    }
    assert!(!sandbox.path("pki").exists(), "nothing is made to say so");
}

#[test]
fn a_revoked_authority_is_rolled_over_and_cuts_off_no_further_client() {
    let sandbox = issued();
    let run = sandbox.ok(&["cert", "revoke", "cas/issuing"]);
    assert!(run.stderr.contains("mtlsgen ca rotate issuing"), "{}", run.stderr);
    failing(&sandbox.run(&["render"]), "authority `issuing` is revoked");
    sandbox.ok(&["ca", "rotate", "issuing"]);
    sandbox.ok(&["ca", "rotate", "cas/issuing", "--activate"]);
    sandbox.ok(&["render", "-q"]);
    let status = sandbox.ok(&["status", "--format", "json"]).stdout;
    let status: Value = serde_json::from_str(&status).unwrap();
    let mut former = status["certificates"].as_array().unwrap().iter();
    let alice = former.find(|row| row["name"] == "alice" && row["state"] == "superseded").unwrap();
    assert_eq!(alice["opens"], Value::Array(Vec::new()), "its issuer is revoked");
    let run = sandbox.ok(&["ca", "rotate", "issuing", "--retire"]);
    assert!(run.stderr.contains("retired the generation"), "{}", run.stderr);
    assert!(!run.stderr.contains("cut off"), "{}", run.stderr);
}

#[test]
fn callers_of_a_host_learn_nothing_of_a_revocation() {
    let sandbox = Sandbox::with_toml(
        &super::SPEC
            .replace("tls.issuer = \"self-signed\"", "tls.issuer = \"servers\"")
            .replace("[cas.root]", "[cas.servers]\n[cas.root]"),
    );
    sandbox.ok(&["render", "-q"]);
    let run = sandbox.ok(&["cert", "revoke", "web.example.com"]);
    assert!(run.stderr.contains("warning[revocation-unchecked]"), "{}", run.stderr);
    assert!(run.stderr.contains("`mtlsgen ca rotate servers`"), "{}", run.stderr);
    assert!(!run.stderr.contains("it signs the revocation list"), "{}", run.stderr);
    let run = sandbox.ok(&["render"]);
    assert!(run.stderr.contains("issued host `web.example.com`"), "{}", run.stderr);
    assert!(!run.stdout.contains("ca.crl"), "no client's chain has that authority");
}
