//! Clients that show the chain of former times, on hosts that list the root alone.

use super::{HOST, IN, OUT, answers, keep, verifies};
use crate::support::{Sandbox, objects};

/// Two intermediates below the only authority that the host lists; `eve` is there to be revoked.
fn spec() -> String {
    format!(
        "[cas.root]\n[cas.middle]\nissuer = \"root\"\n[cas.signing]\nissuer = \"middle\"\n\
         [clients.alice]\nissuer = \"signing\"\n[clients.eve]\nissuer = \"signing\"\n\
         [services.web]\nimage = \"httpd\"\nport = 80\n\
         [hosts.\"{HOST}\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"root\"]\n"
    )
}

#[test]
fn a_host_that_lists_an_authority_above_is_said_to_trust_it() {
    let sandbox = Sandbox::with_toml(&spec());
    sandbox.ok(&["render", "-q"]);
    for authority in ["root", "middle", "signing"] {
        let plan = sandbox.ok(&["ca", "rotate", authority, "--plan"]).stdout;
        assert!(plan.contains(&format!("is trusted by hosts: {HOST}")), "{plan}");
    }
    let run = sandbox.ok(&["ca", "rotate", "signing"]);
    assert!(
        run.stderr.contains("from then on 1 host admits clients of both generations"),
        "{}",
        run.stderr
    );
}

/// Rolls everything above `signing` over; clients that show the old chain are admitted after each step.
fn walk(revoked: bool) {
    let sandbox = Sandbox::with_toml(&spec());
    sandbox.ok(&["render", "-q"]);
    let old = keep(&sandbox, "clients/alice", "old");
    let eve = keep(&sandbox, "clients/eve", "eve");
    if revoked {
        sandbox.ok(&["cert", "revoke", "eve"]);
    }
    for authority in ["root", "middle"] {
        for step in [&[][..], &["--activate"], &["--retire"]] {
            sandbox.ok(&[&["ca", "rotate", authority], step].concat());
            let objects = objects(&sandbox.ok(&["render"]).stdout);
            let clients = [("alice", old.clone()), ("eve", eve.clone())];
            let accepted = verifies(&sandbox, &objects, &old);
            assert_ne!(accepted, Some(false), "{authority} {step:?}");
            let Some(answered) = answers(&sandbox, &objects, &clients) else { return };
            let expected = [("alice", IN), ("eve", if revoked { OUT } else { IN })];
            let expected = expected.map(|(name, status)| (name, status.to_owned()));
            assert_eq!(answered, expected, "{authority} {step:?}");
        }
    }
}

#[test]
fn clients_with_an_old_chain_are_admitted_after_every_step() {
    walk(false);
}

#[test]
fn clients_with_an_old_chain_are_admitted_where_lists_are_checked() {
    walk(true);
}
