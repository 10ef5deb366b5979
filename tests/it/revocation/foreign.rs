//! Authorities that were supplied, with and without their keys.

use std::process::Command;

use mtlsgen::pki::certificate::Certificate;

use super::{HOST, SPEC, change, failing, issued, lists, trust};
use crate::handshakes::stored_client;
use crate::nginx::Nginx;
use crate::support::{Sandbox, data, object, objects, output_of, tool};

#[test]
fn authorities_without_their_keys_bring_their_lists() {
    let partner = Sandbox::with_toml(
        "[cas.top]\n[cas.partner]\nissuer = \"top\"\ncrl = { duration = \"2d\" }\n[clients.p]\nissuer = \"partner\"\n[clients.q]\nissuer = \"partner\"\n[services.s]\nexisting = true\nport = 80\n[hosts.\"x.example.com\"]\nservice = \"s\"\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"partner\"]\n",
    );
    partner.ok(&["render", "-q"]);
    let sandbox = issued();
    let chain = [partner.read("pki/cas/partner/tls.crt"), partner.read("pki/cas/top/tls.crt")];
    sandbox.write("partner.pem", chain.concat());
    change(
        &sandbox,
        "[clients.alice]",
        "[cas.partner]\ncertificate = \"partner.pem\"\n[clients.alice]",
    );
    change(&sandbox, "cas = [\"issuing\"]", "cas = [\"issuing\", \"partner\"]");
    sandbox.ok(&["render", "-q"]);
    let run = sandbox.run(&["cert", "revoke", "alice"]);
    failing(&run, "there is no revocation list of `CN=partner`");
    assert!(run.stderr.contains("`crl = \"FILE\"` under `cas.partner`"), "{}", run.stderr);
    // The partner's own lists, and those of its root.
    partner.ok(&["cert", "revoke", "q"]);
    let theirs = objects(&partner.ok(&["render"]).stdout);
    let theirs = data(object(&theirs, "Secret", "x-example-com-tls-cacert"), "ca.crl");
    sandbox.write("partner.crl", &theirs);
    change(
        &sandbox,
        "certificate = \"partner.pem\"",
        "certificate = \"partner.pem\"\ncrl = \"partner.crl\"",
    );
    sandbox.ok(&["cert", "revoke", "alice"]);
    let objects = sandbox.render();
    assert_eq!(lists(&objects).len(), 4);
    let Some(nginx) = Nginx::serving(&objects, sandbox.folder()) else { return };
    let ask = |sandbox: &Sandbox, name: &str| {
        nginx.ask(HOST, &stored_client(sandbox, name)).unwrap().status
    };
    assert_eq!(ask(&sandbox, "bob"), "200");
    assert_eq!(ask(&partner, "p"), "200");
    // Expired, or of another authority: not to be handed over.
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let later = format!("@{}", seconds.as_secs() + 10 * 86_400);
    let run = sandbox.run(&["render", "--at", &later]);
    failing(&run, "ended at");
    let own = data(trust(&objects), "ca.crl");
    sandbox.write("partner.crl", own);
    failing(&sandbox.run(&["render"]), "error[foreign-crl]");
    failing(&sandbox.run(&["render"]), "was not signed by this authority");
}

#[test]
fn an_authority_with_its_key_signs_its_lists_under_its_very_name() {
    let Some(openssl) = tool("openssl") else { return };
    let sandbox = Sandbox::new();
    let make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 900 -keyout k.pem -out c.pem -subj /OU=b/CN=Old/OU=a/O=x -addext keyUsage=critical,keyCertSign,cRLSign";
    output_of(Command::new(&openssl).current_dir(sandbox.folder()).args(make.split(' ')));
    sandbox.write(
        "mtls.toml",
        SPEC.replace("[cas.root]\n", "")
            .replace("issuer = \"root\"\n", "certificate = \"c.pem\"\nkey = \"k.pem\"\n"),
    );
    sandbox.ok(&["render", "-q"]);
    sandbox.ok(&["cert", "revoke", "bob"]);
    let objects = sandbox.render();
    let list = &lists(&objects)[0];
    let own = Certificate::from_pem(sandbox.read("c.pem").as_bytes()).unwrap().remove(0);
    assert_eq!((list.issuer.der(), list.is_signed_by(&own)), (own.subject.der(), true));
    let Some(nginx) = Nginx::serving(&objects, sandbox.folder()) else { return };
    assert_eq!(nginx.ask(HOST, &stored_client(&sandbox, "alice")).unwrap().status, "200");
    // It goes on from a list of former times, whose number fits no machine word, also once that is over.
    sandbox.write("db", "");
    sandbox.write("number", "FFFFFFFFFFFFFFFFFF\n");
    sandbox.write("c", "[ca]\ndefault_ca=x\n[x]\ndatabase=db\ncrlnumber=number\ndefault_md=sha256\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n");
    let gencrl = "ca -config c -gencrl -crldays 9 -cert c.pem -keyfile k.pem -out old.crl";
    output_of(Command::new(&openssl).current_dir(sandbox.folder()).args(gencrl.split(' ')));
    change(&sandbox, "key = \"k.pem\"", "key = \"k.pem\"\ncrl = \"old.crl\"");
    let run = sandbox.ok(&["render"]);
    let number = "revocation list 4722366482869645213696 of";
    assert!(run.stderr.contains(number), "{}", run.stderr);
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let later = format!("@{}", seconds.as_secs() + 10 * 86_400);
    assert_eq!(sandbox.ok(&["render", "--at", &later]).stderr, "");
    sandbox.ok(&["status", "--at", &later, "--fail-within", "1d"]);
}
