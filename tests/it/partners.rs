//! What has expired of one partner stops only commands that work with it; the whole is refused as ever.

use serde_json::Value;

use crate::support::{Run, Sandbox, object, objects};

/// A host of ours, one that trusts a partner with a list, one with a server certificate of others, and clients
/// below an authority that came with its key.
const SPEC: &str = r#"
[cas.clients]
[cas.partner]
certificate = "partner.pem"
crl = "partner.crl"
[cas.branch]
certificate = "branch.pem"
key = "branch.key"
[clients.alice]
issuer = "clients"
[clients.bea]
issuer = "branch"
[services.web]
image = "httpd"
port = 80
[hosts."own.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["clients"]
[hosts."both.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["clients", "partner"]
[hosts."branch.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["branch"]
[hosts."served.example.com"]
service = "web"
tls = { certificate = "served.pem", key = "served.key" }
"#;

/// The day on which all of this is made.
const DAY: &str = "2030-01-01";
/// Days on which one thing after the other is over, of what others made.
const LIST_OVER: &str = "2030-01-20";
const BRANCH_OVER: &str = "2030-03-01";
const SERVER_OVER: &str = "2030-05-01";
const PARTNER_OVER: &str = "2030-07-01";

/// What others made: a partner with a list of ten days, and shorter certificates.
fn others() -> Sandbox {
    let others = Sandbox::with_toml(
        "defaults.duration = \"90d\"\n[cas.partner]\nduration = \"150d\"\ncrl = { duration = \"10d\" }\n[cas.branch]\nduration = \"40d\"\n\
         [cas.servers]\n[clients.p]\nissuer = \"partner\"\n[services.s]\nexisting = true\nport = 80\n\
         [hosts.\"served.example.com\"]\nservice = \"s\"\ntls.issuer = \"servers\"\nclientAuth.cas = [\"partner\"]\n",
    );
    others.ok(&["render", "-q", "--at", DAY]);
    others.ok(&["cert", "revoke", "p", "--at", DAY]);
    others
}

fn made() -> Sandbox {
    let others = others();
    let theirs = objects(&others.ok(&["render", "--at", DAY]).stdout);
    let trust = object(&theirs, "Secret", "served-example-com-tls-cacert");
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.write("partner.crl", crate::support::data(trust, "ca.crl"));
    for (file, from) in [
        ("partner.pem", "cas/partner/tls.crt"),
        ("branch.pem", "cas/branch/tls.crt"),
        ("branch.key", "cas/branch/tls.key"),
        ("served.pem", "hosts/served.example.com/tls.crt"),
        ("served.key", "hosts/served.example.com/tls.key"),
    ] {
        sandbox.write(file, others.read(&format!("pki/{from}")));
    }
    sandbox.ok(&["render", "-q", "--at", DAY]);
    sandbox
}

fn refused(run: &Run, code: &str) {
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    assert!(run.stderr.contains(&format!("error[{code}]")), "{}", run.stderr);
}

/// Done, and reported as a warning.
fn done(run: &Run, code: &str) {
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains(&format!("warning[{code}]")), "{}", run.stderr);
}

#[test]
fn a_host_is_rendered_with_expired_certificates_at_others() {
    let sandbox = made();
    let render = |at: &str, more: &[&str]| sandbox.run(&[&["render", "--at", at], more].concat());
    let own = ["--host", "own.example.com"];
    let before = render(DAY, &own).stdout;
    for (at, code, host) in [
        (LIST_OVER, "expired-crl", "both.example.com"),
        (BRANCH_OVER, "expired-certificate", "branch.example.com"),
        (SERVER_OVER, "expired-certificate", "served.example.com"),
        (PARTNER_OVER, "expired-certificate", "both.example.com"),
    ] {
        refused(&render(at, &[]), code);
        refused(&render(at, &["--host", host]), code);
        refused(&render(at, &["--host", host, "--host", "own.example.com"]), code);
        refused(&render(at, &["--kind", "Secret"]), code);
        let run = render(at, &own);
        done(&run, code);
        assert_eq!(run.stdout, before, "{at}");
        for kind in ["Ingress", "Service", "deployment"] {
            done(&render(at, &["--kind", kind]), code);
        }
        done(&render(at, &["--host", "own.example.com", "--kind", "Secret"]), code);
        done(&render(at, &["--host", host, "--kind", "Ingress"]), code);
    }
    let run = render(LIST_OVER, &["--host", "nowhere.example.com"]);
    refused(&run, "unknown-selection");
}

#[test]
fn a_folder_of_manifests_keeps_what_was_not_selected() {
    let sandbox = made();
    sandbox.ok(&["render", "-q", "-o", "out", "--at", DAY]);
    let before = sandbox.files();
    let part = ["render", "-q", "-o", "out", "--host", "own.example.com", "--at"];
    sandbox.ok(&[&part[..], &[PARTNER_OVER]].concat());
    assert_eq!(sandbox.files(), before);
    sandbox.ok(&[&part[..], &[PARTNER_OVER, "--check"]].concat());
    refused(&sandbox.run(&["diff", "out", "--at", PARTNER_OVER]), "expired-certificate");
}

#[test]
fn templates_of_ones_own_may_put_certificates_anywhere() {
    let sandbox = made();
    std::fs::create_dir(sandbox.path("own")).unwrap();
    let ingress = ["render", "--kind", "Ingress", "--templates", "own", "--at", LIST_OVER];
    refused(&sandbox.run(&ingress), "expired-crl");
    sandbox.ok(&[&ingress[..], &["--host", "own.example.com"]].concat());
}

#[test]
fn only_those_with_an_expired_issuer_wait() {
    let sandbox = made();
    let renew =
        |at: &str, more: &[&str]| sandbox.run(&[&["cert", "renew", "--at", at], more].concat());
    for at in [LIST_OVER, SERVER_OVER, PARTNER_OVER] {
        done(
            &renew(at, &["alice"]),
            if at == LIST_OVER { "expired-crl" } else { "expired-certificate" },
        );
        done(&renew(at, &["cas/clients", "own.example.com"]), "expired-crl");
    }
    done(&renew(LIST_OVER, &["bea"]), "expired-crl");
    done(&renew(LIST_OVER, &["--all", "--dry-run"]), "expired-crl");
    refused(&renew(BRANCH_OVER, &["bea"]), "expired-certificate");
    refused(&renew(BRANCH_OVER, &["--all"]), "expired-certificate");
    // Hers is due, and her issuer is over.
    refused(&renew(BRANCH_OVER, &["--due"]), "expired-certificate");
    let spec = sandbox.read("mtls.toml");
    sandbox.write("mtls.toml", spec.replace("[clients.bea]\nissuer = \"branch\"\n", ""));
    done(&renew(PARTNER_OVER, &["--due"]), "expired-certificate");
}

#[test]
fn nothing_is_signed_by_an_authority_that_is_over() {
    let sandbox = made();
    let spec = sandbox.read("mtls.toml");
    let with_cid = spec.replace(
        "[clients.bea]",
        "[clients.cid]\nissuer = \"branch\"\nsecretName = \"cid\"\n[clients.dan]\nissuer = \"clients\"\n[clients.bea]",
    );
    sandbox.write("mtls.toml", with_cid);
    let run = sandbox.run(&["render", "--host", "own.example.com", "--at", BRANCH_OVER]);
    done(&run, "expired-certificate");
    assert!(run.stderr.contains("issued client `dan`"), "{}", run.stderr);
    assert!(!run.stderr.contains("`cid`") && !run.stderr.contains("`bea`"), "{}", run.stderr);
    assert!(!sandbox.path("pki/clients/cid").exists());
    assert!(!run.stdout.contains("not issued yet") && !run.stdout.contains("bm90IGlzc3VlZCB5ZXQ"));
}

#[test]
fn revocations_and_rollovers_go_on() {
    let sandbox = made();
    done_quietly(&sandbox.run(&["cert", "revoke", "bea", "--at", PARTNER_OVER]));
    done_quietly(&sandbox.run(&["cert", "revoke", "alice", "--at", PARTNER_OVER]));
    for step in [&[][..], &["--activate"], &["--plan"]] {
        let arguments = [&["ca", "rotate", "clients", "--at", PARTNER_OVER], step].concat();
        done(&sandbox.run(&arguments), "expired-certificate");
    }
    for command in [&["status"][..], &["cert", "show", "alice"], &["cert", "show", "branch"]] {
        done_quietly(&sandbox.run(&[command, &["--at", PARTNER_OVER]].concat()));
    }
}

fn done_quietly(run: &Run) {
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[test]
fn a_missing_list_stops_its_own_hosts_alone() {
    let sandbox = made();
    let spec = sandbox.read("mtls.toml");
    let apart = spec.replace("[\"clients\", \"partner\"]", "[\"clients\"]");
    sandbox.write("mtls.toml", &apart);
    sandbox.ok(&["cert", "revoke", "alice", "--at", DAY]);
    sandbox.write("mtls.toml", spec.replace("crl = \"partner.crl\"\n", ""));
    let render = |more: &[&str]| sandbox.run(&[&["render", "--at", DAY], more].concat());
    refused(&render(&[]), "crl-missing");
    refused(&render(&["--host", "both.example.com"]), "crl-missing");
    let run = render(&["--host", "own.example.com"]);
    done(&run, "crl-missing");
    assert!(run.stderr.contains("warning[crl-missing]"), "{}", run.stderr);
    let own = objects(&run.stdout);
    let trust = object(&own, "Secret", "own-example-com-tls-cacert");
    assert!(trust["data"]["ca.crl"].is_string(), "{trust}");
    let names = own.iter().map(|one| one["metadata"]["name"].as_str().unwrap());
    assert!(names.clone().all(|name| !name.contains("both")), "{:?}", names.collect::<Vec<_>>());
    let renewed = sandbox.run(&["cert", "renew", "--all", "--at", DAY]);
    done(&renewed, "crl-missing");
}

#[test]
fn secrets_that_others_fill_stop_their_own_hosts_alone() {
    let others = others();
    let theirs = objects(&others.ok(&["render", "--at", DAY]).stdout);
    let secret = |name: &str| object(&theirs, "Secret", name).clone();
    let list = serde_json::json!({
        "apiVersion": "v1", "kind": "List",
        "items": [secret("served-example-com-tls"), secret("served-example-com-tls-cacert")],
    });
    let host = |name: &str, tls: &str, auth: &str| {
        format!(
            "[hosts.\"{name}.example.com\"]\nservice = \"s\"\ntls.secretName = \"{tls}\"\nclientAuth = {auth}\n"
        )
    };
    let trust = "{ secretName = \"default/served-example-com-tls-cacert\" }";
    let sandbox = Sandbox::with_toml(&format!(
        "[services.s]\nexisting = true\nport = 80\n{}{}{}",
        host("served", "served-example-com-tls", trust),
        host("second", "second-tls", trust),
        host("third", "third-tls", "false"),
    ));
    sandbox.write("secrets.json", list.to_string());
    sandbox.may_hold_keys("secrets.json");
    let render = |at: &str, hosts: &[&str]| {
        let mut arguments = vec!["render", "--existing", "secrets.json", "--at", at];
        arguments.extend(hosts.iter().flat_map(|host| ["--host", host]));
        sandbox.run(&arguments)
    };
    // The Secrets of two hosts are not there at all.
    refused(&render(DAY, &[]), "secret-missing");
    done(&render(DAY, &["served.example.com"]), "secret-missing");
    refused(&render(LIST_OVER, &["served.example.com"]), "trust-revocation");
    // What two hosts share is reported for the one that is wanted.
    let run = render(LIST_OVER, &["second.example.com"]);
    refused(&run, "trust-revocation");
    assert!(run.stderr.contains("hosts.\"second.example.com\""), "{}", run.stderr);
    refused(&render(LIST_OVER, &["third.example.com"]), "secret-missing");
    let run = render(PARTNER_OVER, &["third.example.com"]);
    assert!(!run.stderr.contains("error[trust-"), "{}", run.stderr);
    let _: Vec<Value> = objects(&run.stdout);
}
