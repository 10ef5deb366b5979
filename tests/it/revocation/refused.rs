//! A revocation that would have the next render refuse to go on is refused before it is written.

use std::process::Command;

use base64::Engine as _;

use super::{HOST, change, failing, keep};
use crate::handshakes::stored_client;
use crate::nginx::Nginx;
use crate::support::{Run, Sandbox, output_of, tool};

/// Clients of ours and a partner's behind one host, and a host of ours alone.
const SPEC: &str = r#"
[cas.clients]
[cas.staff]
[cas.partner]
certificate = "partner.pem"
[clients.alice]
issuer = "clients"
[clients.bob]
issuer = "clients"
[clients.sue]
issuer = "staff"
[services.web]
image = "httpd"
port = 80
[hosts."web.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["clients", "partner"]
[hosts."own.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["staff"]
"#;

/// What Helm's `genCA` makes: an authority that may sign certificates, and no lists.
const LIKE_HELM: &str = "digitalSignature,keyEncipherment,keyCertSign";

/// A root `NAME.pem` with its key `NAME.key`, by openssl.
fn root(sandbox: &Sandbox, name: &str, usage: &str) -> Option<()> {
    let openssl = tool("openssl")?;
    let make = format!(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 900 -keyout {name}.key -out {name}.pem -subj /CN={name} -addext keyUsage=critical,{usage}"
    );
    output_of(Command::new(openssl).current_dir(sandbox.folder()).args(make.split(' ')));
    Some(())
}

/// A client `NAME/tls.crt` of that root, with its key.
fn client_of(sandbox: &Sandbox, root: &str, name: &str) {
    let openssl = tool("openssl").unwrap();
    std::fs::create_dir(sandbox.path(name)).unwrap();
    let make = format!(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -CA {root}.pem -CAkey {root}.key -keyout {name}/tls.key -out {name}/tls.crt -subj /CN={name} -addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=clientAuth"
    );
    output_of(Command::new(openssl).current_dir(sandbox.folder()).args(make.split(' ')));
}

/// An empty list `NAME.crl` of that root.
fn list_of(sandbox: &Sandbox, root: &str) {
    let openssl = tool("openssl").unwrap();
    sandbox.write("db", "");
    sandbox.write("number", "01\n");
    sandbox.write("ca.cnf", "[ca]\ndefault_ca=x\n[x]\ndatabase=db\ncrlnumber=number\ndefault_md=sha256\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n");
    let make = format!(
        "ca -config ca.cnf -gencrl -crldays 9 -cert {root}.pem -keyfile {root}.key -out {root}.crl"
    );
    output_of(Command::new(openssl).current_dir(sandbox.folder()).args(make.split(' ')));
}

fn with_partner(usage: &str) -> Option<Sandbox> {
    let sandbox = Sandbox::with_toml(SPEC);
    root(&sandbox, "partner", usage)?;
    sandbox.may_hold_keys("partner.key");
    sandbox.ok(&["render", "-q"]);
    Some(sandbox)
}

/// Refused with these words at this place of the spec, and nothing is written.
fn refused(sandbox: &Sandbox, arguments: &[&str], words: &[&str]) -> Run {
    // Who holds the lock, or held it last.
    let files = || {
        let all = sandbox.files().into_iter();
        all.filter(|(path, _)| !path.ends_with("pki/.lock")).collect::<Vec<_>>()
    };
    let before = files();
    let run = sandbox.run(arguments);
    for words in words {
        failing(&run, words);
    }
    assert_eq!((run.stdout.as_str(), files() == before), ("", true), "{arguments:?}");
    run
}

const WAYS_OUT: [&str; 6] = [
    "error[crl-missing]: `web.example.com` checks revocation lists, once a certificate of `clients` is revoked",
    "mtls.toml:4:6",
    "`crl = \"FILE\"` under `cas.partner`",
    "trust `partner` on hosts of its own",
    "`mtlsgen ca rotate clients`",
    "in `clientAuth.cas` in place of `clients`",
];

#[test]
fn nothing_is_revoked_where_a_partner_has_no_list() {
    let Some(sandbox) = with_partner("keyCertSign,cRLSign") else { return };
    let serial = sandbox.certificate("clients/alice").serial.to_string();
    for what in ["alice", &serial, "pki/clients/alice/tls.crt"] {
        let run = refused(&sandbox, &["cert", "revoke", what], &WAYS_OUT);
        let dry = refused(&sandbox, &["cert", "revoke", what, "--dry-run"], &WAYS_OUT);
        assert_eq!(dry.stderr, run.stderr);
    }
    refused(&sandbox, &["cert", "revoke", "sue", "alice"], &WAYS_OUT[..1]);
    assert!(sandbox.ok(&["render", "--locked"]).stderr.is_empty(), "all is as it was");
    // The spec says so, render refuses with the same words, and the spec can be taken back.
    change(&sandbox, "[clients.alice]", "[clients.alice]\nrevoked = true");
    refused(&sandbox, &["render"], &WAYS_OUT);
    change(&sandbox, "revoked = true\n", "");
    // Another host's clients are another matter.
    sandbox.ok(&["cert", "revoke", "sue"]);
    sandbox.ok(&["render", "-q"]);
    // With the partner's list, all goes on.
    list_of(&sandbox, "partner");
    change(&sandbox, "\"partner.pem\"", "\"partner.pem\"\ncrl = \"partner.crl\"");
    sandbox.ok(&["cert", "revoke", "alice"]);
    sandbox.ok(&["render", "-q"]);
}

#[test]
fn hosts_of_their_own_are_a_way_out() {
    let Some(sandbox) = with_partner("keyCertSign,cRLSign") else { return };
    change(&sandbox, "\"clients\", \"partner\"", "\"clients\"");
    sandbox.write(
        "mtls.toml",
        sandbox.read("mtls.toml")
            + "[hosts.\"partner.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"partner\"]\n",
    );
    sandbox.ok(&["render", "-q"]);
    sandbox.ok(&["cert", "revoke", "alice"]);
    sandbox.ok(&["render", "-q"]);
}

#[test]
fn a_partner_that_may_sign_no_list_stops_its_own_host_alone() {
    let Some(sandbox) = with_partner(LIKE_HELM) else { return };
    let whole = sandbox.read("mtls.toml");
    sandbox.write("mtls.toml", whole.replace("\"clients\", \"partner\"", "\"clients\""));
    sandbox.ok(&["cert", "revoke", "-q", "alice"]);
    sandbox.write("mtls.toml", whole);
    refused(&sandbox, &["render"], &["error[crl-not-allowed]"]);
    let run = sandbox.ok(&["render", "--host", "own.example.com"]);
    assert!(run.stderr.contains("warning[crl-not-allowed]"), "{}", run.stderr);
}

#[test]
fn an_authority_in_the_place_of_the_other_is_a_way_out_also_afterwards() {
    let Some(sandbox) = with_partner("keyCertSign,cRLSign") else { return };
    let whole = sandbox.read("mtls.toml");
    sandbox.write("mtls.toml", whole.replace("\"clients\", \"partner\"", "\"clients\""));
    sandbox.ok(&["cert", "revoke", "alice"]);
    // A partner without a list joins those with revoked certificates.
    sandbox.write("mtls.toml", whole);
    let words = "since a certificate of `clients` is revoked";
    let run = refused(&sandbox, &["render"], &[words, "in place of `clients`"]);
    assert!(!run.stderr.contains("ca rotate"), "it is too late for that: {}", run.stderr);
    refused(&sandbox, &["cert", "revoke", "bob"], &[words]);
    let text = sandbox.read("mtls.toml").replace("[cas.clients]", "[cas.clients]\n[cas.guests]");
    let text = text.replace("[\"clients\", \"partner\"]", "[\"guests\", \"partner\"]");
    sandbox.write(
        "mtls.toml",
        text.replace("bob]\nissuer = \"clients\"", "bob]\nissuer = \"guests\""),
    );
    sandbox.ok(&["render", "-q"]);
}

#[test]
fn a_rollover_shuts_out_without_any_list() {
    let Some(sandbox) = with_partner("keyCertSign,cRLSign") else { return };
    client_of(&sandbox, "partner", "pat");
    sandbox.may_hold_keys("pat");
    keep(&sandbox, "alice", "kept");
    std::fs::rename(sandbox.path("pki/clients/kept"), sandbox.path("kept")).unwrap();
    sandbox.may_hold_keys("kept");
    for step in [&["ca", "rotate", "clients"][..], &["render", "-q"]] {
        sandbox.ok(step);
    }
    sandbox.ok(&["ca", "rotate", "clients", "--activate"]);
    sandbox.ok(&["render", "-q"]);
    sandbox.ok(&["ca", "rotate", "clients", "--retire", "--force"]);
    let objects = sandbox.render();
    let Some(nginx) = Nginx::serving(&objects, sandbox.folder()) else { return };
    let file = |folder: &str| {
        let mut client = stored_client(&sandbox, "bob");
        client.certificate = Some(sandbox.path(folder).join("tls.crt"));
        client.key = Some(sandbox.path(folder).join("tls.key"));
        nginx.ask(HOST, &client).unwrap().status
    };
    assert_eq!(file("kept"), "400", "what is in the wrong hands");
    assert_eq!(file("pki/clients/alice"), "200");
    assert_eq!(file("pki/clients/bob"), "200");
    assert_eq!(file("pat"), "200", "the partner's");
}

#[test]
fn lists_of_an_authority_that_may_sign_none_are_never_accepted() {
    let Some(sandbox) = with_partner(LIKE_HELM) else { return };
    list_of(&sandbox, "partner");
    change(&sandbox, "\"partner.pem\"", "\"partner.pem\"\ncrl = \"partner.crl\"");
    let words = "keyUsage of `CN=partner` lacks `cRLSign`";
    refused(&sandbox, &["render"], &[words, "ask the owner of that authority for a list"]);
    refused(&sandbox, &["cert", "revoke", "alice"], &[words]);
    // Measured: nginx with that very list.
    client_of(&sandbox, "partner", "pat");
    sandbox.may_hold_keys("pat");
    change(&sandbox, "crl = \"partner.crl\"", "");
    let mut objects = sandbox.render();
    let list = sandbox.read("partner.crl");
    let nginx = |objects: &[serde_json::Value]| {
        let nginx = Nginx::serving(objects, sandbox.folder())?;
        let mut pat = stored_client(&sandbox, "bob");
        pat.certificate = Some(sandbox.path("pat/tls.crt"));
        pat.key = Some(sandbox.path("pat/tls.key"));
        Some(nginx.ask(HOST, &pat).unwrap().status)
    };
    let Some(before) = nginx(&objects) else { return };
    assert_eq!(before, "200");
    let encoded = base64::engine::general_purpose::STANDARD.encode(list);
    let secret =
        objects.iter_mut().find(|one| one["metadata"]["name"] == "web-example-com-tls-cacert");
    secret.unwrap()["data"]["ca.crl"] = encoded.into();
    assert_eq!(nginx(&objects).unwrap(), "400");
}

#[test]
fn an_authority_with_its_key_that_may_sign_no_lists_is_reported_first() {
    let sandbox = Sandbox::with_toml(&SPEC.replace("\"clients\", \"partner\"", "\"partner\""));
    if root(&sandbox, "partner", LIKE_HELM).is_none() {
        return;
    }
    change(&sandbox, "\"partner.pem\"", "\"partner.pem\"\nkey = \"partner.key\"");
    change(
        &sandbox,
        "[clients.alice]\nissuer = \"clients\"",
        "[clients.alice]\nissuer = \"partner\"",
    );
    sandbox.ok(&["render", "-q"]);
    let words = "the key usage of `CN=partner` lacks cRLSign";
    refused(&sandbox, &["cert", "revoke", "alice"], &[words, "get a certificate with cRLSign"]);
    change(&sandbox, "key = \"partner.key\"", "key = \"partner.key\"\nrevoked = [4711]");
    refused(&sandbox, &["render"], &[words]);
}

#[test]
fn a_clone_without_supplied_keys_revokes_and_judges_what_is_public() {
    let sandbox = Sandbox::with_toml(SPEC);
    if root(&sandbox, "partner", "keyCertSign,cRLSign").is_none() {
        return;
    }
    sandbox.ok(&["render", "-q"]);
    let with_key = |sandbox: &Sandbox| {
        change(sandbox, "\"partner.pem\"", "\"partner.pem\"\nkey = \"partner.key\"");
    };
    let key = std::fs::read(sandbox.path("partner.key")).unwrap();
    std::fs::remove_file(sandbox.path("partner.key")).unwrap();
    refused(&sandbox, &["cert", "revoke", "alice"], &["error[crl-missing]"]);
    // With a key somewhere, the lists can be signed there.
    with_key(&sandbox);
    let run = sandbox.ok(&["cert", "revoke", "alice"]);
    assert!(run.stderr.contains("revoked certificate"), "{}", run.stderr);
    let run = sandbox.run(&["render"]);
    assert!(run.stderr.contains("cannot read `partner.key`"), "{}", run.stderr);
    sandbox.write("partner.key", key);
    sandbox.ok(&["render", "-q"]);
    change(&sandbox, "image = \"httpd\"", "image = \"httpd\"\nnobody = 1");
    refused(&sandbox, &["cert", "revoke", "bob"], &["unknown"]);
}

#[test]
fn a_new_root_is_no_way_out_for_the_key_of_an_intermediate() {
    let Some(sandbox) = with_partner("keyCertSign,cRLSign") else { return };
    let text = sandbox
        .read("mtls.toml")
        .replace("[cas.staff]", "[cas.staff]\n[cas.mid]\nissuer = \"clients\"");
    sandbox.write(
        "mtls.toml",
        text.replace("[clients.bob]\nissuer = \"clients\"", "[clients.bob]\nissuer = \"mid\""),
    );
    sandbox.ok(&["render", "-q"]);
    for what in ["cas/mid", "bob"] {
        let run =
            refused(&sandbox, &["cert", "revoke", what], &["error[crl-missing]", "in place of"]);
        assert!(!run.stderr.contains("ca rotate"), "{what}: {}", run.stderr);
    }
    refused(&sandbox, &["cert", "revoke", "alice"], &WAYS_OUT[4..]);
}

#[test]
fn without_the_key_in_the_spec_it_is_reported_that_no_list_will_name_it() {
    let sandbox = Sandbox::with_toml(&SPEC.replace("\"clients\", \"partner\"", "\"partner\""));
    if root(&sandbox, "partner", "keyCertSign,cRLSign").is_none() {
        return;
    }
    change(&sandbox, "\"partner.pem\"", "\"partner.pem\"\nkey = \"partner.key\"");
    change(
        &sandbox,
        "[clients.alice]\nissuer = \"clients\"",
        "[clients.alice]\nissuer = \"partner\"",
    );
    sandbox.ok(&["render", "-q"]);
    list_of(&sandbox, "partner");
    change(&sandbox, "key = \"partner.key\"", "crl = \"partner.crl\"");
    change(&sandbox, "[clients.alice]\nissuer = \"partner\"\n", "");
    let run = sandbox.ok(&["cert", "revoke", "--all", "alice"]);
    assert!(run.stderr.contains("warning[issuer-without-key]"), "{}", run.stderr);
    assert!(!run.stderr.contains("it signs the revocation list"), "{}", run.stderr);
}
