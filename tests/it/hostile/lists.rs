//! Revocation lists that are gone: a verifier that has an older one with a higher number would keep that.

use std::fs;

use super::TWO_CLIENTS as SPEC;
use crate::support::Sandbox;

fn number(said: &str) -> u64 {
    let behind = said.split("signed revocation list ").nth(1).unwrap_or_else(|| panic!("{said}"));
    behind.split(' ').next().unwrap().parse().unwrap()
}

/// A commit removes `crl` from the repository, and the next render signs a list (RFC 5280, section 5.2.3).
#[test]
fn numbers_do_not_begin_again_where_lists_are_gone() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q", "--at", "2030-01-01"]);
    sandbox.ok(&["cert", "revoke", "-q", "alice", "--at", "2030-01-02"]);
    let mut last = number(&sandbox.ok(&["render", "--at", "2030-01-02"]).stderr);
    for revoked in ["bob", "alice", "bob"] {
        sandbox.ok(&["cert", "revoke", "-q", revoked, "--at", "2030-01-02"]);
        let next = number(&sandbox.ok(&["render", "--at", "2030-01-02"]).stderr);
        assert_eq!(next, last + 1);
        last = next;
    }
    fs::remove_dir_all(sandbox.path("pki/cas/clients/crl")).unwrap();
    let again = number(&sandbox.ok(&["render", "--at", "2030-01-03"]).stderr);
    assert!(again > last, "{again} after {last}");
}
