//! What is wrong with clients' certificates, as the model has it, held against a real openssl and a real nginx.

mod setups;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mtlsgen::enforcement::{
    CheckedLists, ClientValidation, Fact, Fault, LeafFacts, Library, Pins, Presented, Refusal,
    Revocation, UnknownStatus, fault,
};
use mtlsgen::pki::certificate::Certificate;
use mtlsgen::pki::crl::RevocationList;
use mtlsgen::time::Timestamp;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::nginx::{ClientFiles, Nginx};
use crate::odd::{Odd, odd};
use crate::support::{Sandbox, optional_tool, output_of, root};
use setups::{Keys, Random, Setup, setup};

const SEED: u64 = 20;
const SETUPS: usize = 200;

/// What nginx's words (`$ssl_client_verify`) are in the model.
fn fault_of_words(words: &str) -> Option<Fault> {
    let Some(words) = words.strip_prefix("FAILED:") else {
        assert_eq!(words, "SUCCESS");
        return None;
    };
    Some(match words {
        "self-signed certificate"
        | "self-signed certificate in certificate chain"
        | "unable to get local issuer certificate"
        | "unable to verify the first certificate" => Fault::Untrusted,
        "unable to get issuer certificate" => Fault::Unanchored,
        "certificate chain too long" => Fault::TooDeep,
        "certificate is not yet valid" => Fault::NotYetValid,
        "certificate has expired" => Fault::Expired,
        "unsuitable certificate purpose" => Fault::Purpose,
        "invalid CA certificate"
        | "path length constraint exceeded"
        | "key usage does not include certificate signing"
        | "permitted subtree violation"
        | "excluded subtree violation"
        | "unsupported name constraint type"
        | "unsupported or invalid name syntax" => Fault::Constraint,
        "certificate revoked" => Fault::Revoked,
        "unable to get certificate CRL"
        | "CRL signature failure"
        | "CRL is not yet valid"
        | "CRL has expired"
        | "key usage does not include CRL signing" => Fault::StatusUnknown,
        "certificate signature failure"
        | "unhandled critical extension"
        | "CA certificate key too weak"
        | "CA signature digest algorithm too weak"
        | "Certificate public key has explicit ECC parameters"
        | "format error in certificate's notBefore field"
        | "format error in certificate's notAfter field" => Fault::Unacceptable,
        other => panic!("{other}"),
    })
}

fn certificates(pem: &[String]) -> Vec<Certificate> {
    pem.iter().flat_map(|pem| Certificate::from_pem(pem.as_bytes()).unwrap()).collect()
}

fn predicted(setup: &Setup, library: Library, now: Timestamp) -> Option<Fault> {
    let client = Presented::Chain(certificates(&setup.chain));
    predicted_of(&client, setup, library, now)
}

/// What is predicted of a client that shows this.
fn predicted_of(
    client: &Presented,
    setup: &Setup,
    library: Library,
    now: Timestamp,
) -> Option<Fault> {
    let lists = |pem: &String| RevocationList::from_pem(pem.as_bytes()).unwrap();
    let revocation = if setup.lists.is_empty() {
        Revocation::None
    } else {
        Revocation::Lists {
            all: setup.lists.iter().flat_map(lists).collect(),
            depth: CheckedLists::Chain,
            unknown: UnknownStatus::Deny,
        }
    };
    let bundle = certificates(&setup.bundle);
    let validation = ClientValidation {
        certificates: Fact::Known(bundle.clone()),
        library,
        pins: Pins::default(),
        depth: Some(setup.depth),
        revocation: Fact::Known(revocation.clone()),
        tolerates: BTreeSet::new(),
        refusal: Refusal::Later,
    };
    fault(client, &validation, &bundle, &revocation, now)
}

/// The errors of `openssl verify`, at security level 2, up to the first that it does not pass over.
fn openssl(setup: &Setup, folder: &Path, now: Timestamp) -> Vec<u16> {
    let write = |name: &str, content: String| fs::write(folder.join(name), content).unwrap();
    write("bundle.pem", setup.bundle.concat());
    write("sent.pem", setup.chain[1..].concat());
    write("leaf.pem", setup.chain[0].clone());
    let mut command = Command::new("openssl");
    command.current_dir(folder).args(["verify", "-auth_level", "2", "-purpose", "sslclient"]);
    command.args(["-no-CApath", "-no-CAstore", "-CAfile", "bundle.pem"]);
    command.args(["-verify_depth", &setup.depth.to_string(), "-attime", &now.unix().to_string()]);
    if setup.chain.len() > 1 {
        command.args(["-untrusted", "sent.pem"]);
    }
    if !setup.lists.is_empty() {
        write("lists.pem", setup.lists.concat());
        command.args(["-crl_check_all", "-CRLfile", "lists.pem"]);
    }
    let output = command.arg("leaf.pem").output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    let errors = text.lines().filter_map(|line| line.strip_prefix("error ")?.split_once(" at "));
    let errors: Vec<u16> = errors.map(|(number, _)| number.parse().unwrap()).collect();
    assert_eq!(output.status.success(), errors.is_empty(), "{text}");
    errors
}

fn made() -> (Vec<Setup>, Timestamp) {
    let now = OffsetDateTime::now_utc();
    let keys = Keys::new();
    let mut random = Random(SEED);
    let setups = (0..SETUPS).map(|_| setup(&mut random, &keys, now)).collect();
    (setups, Timestamp::from_unix(now.unix_timestamp()))
}

#[test]
fn openssl_lets_the_same_clients_in() {
    let Some(odd) = odd() else { return };
    let odd = odd_setups(odd);
    let (mut setups, now) = made();
    setups.extend(odd);
    assert!(setups.len() > SETUPS + 150, "{}", setups.len());
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    let (mut taken, mut cut_off) = (0, 0);
    for setup in &setups {
        let errors = openssl(setup, folder.path(), now);
        let found = predicted(setup, Library::OpenSsl, now);
        taken += usize::from(errors.is_empty());
        cut_off += usize::from(found == Some(Fault::TooDeep));
        let signature_failed = errors.contains(&7) || errors.contains(&8);
        let is_right = match found {
            Some(Fault::TooDeep) => errors.last() == Some(&22),
            found if found.is_some() != errors.is_empty() => true,
            found => is_of_another_key(setup, signature_failed, found),
        };
        if !is_right {
            wrong.push(format!("{errors:?}, {found:?}: {}", setup.words));
        }
    }
    assert!(wrong.is_empty(), "{} {wrong:#?}", wrong.len());
    assert!(taken > setups.len() / 5 && taken < setups.len() / 2, "{taken}");
    assert!(cut_off > 0);
}

#[test]
fn nginx_goes_by_the_same_fault() {
    // First, so that none of them is too early.
    let odd: Vec<Setup> = odd().into_iter().flat_map(odd_setups).collect();
    let (mut setups, now) = made();
    setups.extend(odd);
    let sandbox = Sandbox::with_toml(
        "[services.app]\nimage = 'httpd'\nport = 80\n[hosts.'server.test']\nservice = 'app'\n\
         tls.issuer = 'self-signed'\nclientAuth = false\n",
    );
    sandbox.may_hold_keys("clients");
    let is_secret = |object: &Value| object["kind"] == "Secret";
    let server = sandbox.render().into_iter().find(is_secret).unwrap();
    let mut objects = vec![server.clone()];
    for (index, setup) in setups.iter().enumerate() {
        let name = format!("s{index}");
        objects.push(secret(&name, setup));
        objects.push(ingress(&name, setup.depth, server["metadata"]["name"].as_str().unwrap()));
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(nginx) = Nginx::serving(&objects, folder.path()) else { return };
    let clients = sandbox.path("clients");
    fs::create_dir(&clients).unwrap();
    let ask = |(index, setup): (usize, &Setup)| {
        let [certificate, key] = ["pem", "key"].map(|end| clients.join(format!("{index}.{end}")));
        fs::write(&certificate, setup.chain.concat()).unwrap();
        fs::write(&key, &setup.key).unwrap();
        let files = ClientFiles { certificate: Some(certificate), key: Some(key), trust: None };
        let answer = nginx.ask(&format!("s{index}.test"), &files)?;
        let line = answer.body.lines().next().and_then(|line| line.strip_prefix("verify="));
        Some(line.unwrap_or_else(|| panic!("{answer:?}")).to_owned())
    };
    let Some(answers) = in_parallel(&setups, ask) else { return };
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (setup, said) in setups.iter().zip(&answers) {
        let expected = fault_of_words(said);
        let found = predicted(setup, Library::OpenSsl, now).map(|fault| match fault {
            // To nginx, the issuer of a certificate of the bundle is missing then as well.
            Fault::TooDeep => Fault::Unanchored,
            other => other,
        });
        seen.extend(expected);
        let fails = said.ends_with("signature failure");
        if expected != found && !is_of_another_key(setup, fails, found) {
            wrong.push(format!("{said}, not {found:?}: {}", setup.words));
        }
    }
    assert!(wrong.is_empty(), "{} {wrong:#?}", wrong.len());
    assert!(seen.len() == 9, "{seen:?}");
}

/// The answers of all, in their order; `None` where a tool is missing.
fn in_parallel(
    setups: &[Setup],
    ask: impl Fn((usize, &Setup)) -> Option<String> + Sync,
) -> Option<Vec<String>> {
    let size = setups.len().div_ceil(4);
    let part = |(part, some): (usize, &[Setup])| -> Option<Vec<String>> {
        some.iter().enumerate().map(|(at, setup)| ask((part * size + at, setup))).collect()
    };
    let part = &part;
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            setups.chunks(size).enumerate().map(|some| scope.spawn(move || part(some))).collect();
        let parts = threads.into_iter().map(|thread| thread.join().unwrap());
        parts.collect::<Option<Vec<_>>>().map(|parts| parts.concat())
    })
}

/// Whether OpenSSL took another authority of the same name; the model takes the one that signed.
fn is_of_another_key(setup: &Setup, signature_failed: bool, found: Option<Fault>) -> bool {
    setup.is_ambiguous && (signature_failed || found.is_none())
}

#[test]
fn certificates_that_need_not_exist_are_judged_as_those_that_do() {
    let (setups, now) = made();
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for setup in &setups {
        let Some(issuer) = &setup.issuer else { continue };
        let client = Presented::Supposed {
            issuer: Arc::new(certificates(std::slice::from_ref(issuer)).remove(0)),
            leaf: LeafFacts { subject: "CN=holder 0".to_owned(), ..LeafFacts::default() },
            sends: certificates(&setup.chain[1..]).into(),
        };
        for library in [Library::OpenSsl, Library::Go] {
            let supposed = predicted_of(&client, setup, library, now);
            let real = predicted(setup, library, now);
            seen.insert(real);
            if supposed != real {
                wrong.push(format!("{library:?}: {supposed:?}, {real:?}: {}", setup.words));
            }
        }
    }
    assert!(wrong.is_empty(), "{} {wrong:#?}", wrong.len());
    assert!(seen.len() > 6, "{seen:?}");
}

/// What Go says of each.
fn go(setups: &[Setup], now: Timestamp) -> Option<Vec<String>> {
    let line = |Setup { bundle, chain, .. }: &Setup| {
        json!({ "Bundle": bundle, "Chain": chain, "Now": now.unix() }).to_string() + "\n"
    };
    let input: String = setups.iter().map(line).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("setups");
    fs::write(&path, input).unwrap();
    let mut command = Command::new(optional_tool("go")?);
    command.arg("run").arg(root().join("tests/it/enforcement_validation/verify.go"));
    let text = output_of(command.stdin(fs::File::open(path).unwrap()));
    Some(text.lines().map(str::to_owned).collect())
}

#[test]
fn go_lets_the_same_clients_in() {
    let (setups, now) = made();
    let Some(answers) = go(&setups, now) else { return };
    assert_eq!(answers.len(), setups.len());
    let mut wrong = Vec::new();
    let mut taken = 0;
    for (setup, answer) in setups.iter().zip(&answers) {
        let found = predicted(setup, Library::Go, now);
        taken += usize::from(found.is_none());
        if (answer == "<nil>") != found.is_none() {
            wrong.push(format!("{answer}, {found:?}: {}", setup.words));
        }
    }
    assert!(wrong.is_empty(), "{} {wrong:#?}", wrong.len());
    assert!(taken > SETUPS / 5 && taken < SETUPS * 4 / 5, "{taken}");
}

/// Authorities that are odd, each with a client, as far as they are read here.
fn odd_setups(odd: &Odd) -> Vec<Setup> {
    let one = |name: &String| {
        let read = |file: &str| fs::read_to_string(odd.path(name, file)).unwrap_or_default();
        let (bundle, client, lists) = (read("ca.crt"), read("client.pem"), read("ca.crl"));
        let is_read = |text: &String| Certificate::from_pem(text.as_bytes()).is_ok();
        let lists_are_read = lists.is_empty() || RevocationList::from_pem(lists.as_bytes()).is_ok();
        let is_read = is_read(&bundle) && is_read(&client) && lists_are_read;
        is_read.then(|| Setup {
            words: name.clone(),
            bundle: vec![bundle],
            chain: vec![client],
            key: read("client.key"),
            lists: if lists.is_empty() { Vec::new() } else { vec![lists] },
            depth: 9,
            issuer: None,
            is_ambiguous: false,
        })
    };
    odd.authorities().filter_map(one).collect()
}

fn secret(name: &str, setup: &Setup) -> Value {
    let mut data = json!({ "ca.crt": STANDARD.encode(setup.bundle.concat()) });
    if !setup.lists.is_empty() {
        data["ca.crl"] = STANDARD.encode(setup.lists.concat()).into();
    }
    let metadata = json!({ "name": name, "namespace": "default" });
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data })
}

fn ingress(name: &str, depth: u8, server: &str) -> Value {
    let annotation = |name: &str| format!("nginx.ingress.kubernetes.io/{name}");
    json!({
        "kind": "Ingress",
        "metadata": {
            "name": name,
            "namespace": "default",
            "annotations": {
                annotation("auth-tls-secret"): format!("default/{name}"),
                annotation("auth-tls-verify-client"): "optional_no_ca",
                annotation("auth-tls-verify-depth"): depth.to_string(),
                // A client that is refused gets the reason as well.
                annotation("auth-tls-error-page"): "/",
            },
        },
        "spec": { "tls": [{ "hosts": [format!("{name}.test")], "secretName": server }] },
    })
}
