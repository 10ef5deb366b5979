//! Every part of a private key is found in any output.
#![expect(clippy::format_collect, reason = "tests are short")]

use base64::Engine as _;
use zeroize::Zeroizing;

use super::encoding::form;
use super::{KeyKind, PrivateKey};
use crate::guard::{
    HIDDEN, Known, SHORTEST, Shared, begin, boundaries, end, has_secret, hidden, know_key,
};

fn keys() -> Vec<PrivateKey> {
    let seeded = [(KeyKind::EcdsaP256, 32), (KeyKind::EcdsaP384, 48), (KeyKind::Ed25519, 32)];
    let octets =
        |length: u8| -> Vec<u8> { (0..length).map(|at| at.wrapping_mul(77) ^ 0x9d).collect() };
    let key = |(kind, length)| PrivateKey::from_secret(kind, &octets(length)).unwrap().unwrap();
    seeded.map(key).into_iter().chain([PrivateKey::generate(KeyKind::Rsa2048).unwrap()]).collect()
}

fn der_of(key: &PrivateKey) -> Vec<u8> {
    let pem = key.to_pem();
    let block = super::pem::blocks(pem.as_bytes()).next().unwrap().unwrap();
    block.decode().unwrap().to_vec()
}

fn known(key: &PrivateKey) -> Known {
    let der = der_of(key);
    let mut known = boundaries();
    known.add_part(&der, &form(&der));
    known
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A text in every wrapping that is to be seen through.
fn wrappings(pem: &str) -> Vec<String> {
    let base64 = |bytes: &[u8]| base64::prelude::BASE64_STANDARD.encode(bytes);
    let data = base64(pem.as_bytes());
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::prelude::BASE64_STANDARD.decode(&body).unwrap();
    let url = data.replace('+', "-").replace('/', "_");
    vec![
        body.clone(),
        data.clone(),
        url,
        base64(data.as_bytes()),
        base64(base64(data.as_bytes()).as_bytes()),
        hexadecimal(&der),
        hexadecimal(&der).to_uppercase(),
        hexadecimal(pem.as_bytes()),
        hexadecimal(data.as_bytes()),
        base64(hexadecimal(&der).as_bytes()),
        base64(&[b"x", &der[..]].concat()),
        base64(&[b"xy", &der[..]].concat()),
        base64(&[b"xy", data.as_bytes()].concat()),
        data.to_uppercase(),
        data.to_lowercase(),
        body.to_lowercase(),
        data.chars().rev().collect(),
        body.chars().rev().collect(),
        data.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D"),
        data.replace('/', "\\/").replace('+', "\\u002b"),
        data.bytes().map(|byte| format!("\\x{byte:02x}")).collect(),
        data.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        der.iter().map(|byte| format!("{byte:02X}:")).collect(),
    ]
}

#[test]
fn every_part_of_a_key_is_found_in_every_wrapping() {
    for key in keys() {
        let known = known(&key);
        for (index, text) in wrappings(&key.to_pem()).into_iter().enumerate() {
            assert!(!known.find(text.as_bytes()).is_empty(), "{index}: {text}");
            if text.contains(['\\', '%']) {
                continue;
            }
            for (between, columns) in [("\n    ", 64), ("\\n", 40), ("\", \"", 5), ("\n| ", 30)] {
                let chunks =
                    text.as_bytes().chunks(columns).map(|part| std::str::from_utf8(part).unwrap());
                let broken = chunks.collect::<Vec<_>>().join(between);
                assert!(!known.find(broken.as_bytes()).is_empty(), "{index}: {broken}");
            }
        }
    }
}

#[test]
fn twelve_characters_are_enough() {
    for key in keys() {
        let known = known(&key);
        let der = der_of(&key);
        let secret = &der[form(&der).secret];
        for shift in 0..3 {
            let text =
                base64::prelude::BASE64_STANDARD_NO_PAD.encode([&b"xx"[..shift], secret].concat());
            for window in text.as_bytes()[4..text.len() - 4].windows(SHORTEST) {
                let has_both = window.iter().any(u8::is_ascii_uppercase)
                    && window.iter().any(u8::is_ascii_lowercase);
                assert!(
                    !known.find(window).is_empty() || !has_both,
                    "{}",
                    String::from_utf8_lossy(window)
                );
            }
        }
        let digits = hexadecimal(secret);
        for window in digits.as_bytes().windows(18) {
            assert!(!known.find(window).is_empty(), "{}", String::from_utf8_lossy(window));
        }
    }
}

#[test]
fn ordinary_text_is_left_alone() {
    let mut known = boundaries();
    for key in keys() {
        let der = der_of(&key);
        known.add_part(&der, &form(&der));
        let public = base64::prelude::BASE64_STANDARD.encode(key.public_key());
        assert!(known.find(public.as_bytes()).is_empty(), "{public}");
        assert!(known.find(hexadecimal(&key.spki_hash().0).as_bytes()).is_empty());
    }
    for text in [
        "issued host `shop-0001.example.com`: never issued",
        "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJ",
        "no block `BEGIN PRIVATE KEY` found among the PEM blocks",
        include_str!("../../../docs/certificates.md"),
        include_str!("../../../Cargo.lock"),
    ] {
        assert!(known.find(text.as_bytes()).is_empty(), "{text}");
    }
}

#[test]
fn the_word_with_a_part_in_it_is_not_shown() {
    let key = keys().remove(0);
    begin();
    know_key(&Shared::new(Zeroizing::new(der_of(&key))), form);
    let data = base64::prelude::BASE64_STANDARD.encode(key.to_pem().as_bytes());
    let (ok, lines) =
        (format!("template `a`: gives Secret `x/{data}`"), data.replace('l', "l\n  "));
    // What looks secret is masked first, so either mark may stand there.
    let is_hidden = |text: &str, around: [&str; 2]| {
        let shown = hidden(text);
        let inner = shown.strip_prefix(around[0]).and_then(|rest| rest.strip_suffix(around[1]));
        inner.is_some_and(|inner| [HIDDEN, "(not shown)"].contains(&inner.trim()))
    };
    assert!(is_hidden(&ok, ["template `a`: gives Secret `", "`"]), "{}", hidden(&ok));
    assert!(!has_secret(&hidden(&lines)));
    assert!(is_hidden(&data[..40], ["", ""]), "the beginning of every key");
    assert!(is_hidden(&data[data.len() - 30..], ["", ""]), "the end of every key");
    assert_eq!(hidden("ä `b`: nothing"), "ä `b`: nothing");
    let der = key.to_pem().lines().nth(1).unwrap().to_owned();
    assert_eq!(hidden(&format!("é{}ü", &der[48..62])), "é[private key]ü");
    end();
    assert_eq!(hidden(&format!("é{}ü", &der[48..62])), format!("é{}ü", &der[48..62]));
    assert!(is_hidden(&data[..40], ["", ""]), "known without a watch");
}
