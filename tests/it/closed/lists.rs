//! Hosts with a list of clients: the list keeps out no client of another authority who has a subject of it, and no revoked one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Refused;
use crate::support::Sandbox;

const SPEC: &str = r#"
[cas.root]
[cas.team]
issuer = "root"
[cas.others]
[services.web]
existing = true
port = 80
[hosts."a.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["CA"]
clientAuth.allow = ["alice", "bob"]
[clients.alice]
issuer = "team"
[clients.bob]
issuer = "team"
[clients.carol]
issuer = "team"
"#;
const BUNDLE: &str = "a-example-com-tls-cacert";

/// The spec whose host lists that authority, with everything issued.
fn issued(authority: &str) -> (Sandbox, String) {
    let spec = SPEC.replace("CA", authority);
    let sandbox = Sandbox::with_toml(&spec);
    sandbox.ok(&["render"]);
    (sandbox, spec)
}

/// A patch that sets keys of the trust Secret, as JSON.
fn patched(spec: &str, data: &str) -> String {
    format!(
        "{spec}[[patches]]\ntarget = {{ kind = \"Secret\", name = \"{BUNDLE}\" }}\npatch = '''{{\"data\": {data}}}'''\n"
    )
}

fn encoded(sandbox: &Sandbox, file: &str) -> String {
    STANDARD.encode(sandbox.read(file))
}

#[test]
fn a_bundle_of_another_authority_admits_its_clients_by_name_and_locks_out_the_others() {
    let mut refused = Refused::default();
    for authority in ["root", "team"] {
        let (sandbox, spec) = issued(authority);
        let others = encoded(&sandbox, "pki/cas/others/tls.crt");
        sandbox.write("mtls.toml", patched(&spec, &format!("{{\"ca.crt\": \"{others}\"}}")));
        let words = ["a client below `CN=others`", "besides, client `alice` is refused"];
        refused.expect(authority, &sandbox, &words);
    }
}

#[test]
fn a_second_authority_in_the_bundle_admits_its_clients_by_name() {
    let mut refused = Refused::default();
    let (sandbox, spec) = issued("team");
    let text: String = ["team", "root", "others"]
        .map(|name| sandbox.read(&format!("pki/cas/{name}/tls.crt")))
        .concat();
    let both = STANDARD.encode(text);
    sandbox.write("mtls.toml", patched(&spec, &format!("{{\"ca.crt\": \"{both}\"}}")));
    refused.expect("both", &sandbox, &["a client below `CN=others`"]);
}

#[test]
fn without_its_revocation_list_a_host_admits_who_was_revoked() {
    let mut refused = Refused::default();
    for authority in ["root", "team"] {
        let (sandbox, spec) = issued(authority);
        sandbox.ok(&["cert", "revoke", "clients/carol"]);
        sandbox.ok(&["render"]);
        sandbox.write("mtls.toml", patched(&spec, "{\"ca.crl\": null}"));
        refused.expect(authority, &sandbox, &["revoked"]);
    }
}

#[test]
fn a_bundle_that_changes_below_a_list_is_a_change_of_access() {
    let (sandbox, _) = issued("team");
    let before = sandbox.ok(&["render"]).stdout;
    let own = encoded(&sandbox, "pki/cas/team/tls.crt");
    assert!(!own.is_empty());
    let bundle: String =
        ["team", "root"].map(|name| sandbox.read(&format!("pki/cas/{name}/tls.crt"))).concat();
    let others = encoded(&sandbox, "pki/cas/others/tls.crt");
    let after = before.replace(&STANDARD.encode(bundle), &others);
    assert_ne!(before, after, "the bundle is the authority and its root");
    sandbox.write("before.yaml", before);
    sandbox.write("after.yaml", after);
    let run = sandbox.run(&["access", "--diff", "before.yaml", "after.yaml"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    let line = run.stdout.lines().find(|line| line.contains("CN=alice below CN=others"));
    let line = line.unwrap_or_else(|| panic!("{}", run.stdout));
    assert!(line.contains("refused") && line.contains("reaches"), "{line}");
}
