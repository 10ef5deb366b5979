//! Which doors certificates of former times still open once authorities have gone.

use std::process::Command;

use serde_json::Value;

use super::{HOST, ONE_LEVEL, TWO_LEVELS, spec};
use crate::support::{Sandbox, tool};

/// State of the earlier certificates of clients, and how many hosts each still opens.
fn former(sandbox: &Sandbox) -> Vec<(String, String, usize)> {
    let status = sandbox.ok(&["status", "--all", "--format", "json"]).stdout;
    let status: Value = serde_json::from_str(&status).unwrap();
    let rows = status["certificates"].as_array().unwrap().iter();
    let former = rows.filter(|row| row["kind"] == "client" && row["current"] == false);
    former
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            let opens = row["opens"].as_array().map_or(0, Vec::len);
            (text("name"), text("state"), opens)
        })
        .collect()
}

fn row(name: &str, state: &str, opens: usize) -> (String, String, usize) {
    (name.to_owned(), state.to_owned(), opens)
}

#[test]
fn what_is_below_a_root_that_was_cut_off_is_refused() {
    let with_bob = format!("{}[clients.bob]\nissuer = \"signing\"\n", spec(ONE_LEVEL));
    let sandbox = Sandbox::with_toml(&with_bob);
    sandbox.ok(&["render", "-q"]);
    sandbox.write("mtls.toml", spec(ONE_LEVEL));
    sandbox.ok(&["ca", "rotate", "signing"]);
    sandbox.ok(&["ca", "rotate", "signing", "--activate"]);
    let run = sandbox.ok(&["render"]);
    assert!(run.stderr.contains("`bob` is not in the spec any more"), "{}", run.stderr);
    let open = [row("alice", "superseded", 1), row("bob", "orphaned", 1)];
    assert_eq!(former(&sandbox), open);
    sandbox.ok(&["ca", "rotate", "signing", "--retire", "--force"]);
    assert_eq!(former(&sandbox), [row("alice", "superseded", 0), row("bob", "orphaned", 0)]);
    let run = sandbox.ok(&["render"]);
    assert!(!run.stderr.contains("bob"), "{}", run.stderr);
}

/// The spec of `root` alone, whose client is another one.
fn without_intermediate(root: &str) -> String {
    let without = spec(root).replace("issuer = \"signing\"", "issuer = \"root\"");
    without.replace("[\"signing\"]", "[\"root\"]").replace("alice", "bob")
}

#[test]
fn a_root_that_is_renewed_without_room_for_an_intermediate_shuts_its_clients_out() {
    let sandbox = Sandbox::with_toml(&spec(TWO_LEVELS));
    sandbox.ok(&["render", "-q"]);
    let alice = sandbox.write("alice.pem", sandbox.read("pki/clients/alice/tls.crt"));
    sandbox.write("mtls.toml", without_intermediate("[cas.root]\n"));
    sandbox.ok(&["render", "-q"]);
    assert_eq!(former(&sandbox), [row("alice", "orphaned", 0)]);
    let Some(openssl) = tool("openssl") else { return };
    let root = sandbox.folder().join("pki/cas/root/tls.crt");
    let mut verify = Command::new(openssl);
    verify.args(["verify", "-CAfile"]).arg(root).arg("-untrusted").args([&alice, &alice]);
    let reported = String::from_utf8(verify.output().unwrap().stderr).unwrap();
    assert!(reported.contains("path length constraint exceeded"), "{reported}");
}

#[test]
fn an_intermediate_that_left_the_spec_still_vouches_for_its_clients() {
    let with_room = "[cas.root]\nmaxPathLen = 1\n";
    let sandbox = Sandbox::with_toml(&spec(&TWO_LEVELS.replace("[cas.root]\n", with_room)));
    sandbox.ok(&["render", "-q"]);
    sandbox.write("mtls.toml", without_intermediate(with_room));
    let run = sandbox.ok(&["render"]);
    let words = format!("its certificate still opens {HOST}");
    assert!(run.stderr.contains("`alice` is not in the spec any more"), "{}", run.stderr);
    assert!(run.stderr.replace('`', "").contains(&words), "{}", run.stderr);
    assert_eq!(former(&sandbox), [row("alice", "orphaned", 1)]);
    // Once the root answers for it, it vouches for no client.
    sandbox.ok(&["cert", "revoke", "cas/signing"]);
    assert_eq!(former(&sandbox), [row("alice", "orphaned", 0)]);
    let run = sandbox.ok(&["render"]);
    assert!(!run.stderr.contains("alice"), "{}", run.stderr);
}
