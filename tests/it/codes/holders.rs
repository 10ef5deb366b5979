//! What is said of holders: when they are issued, rolled over, revoked, handed out, and taken from a cluster.

use std::fs;

use super::{SPEC, around, expect, issued, replace};
use crate::derived::{SEED, write_seed};
use crate::support::{Sandbox, finish};
use mtlsgen::time::Seconds;

#[test]
fn issuing() {
    expect(&around("", ""), &["access"], "error[to-be-issued]");
    expect(&around("", ""), &["render", "--dry-run"], "notice[to-be-issued]");
    let short = around("", "");
    replace(&short, "[cas.clients]", "[cas.clients]\nduration = \"100d\"");
    expect(&short, &["render"], "notice[shortened]");
    let issued = issued();
    expect(&issued, &["status", "--fail-within", "4000d"], "error[ends-soon]");
    let due = ["render", "--locked", "--at", &renewal(&issued)];
    expect(&issued, &due, "warning[to-be-issued]");
    let run = finish(issued.command(&["render"]).env("SOURCE_DATE_EPOCH", "x"));
    assert!(run.status == 2 && run.stderr.contains("error[clock]"), "{}", run.stderr);
}

/// When the certificate of `alice` is due, and still valid.
fn renewal(sandbox: &Sandbox) -> String {
    sandbox.certificate("clients/alice").not_after.before(Seconds::days(1)).to_string()
}

#[test]
fn clocks_that_are_behind() {
    let sandbox = around("", "");
    sandbox.ok(&["render", "-q", "--at", "2030-01-01"]);
    replace(&sandbox, "[clients.alice]", "[clients.bob]\nissuer = \"clients\"\n[clients.alice]");
    expect(&sandbox, &["render", "--at", "2029-12-31"], "error[clock-behind]");
}

#[test]
fn nothing_is_issued_without_a_name() {
    let long = format!("[clients.{}]\nissuer = \"clients\"\n", "a".repeat(65));
    for nameless in [&long, "[cas.b]\nsubject = { commonName = \"\" }\n"] {
        expect(&around("", nameless), &["render"], "error[invalid-subject]");
    }
    for name in ["subject.organizations = [\"x\"]", "dnsNames = [\"a.example.com\"]"] {
        around("", &format!("{long}{name}\n")).ok(&["render", "-q"]);
    }
}

#[test]
fn rolling_over() {
    expect(&around("", ""), &["ca", "rotate", "clients"], "error[rotation-not-issued]");
    let below = "[cas.below]\nissuer = \"clients\"\n[clients.z]\nissuer = \"below\"\n";
    let below = around("", below);
    below.ok(&["render", "-q"]);
    let late = ["ca", "rotate", "below", "--at", "2100-01-01"];
    expect(&below, &late, "error[rotation-without-issuer]");
    let supplied = around("", "[cas.p]\ncertificate = \"p.pem\"\n");
    supplied.write("p.pem", issued().read("pki/cas/clients/tls.crt"));
    replace(&supplied, "[cas.clients]", "[cas.clients]\nsubject = \"CN=own\"");
    expect(&supplied, &["ca", "rotate", "p"], "error[rotation-of-others]");
}

#[test]
fn generations_go_one_by_one() {
    let sandbox = around("", "");
    sandbox.ok(&["render", "-q", "--at", "2026-12-01"]);
    for time in ["2027-01-01", "2027-11-20"] {
        for step in [&["ca", "rotate", "clients"][..], &["ca", "rotate", "clients", "--activate"]] {
            sandbox.ok(&[step, &["-q", "--at", time]].concat());
            sandbox.ok(&["render", "-q", "--at", time]);
        }
    }
    // The certificates of the oldest generation are over, and those of the one after it are not.
    let retire = ["ca", "rotate", "clients", "--retire", "--at", "2027-12-15"];
    expect(&sandbox, &retire, "notice[still-needed]");
}

#[test]
fn a_damaged_entry_of_the_ledger() {
    let sandbox = issued();
    for step in [&["ca", "rotate", "clients"][..], &["ca", "rotate", "clients", "--activate"]] {
        sandbox.ok(&[step, &["-q"]].concat());
        sandbox.ok(&["render", "-q"]);
    }
    for (path, bytes) in sandbox.files() {
        let text = String::from_utf8_lossy(&bytes);
        if path.to_string_lossy().contains("/ledger/") && text.contains("\"alice\"") {
            fs::write(path, text.replace("CERTIFICATE-----\nMII", "CERTIFICATE-----\nAAA"))
                .unwrap();
        }
    }
    let retire = ["ca", "rotate", "clients", "--retire"];
    expect(&sandbox, &retire, "error[ledger-damaged]");
}

#[test]
fn revoking() {
    let sandbox = issued();
    let other = issued().read("pki/clients/alice/tls.crt");
    sandbox.write("other.pem", other);
    sandbox.write("alice.pem", sandbox.read("pki/clients/alice/tls.crt"));
    expect(&sandbox, &["cert", "revoke", "other.pem"], "error[unknown-certificate]");
    replace(&sandbox, "[cas.clients]", "[cas.clients]\nrevoked = [\"0x123456\"]");
    expect(&sandbox, &["render", "--dry-run"], "notice[to-be-revoked]");
    expect(&sandbox, &["render", "--locked"], "error[to-be-revoked]");
    let left = SPEC.replace("[clients.alice]\nissuer = \"clients\"\n", "");
    let left = left.replace("cas.clients", "cas.others").replace("[\"clients\"]", "[\"others\"]");
    sandbox.write("mtls.toml", left);
    expect(&sandbox, &["cert", "revoke", "alice.pem"], "warning[no-revocation-list]");
    let sandbox = issued();
    fs::remove_dir_all(sandbox.path("pki/clients/alice")).unwrap();
    expect(&sandbox, &["cert", "revoke", "alice"], "error[no-current-certificate]");
}

#[test]
fn revoking_an_authority() {
    let below = "[cas.below]\nissuer = \"clients\"\n[clients.z]\nissuer = \"below\"\n";
    let sandbox = around("", below);
    sandbox.ok(&["render", "-q"]);
    expect(&sandbox, &["cert", "revoke", "below"], "warning[authority-revoked]");
    expect(&sandbox, &["render"], "error[authority-revoked]");
}

#[test]
fn a_serial_of_two_certificates() {
    let sandbox = around("", "[cas.others]\n[clients.bob]\nissuer = \"others\"\nserial = 4711\n");
    replace(&sandbox, "[clients.alice]", "[clients.alice]\nserial = 4711");
    sandbox.ok(&["render", "-q"]);
    expect(&sandbox, &["cert", "revoke", "4711"], "error[ambiguous-serial]");
}

#[test]
fn handing_out() {
    let sandbox = issued();
    let export = ["cert", "export", "alice", "-o", "a.p12"];
    expect(&sandbox, &["cert", "export", "clients", "--as", "pem-key"], "error[export]");
    expect(&sandbox, &export, "error[password]");
    write_seed(&sandbox, "password", "p\u{e4}ssword\n");
    let export = [&export[..], &["--password-file", "password", "--force"]].concat();
    expect(&sandbox, &export, "warning[password-not-ascii]");
    let named = [&export[..], &["--friendly-name", "\u{1f511}"]].concat();
    expect(&sandbox, &named, "error[friendly-name]");
}

#[test]
fn derived_stores() {
    let sandbox = around("[store]\nkind = \"derived\"\nseedFile = \"seed\"\n", "");
    expect(&sandbox, &["render"], "error[seed]");
    write_seed(&sandbox, "seed", SEED);
    for command in [
        &["cert", "renew", "alice"][..],
        &["cert", "revoke", "alice"],
        &["ca", "rotate", "clients"],
    ] {
        expect(&sandbox, command, "error[derived-store]");
    }
    replace(&sandbox, "[cas.clients]", "[cas.b]\nsubject = { commonName = \"\" }\n[cas.clients]");
    expect(&sandbox, &["render"], "error[invalid-subject]");
}

#[test]
fn secrets_of_a_cluster() {
    let render = ["render", "--existing", "secrets.yaml"];
    let sandbox = around("", "");
    for (text, message) in [
        ("a: b: c", "error[existing-unreadable]"),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", "error[existing-nameless]"),
    ] {
        sandbox.write("secrets.yaml", text);
        expect(&sandbox, &render, message);
    }
    let rendered = issued().ok(&["render", "--kind", "Secret"]).stdout;
    let bundle = rendered.split("---\n").find(|object| object.contains("-cacert")).unwrap();
    sandbox.write("secrets.yaml", bundle);
    let ingresses = [&render[..], &["--kind", "Ingress"]].concat();
    expect(&sandbox, &ingresses, "error[existing-selection]");
}

#[test]
fn a_secret_that_others_fill() {
    let signed = SPEC
        .replace("\"self-signed\"", "\"clients\"")
        .replace("clientAuth.cas = [\"clients\"]", "clientAuth = false");
    let issuer = Sandbox::with_toml(&signed);
    let secrets = issuer.ok(&["render", "--kind", "Secret", "--at", "2026-12-01"]).stdout;
    let named =
        signed.replace("tls.issuer = \"clients\"", "tls.secretName = \"web-example-com-tls\"");
    let sandbox = Sandbox::with_toml(&named);
    sandbox.write("secrets.yaml", secrets);
    let render = ["render", "--existing", "secrets.yaml", "--at", "2027-11-29"];
    expect(&sandbox, &render, "warning[ends-soon]");
    expect(&sandbox, &render, "notice[incomplete-chain]");
}

#[test]
fn copies_of_a_secret_with_a_hash_in_its_name() {
    let sandbox = around("[secrets]\nnameSuffixHash = true\n", "");
    let first = sandbox.ok(&["render", "--kind", "Secret"]).stdout;
    sandbox.ok(&["ca", "rotate", "clients", "-q"]);
    let second = sandbox.ok(&["render", "--kind", "Secret"]).stdout;
    fs::remove_dir_all(sandbox.path("pki")).unwrap();
    let bundles = [first, second].map(|text| {
        let bundle = text.split("---\n").find(|object| object.contains("-cacert")).unwrap();
        bundle.to_owned()
    });
    sandbox.write("secrets.yaml", bundles.join("---\n"));
    let render = ["render", "--existing", "secrets.yaml"];
    expect(&sandbox, &render, "error[existing-ambiguous]");
}

#[test]
fn messages_for_programs() {
    let run = around("", "").ok(&["render", "--message-format", "json"]);
    let code = "\"code\":\"done\"";
    assert_eq!(run.stderr.matches(code).count(), 3, "{}", run.stderr);
}

#[test]
fn importing() {
    let sandbox = Sandbox::new();
    sandbox.write("old/notes.txt", "nothing");
    expect(&sandbox, &["import", "old"], "error[nothing-found]");
}
