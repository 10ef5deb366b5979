//! Real TLS handshakes: what the rendered manifests say, served by a real nginx and asked by curl.

use std::fs;
use std::path::{Path, PathBuf};

use mtlsgen::pki::certificate::Certificate;
use mtlsgen::pki::issue::{Signer, Validity, sign};
use mtlsgen::pki::key::{KeyKind, PrivateKey};
use mtlsgen::pki::name::DistinguishedName;
use mtlsgen::pki::request::{
    AlternativeNames, CertificateRequest, Holder, Issuer, SerialNumber, Usage,
};
use mtlsgen::time::{Seconds, Timestamp};

use crate::cases::example;
use crate::nginx::{ClientFiles, Nginx};
use crate::support::Sandbox;

/// A protected host of an example.
struct Case {
    example: &'static str,
    host: &'static str,
    /// Name of the client who may, in the store.
    client: &'static str,
    /// Name of the authority that signs clients, in the store.
    authority: &'static str,
    /// What the server's certificate is trusted by: a file in the store.
    server_trust: &'static str,
}

const CASES: &[Case] = &[
    Case {
        example: "demo-app-3-mtls",
        host: "test.localdev.me",
        client: "my-client",
        authority: "my-cert-authority",
        server_trust: "hosts/test.localdev.me/tls.crt",
    },
    Case {
        example: "intermediate-authority",
        host: "web.example.com",
        client: "alice",
        authority: "clients",
        server_trust: "hosts/web.example.com/tls.crt",
    },
    Case {
        example: "two-authorities",
        host: "app.192-0-2-10.sslip.io",
        client: "internal-client",
        authority: "internal",
        server_trust: "cas/public/tls.crt",
    },
    Case {
        example: "protected-among-public",
        host: "admin.shop.example.com",
        client: "authorized-client",
        authority: "my-certificate-authority",
        server_trust: "hosts/admin.shop.example.com/tls.crt",
    },
];

#[test]
fn each_walk_through_admits_the_intended_clients_alone() {
    for case in CASES {
        let sandbox = example(case.example);
        let objects = sandbox.render();
        let Some(nginx) = Nginx::serving(&objects, sandbox.folder()) else { return };
        let ask = |client: &ClientFiles| nginx.ask(case.host, client).unwrap();
        let trust = Some(sandbox.path("pki").join(case.server_trust));
        let anonymous = ClientFiles { trust: trust.clone(), ..ClientFiles::default() };
        let refused = if case.example == "protected-among-public" { "302" } else { "400" };

        let answer = ask(&anonymous);
        assert_eq!(answer.status, refused, "{}: no certificate", case.example);
        if refused == "400" {
            assert!(answer.body.contains("No required SSL certificate was sent"), "{answer:?}");
        }
        let good =
            ask(&ClientFiles { trust: trust.clone(), ..stored_client(&sandbox, case.client) });
        assert_eq!(good.status, "200", "{}: {good:?}", case.example);
        assert!(good.body.contains("verify=SUCCESS"), "{good:?}");
        for (what, client) in strangers(&sandbox, case) {
            let answer = ask(&ClientFiles { trust: trust.clone(), ..client });
            assert_eq!(answer.status, refused, "{}: {what}: {answer:?}", case.example);
        }
    }
}

#[test]
fn a_client_of_the_same_authority_who_is_not_allowed_is_refused() {
    let sandbox = example("protected-among-public");
    let objects = sandbox.render();
    let Some(nginx) = Nginx::serving(&objects, sandbox.folder()) else { return };
    let other = stored_client(&sandbox, "reporting-job");
    assert_eq!(nginx.ask("admin.shop.example.com", &other).unwrap().status, "403");
    assert_eq!(nginx.ask("orders.shop.example.com", &other).unwrap().status, "200");
}

#[test]
fn optional_lets_in_those_without_a_certificate_and_public_hosts_ask_for_none() {
    let sandbox = example("protected-among-public");
    let objects = sandbox.render();
    let Some(nginx) = Nginx::serving(&objects, sandbox.folder()) else { return };
    let nothing = ClientFiles::default();
    let optional = nginx.ask("orders.shop.example.com", &nothing).unwrap();
    assert_eq!((optional.status.as_str(), optional.body.contains("verify=NONE")), ("200", true));
    assert_eq!(nginx.ask("www.shop.example.com", &nothing).unwrap().status, "200");
}

#[test]
fn the_backend_sees_names_in_the_order_of_the_walk_through() {
    let sandbox = example("two-authorities");
    let objects = sandbox.render();
    let Some(nginx) = Nginx::serving(&objects, sandbox.folder()) else { return };
    let client = stored_client(&sandbox, "internal-client");
    let body = nginx.ask("app.192-0-2-10.sslip.io", &client).unwrap().body;
    assert!(body.contains("issuer=C=GB,O=Org Internal CA,CN=Internal Cert Authority\n"), "{body}");
    assert!(body.contains("subject=C=GB,O=aks-ingress-client,CN=internal-client\n"), "{body}");
}

pub fn stored_client(sandbox: &Sandbox, name: &str) -> ClientFiles {
    let folder = sandbox.path("pki/clients").join(name);
    ClientFiles {
        certificate: Some(folder.join("tls.crt")),
        key: Some(folder.join("tls.key")),
        trust: None,
    }
}

/// Certificates that must not open the door: of an authority that has the same name and another key,
/// expired, not yet valid, and for servers.
fn strangers(sandbox: &Sandbox, case: &Case) -> Vec<(&'static str, ClientFiles)> {
    let folder = sandbox.path("pki/cas").join(case.authority);
    let (certificate, key) = authority(&folder.join("tls.crt"), &folder.join("tls.key"));
    let twin_key = PrivateKey::generate(KeyKind::EcdsaP256).unwrap();
    let now = now();
    let day = Seconds::days(1);
    let valid = Validity { not_before: certificate.not_before, not_after: now.after(day) };
    let expired = expired(&certificate);
    let early = Validity { not_before: now.after(day), not_after: certificate.not_after };
    let twin = twin(&certificate, &twin_key);
    let made = [
        ("another authority of the same name", Usage::Client, valid, &twin, &twin_key),
        ("expired", Usage::Client, expired, &certificate, &key),
        ("not yet valid", Usage::Client, early, &certificate, &key),
        ("for servers", Usage::Server, valid, &certificate, &key),
    ];
    made.into_iter()
        .enumerate()
        .map(|(number, (what, usage, validity, issuer, issuer_key))| {
            let files = client(sandbox, number, usage, validity, issuer, issuer_key);
            (what, files)
        })
        .collect()
}

/// A client whose certificate of the authority in these files has expired.
pub fn expired_client(sandbox: &Sandbox, certificate: &str, key: &str) -> ClientFiles {
    let (certificate, key) = authority(&sandbox.path(certificate), &sandbox.path(key));
    client(sandbox, 0, Usage::Client, expired(&certificate), &certificate, &key)
}

fn authority(certificate: &Path, key: &Path) -> (Certificate, PrivateKey) {
    let certificate = Certificate::from_pem(&fs::read(certificate).unwrap()).unwrap().remove(0);
    (certificate, PrivateKey::from_pem(&fs::read(key).unwrap()).unwrap())
}

/// Over since a minute ago, whenever the issuer began.
fn expired(issuer: &Certificate) -> Validity {
    let not_after = now().before(Seconds::minutes(1));
    Validity { not_before: issuer.not_before.min(not_after.before(Seconds::days(1))), not_after }
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_unix(since.as_secs().try_into().unwrap())
}

fn client(
    sandbox: &Sandbox,
    number: usize,
    usage: Usage,
    validity: Validity,
    issuer: &Certificate,
    issuer_key: &PrivateKey,
) -> ClientFiles {
    let request = request(usage, "CN=authorized-client,O=MyOrganization");
    let key = PrivateKey::generate(KeyKind::EcdsaP256).unwrap();
    let signer = Signer { certificate: Some(issuer), key: issuer_key };
    let serial = SerialNumber(vec![0x55, u8::try_from(number).unwrap()]);
    let certificate = sign(&request, &serial, validity, &key, &signer).unwrap();
    let write = |ending: &str, text: &str| -> PathBuf {
        sandbox.write(&format!("stranger-{number}.{ending}"), text)
    };
    ClientFiles {
        certificate: Some(write("crt", &certificate.to_pem())),
        key: Some(write("key", &key.to_pem())),
        trust: None,
    }
}

/// An authority with the subject of `original` and a key of its own.
fn twin(original: &Certificate, key: &PrivateKey) -> Certificate {
    let usage =
        Usage::Authority { max_path_len: 0, max_path_len_is_stated: false, name_constraints: None };
    let mut request = request(usage, "CN=unused");
    request.issuer = Issuer::SelfSigned;
    request.subject = original.subject.clone();
    let validity = Validity { not_before: original.not_before, not_after: original.not_after };
    let serial = SerialNumber(vec![0x55]);
    sign(&request, &serial, validity, key, &Signer { certificate: None, key }).unwrap()
}

fn request(usage: Usage, subject: &str) -> CertificateRequest {
    CertificateRequest {
        holder: Holder::Client("stranger".to_owned()),
        issuer: Issuer::Authority("issuer".to_owned()),
        usage,
        subject: DistinguishedName::parse(subject).unwrap(),
        names: AlternativeNames::default(),
        key_kind: KeyKind::EcdsaP256,
        public_key: None,
        duration: Seconds::days(1),
        renew_before: Seconds(0),
        serial: None,
    }
}
