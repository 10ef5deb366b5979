//! Which doors certificates of former times still open once authorities have gone.

use serde_json::Value;

use super::{HOST, ONE_LEVEL, TWO_LEVELS, spec};
use crate::support::Sandbox;

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
fn what_stands_below_a_root_that_was_cut_off_opens_nothing() {
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

#[test]
fn an_intermediate_that_left_the_spec_still_vouches_for_its_clients() {
    let sandbox = Sandbox::with_toml(&spec(TWO_LEVELS));
    sandbox.ok(&["render", "-q"]);
    let without = spec("[cas.root]\n").replace("issuer = \"signing\"", "issuer = \"root\"");
    let without = without.replace("[\"signing\"]", "[\"root\"]").replace("alice", "bob");
    sandbox.write("mtls.toml", without);
    let run = sandbox.ok(&["render"]);
    let words = format!("its certificate still opens {HOST}");
    assert!(run.stderr.contains("`alice` is not in the spec any more"), "{}", run.stderr);
    assert!(run.stderr.replace('`', "").contains(&words), "{}", run.stderr);
    assert_eq!(former(&sandbox), [row("alice", "orphaned", 1)]);
    // Once the root answers for it, it vouches for nobody.
    sandbox.ok(&["cert", "revoke", "cas/signing"]);
    assert_eq!(former(&sandbox), [row("alice", "orphaned", 0)]);
    let run = sandbox.ok(&["render"]);
    assert!(!run.stderr.contains("alice"), "{}", run.stderr);
}
