//! Fixed vectors: this release gives what every release before it gave. Python computes them once more on its own,
//! see `tests/vectors/derived/check.py`.
#![expect(clippy::disallowed_methods, reason = "vectors are read, and a program judges them")]

use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::*;
use crate::derive::context::{self, Root};
use crate::pki::key::sha256;

/// Far apart, and in summer and winter, leap years and after 2050.
const MOMENTS: [&str; 3] = ["2027-01-01", "2031-06-15T12:34:56Z", "2052-02-29T23:59:59Z"];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/derived")
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |text, octet| text + &format!("{octet:02x}"))
}

fn vectors(text: &str) -> Value {
    let model = model(text);
    json!({
        "comment": "Never changed: a derivation that gives anything else is another one, and needs another name.",
        "seed": SEED,
        "hkdf": [
            octets(&[], 16),
            octets(&[b"private key"], 32),
            octets(&[b"private", b" key"], 32),
            octets(&[b"", "b\u{f6}b".as_bytes(), &[0; 40]], 80),
        ],
        "moments": MOMENTS.map(|now| moment(&model, Timestamp::parse(now).unwrap())),
    })
}

fn octets(fields: &[&[u8]], length: usize) -> Value {
    let root = Root::of(&Seed::from_text(SEED).unwrap());
    let octets = hexadecimal(&root.octets(fields, length));
    let fields: Vec<String> = fields.iter().map(|field| hexadecimal(field)).collect();
    json!({ "fields": fields, "length": length, "octets": octets })
}

fn moment(model: &Model, now: Timestamp) -> Value {
    let derived = derived(model, now);
    let certificates: Vec<Value> =
        model.requests().flat_map(|request| certificates(model, &derived, request, now)).collect();
    let derivation = model.derivation.as_ref().unwrap();
    let lists: Vec<Value> = derived
        .inventory
        .lists
        .iter()
        .flat_map(|(name, lists)| {
            let own = derivation.generation(&Holder::Authority(name.clone()));
            let others = derivation.trusted(name).into_iter().filter(move |one| *one != own);
            let generations = std::iter::once(own).chain(others);
            lists.iter().zip(generations).map(move |(list, generation)| {
                let list = BASE64_STANDARD.encode(&list.der);
                json!({ "issuer": name, "generation": generation, "list": list })
            })
        })
        .collect();
    json!({ "now": now.unix(), "certificates": certificates, "lists": lists })
}

fn certificates(
    model: &Model,
    derived: &Derived,
    request: &CertificateRequest,
    now: Timestamp,
) -> Vec<Value> {
    let holder = &request.holder;
    let derivation = model.derivation.as_ref().unwrap();
    let own = derivation.generation(holder);
    let is_authority = matches!(holder, Holder::Authority(_));
    let held = derived.inventory.held[holder].certificate();
    let mut all = vec![(own, held.clone())];
    if is_authority {
        let others = derivation.trusted(holder.name()).into_iter().filter(|one| *one != own);
        let beside = derived.inventory.trusted(holder.name()).into_iter().skip(1).cloned();
        all.extend(others.zip(beside));
    }
    let issuer = match &request.issuer {
        Issuer::Authority(name) => name.as_str(),
        Issuer::SelfSigned => "",
    };
    let describe = |(generation, certificate): (u32, Certificate)| {
        let mut entry = json!({
            "kind": String::from_utf8(context::kind(holder).to_vec()).unwrap(),
            "name": holder.name(),
            "issuer": issuer,
            "signs": is_authority && generation == own,
            "generation": generation,
            "duration": request.duration.0,
            "renewBefore": request.renew_before.0,
            "edge": schedule::window(model, request, now).edge.unix(),
            "algorithm": request.key_kind.to_string(),
            "serial": certificate.serial.to_string().to_lowercase(),
            "spkiSha256": certificate.spki_hash.to_string(),
            "sha256": hexadecimal(&sha256(&certificate.der)),
            "certificate": BASE64_STANDARD.encode(&certificate.der),
        });
        if let Issuer::Authority(name) = &request.issuer
            && is_authority
        {
            let issuer = model.request(&Holder::Authority(name.clone())).unwrap();
            entry["origin"] = schedule::window(model, issuer, now).edge.unix().into();
        }
        entry
    };
    all.into_iter().map(describe).collect()
}

#[test]
fn every_release_gives_the_same() {
    let spec = std::fs::read_to_string(folder().join("mtls.toml")).unwrap();
    let found = serde_json::to_string_pretty(&vectors(&spec)).unwrap() + "\n";
    let path = folder().join("vectors.json");
    let Ok(fixed) = std::fs::read_to_string(&path) else {
        std::fs::write(&path, found).unwrap();
        panic!("there were no vectors; these are written now, and never again");
    };
    let (found, fixed): (Value, Value) =
        (serde_json::from_str(&found).unwrap(), serde_json::from_str(&fixed).unwrap());
    assert_eq!(found["hkdf"], fixed["hkdf"]);
    for (found, fixed) in
        found["moments"].as_array().unwrap().iter().zip(fixed["moments"].as_array().unwrap())
    {
        for kind in ["certificates", "lists"] {
            let (found, fixed) = (found[kind].as_array().unwrap(), fixed[kind].as_array().unwrap());
            assert_eq!(found.len(), fixed.len());
            for (found, fixed) in found.iter().zip(fixed) {
                assert_eq!(found, fixed);
            }
        }
    }
    assert_eq!(found, fixed);
}

#[test]
fn python_computes_the_same() {
    let check =
        Command::new("python3").arg("check.py").arg("vectors.json").current_dir(folder()).output();
    let Ok(output) = check else {
        assert!(std::env::var_os("CI").is_none(), "python3 is missing");
        eprintln!("left out: python3 is missing");
        return;
    };
    let reported = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(reported.contains("certificates and lists agree"), "{reported}");
}
