//! Certificates, keys and revocation lists with everything that `cert show` can say of them.

use std::process::Command;

use super::coverage::Coverage;
use super::scenes::run;
use crate::support::{Sandbox, output_of, tool};

const SPEC: &str = r#"
[cas.ca]
[cas.clients]
issuer = "ca"
[clients.alice]
issuer = "clients"
secretName = "alice"
[clients.bob]
issuer = "clients"
[services.web]
existing = true
port = 80
[hosts."a.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["clients"]
"#;
/// An authority with every extension.
const ODD: &str = "\
[req]
distinguished_name=dn
prompt=no
[dn]
CN=odd
[v3]
basicConstraints=critical,CA:true,pathlen:3
keyUsage=critical,keyCertSign,cRLSign
extendedKeyUsage=serverAuth,clientAuth
subjectAltName=DNS:a.test,IP:10.0.0.1,email:a@b.test,URI:https://a.test/x,RID:1.2.3.4
nameConstraints=critical,permitted;DNS:a.test,permitted;IP:10.0.0.0/255.0.0.0,permitted;email:b.test,permitted;URI:.a.test,permitted;dirName:dir,permitted;RID:1.2.3,excluded;DNS:bad.test
crlDistributionPoints=URI:http://a.test/crl
authorityInfoAccess=OCSP;URI:http://a.test/ocsp,caIssuers;URI:http://a.test/ca
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid:always
1.2.3.4.5=ASN1:UTF8String:x
[dir]
O=Example
";

pub fn all(coverage: &mut Coverage) {
    let sandbox = Sandbox::with_toml(SPEC);
    let at = "2030-01-01";
    sandbox.ok(&["issue", "-q", "--at", at]);
    sandbox.ok(&["cert", "revoke", "-q", "bob", "--reason", "keyCompromise", "--at", at]);
    sandbox.ok(&["issue", "-q", "--at", at]);
    for name in ["odd.key", "alice.key", "x25519.key", "secret.yaml", "odd.p12", "mixed.pem"] {
        sandbox.may_hold_keys(name);
    }
    let openssl = tool("openssl").expect("the caller has looked");
    let openssl = |arguments: &str| {
        let mut command = Command::new(&openssl);
        output_of(command.args(arguments.split(' ')).current_dir(sandbox.folder()));
    };
    sandbox.write("odd.cnf", ODD);
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -keyout odd.key -out odd.pem -config odd.cnf -extensions v3",
    );
    openssl("pkcs12 -export -in odd.pem -inkey odd.key -name friendly -passout pass: -out odd.p12");
    openssl("ec -in pki/clients/alice/tls.key -aes256 -passout pass:x -out alice.key");
    openssl("genpkey -algorithm X25519 -out x25519.key");
    sandbox
        .write("other.pem", "-----BEGIN DSA PARAMETERS-----\nMAA=\n-----END DSA PARAMETERS-----\n");
    let [alice, clients, ca] = ["clients/alice", "cas/clients", "cas/ca"]
        .map(|holder| sandbox.read(&format!("pki/{holder}/tls.crt")));
    sandbox.write("chain.pem", [&*alice, &ca, &clients, &alice].concat());
    let key = sandbox.read("pki/clients/bob/tls.key");
    sandbox.write("mixed.pem", format!("{alice}{key}"));
    sandbox.write("secret.yaml", sandbox.ok(&["render", "-q", "--at", at]).stdout);
    let lists = crate::support::files(&sandbox.path("pki/cas"));
    let lists = lists.iter().map(|(path, _)| path.to_str().unwrap().to_owned());
    let lists: Vec<String> = lists.filter(|path| path.contains("/crl/")).collect();
    sandbox.write("empty", "\n");
    let files =
        "odd.pem odd.key alice.key x25519.key other.pem chain.pem mixed.pem secret.yaml bob";
    let more: Vec<&str> = files.split(' ').chain(lists.iter().map(String::as_str)).collect();
    let json = ["--format", "json"];
    for at in ["2030-01-05", "2045-01-01"] {
        let more = [&more[..], &json, &["--at", at]].concat();
        run(coverage, &sandbox, "cert show", &more);
    }
    run(coverage, &sandbox, "cert show odd.p12 --password-file empty", &json);
}
