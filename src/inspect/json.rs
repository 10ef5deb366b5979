//! An inspection for programs: one JSON object, with cert-manager's and RFC 5280's names.

use serde_json::{Map, Value, json};

use super::examination::{Examined, ExaminedKey, ExaminedList, Inspection};
use super::item::{KeyFacts, Origin};
use super::problem::Problem;
use super::words;
use crate::diagnostic::Severity;
use crate::pki::certificate::details::PublicKey;
use crate::pki::request::Subtree;
use crate::time::Timestamp;

/// Shows everything; positions count from zero.
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "text and numbers are always JSON")]
pub fn render(inspection: &Inspection) -> String {
    let certificates = inspection.certificates.iter().enumerate();
    let value = json!({
        "time": inspection.at.to_string(),
        "at": inspection.at.to_string(),
        "certificates": certificates.map(|(index, one)| certificate(inspection, index, one)).collect::<Vec<_>>(),
        "privateKeys": inspection.keys.iter().map(key).collect::<Vec<_>>(),
        "revocationLists": inspection.revocation_lists.iter().map(|one| list(inspection, one)).collect::<Vec<_>>(),
        "others": inspection.others.iter().map(|(at, what)| json!({"origin": origin(at), "content": what})).collect::<Vec<_>>(),
        "problems": problems(&inspection.problems),
    });
    let mut text = serde_json::to_string_pretty(&value).expect("text and numbers are always JSON");
    text.push('\n');
    text
}

/// An object without the members that say nothing.
fn object(members: Value) -> Value {
    let Value::Object(members) = members else { return members };
    let says = |value: &Value| match value {
        Value::Null => false,
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    };
    Value::Object(members.into_iter().filter(|(_, value)| says(value)).collect::<Map<_, _>>())
}

fn origin(at: &Origin) -> Value {
    object(json!({
        "path": at.file,
        "file": at.file,
        "object": at.object,
        "key": at.key,
        "line": at.line,
        "friendlyName": at.friendly_name,
    }))
}

fn problems(problems: &[Problem]) -> Vec<Value> {
    let problem = |problem: &Problem| {
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Notice => "notice",
        };
        json!({"severity": severity, "code": problem.code, "message": problem.message})
    };
    problems.iter().map(problem).collect()
}

/// Seconds until a time; negative once it is over.
fn remaining(until: Timestamp, now: Timestamp) -> i64 {
    until.unix() - now.unix()
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().concat()
}

fn public_key(key: &PublicKey) -> Value {
    object(json!({"algorithm": key.algorithm, "size": key.size}))
}

fn certificate(inspection: &Inspection, index: usize, one: &Examined) -> Value {
    let Examined { certificate: facts, details, .. } = one;
    let keys = inspection.keys.iter().any(|key| key.certificates.contains(&index));
    let mut members = json!({
        "origins": one.origins.iter().map(origin).collect::<Vec<_>>(),
        "role": one.role.words(),
        "version": details.version,
        "subject": facts.subject.rfc2253(),
        "commonName": facts.subject.common_names().first(),
        "issuer": facts.issuer.rfc2253(),
        "serial": facts.serial.to_string(),
        "serialNumber": facts.serial.to_string(),
        "notBefore": facts.not_before.to_string(),
        "notAfter": facts.not_after.to_string(),
        "remainingSeconds": remaining(facts.not_after, inspection.at),
        "publicKey": public_key(&details.public_key),
        "signatureAlgorithm": details.signature.name,
        "isCA": facts.is_authority,
        "isSelfSigned": one.is_self_signed,
        "issuedBy": one.issuer,
        "hasPrivateKey": keys,
        "pathLenConstraint": facts.max_path_len,
        "subjectKeyIdentifier": facts.subject_key_id.as_deref().map(hexadecimal),
        "authorityKeyIdentifier": facts.authority_key_id.as_deref().map(hexadecimal),
        "fingerprintSha256": facts.fingerprint().to_string(),
        "fingerprintSHA256": facts.fingerprint().to_string(),
        "spkiSha256": facts.spki_hash.to_string(),
        "spkiSHA256": facts.spki_hash.to_string(),
        "crlDistributionPoints": details.revocation_lists,
        "ocspServers": details.ocsp,
        "issuingCertificateURLs": details.issuer_certificates,
        "criticalExtensions": details.critical,
        "unknownExtensions": details.unknown.iter().map(|(oid, _)| oid).collect::<Vec<_>>(),
        "problems": problems(&one.problems),
    });
    for (name, value) in names(one).into_iter().chain(usages(one)) {
        members[name] = value;
    }
    // Who reads it need not look whether there are any.
    let mut members = object(members);
    members["origins"] = one.origins.iter().map(origin).collect();
    members["problems"] = problems(&one.problems).into();
    members
}

fn names(one: &Examined) -> Vec<(&'static str, Value)> {
    let names = &one.certificate.names;
    let addresses: Vec<String> = names.ip.iter().map(ToString::to_string).collect();
    let mut members = vec![
        ("dnsNames", json!(names.dns)),
        ("ipAddresses", json!(addresses)),
        ("emailAddresses", json!(names.email)),
        ("uris", json!(names.uri)),
        ("otherNames", json!(one.details.other_names)),
    ];
    if let Some(constraints) = &one.certificate.name_constraints {
        let value = json!({
            "critical": constraints.critical,
            "permitted": subtrees(&constraints.permitted),
            "excluded": subtrees(&constraints.excluded),
        });
        members.push(("nameConstraints", object(value)));
    }
    members
}

/// Subtrees of names, each kind apart, in cert-manager's words.
fn subtrees(trees: &[Subtree]) -> Value {
    let kind = |named: fn(&Subtree) -> Option<String>| -> Vec<String> {
        trees.iter().filter_map(named).collect()
    };
    object(json!({
        "dnsDomains": kind(|tree| match tree { Subtree::Dns(name) => Some(name.clone()), _ => None }),
        "ipRanges": kind(|tree| match tree {
            Subtree::Ip { address, prefix } => Some(format!("{address}/{prefix}")),
            _ => None,
        }),
        "emailAddresses": kind(|tree| match tree { Subtree::Email(name) => Some(name.clone()), _ => None }),
        "uriDomains": kind(|tree| match tree { Subtree::Uri(name) => Some(name.clone()), _ => None }),
        "directoryNames": kind(|tree| match tree { Subtree::Directory(name) => Some(name.rfc2253()), _ => None }),
        "otherNames": kind(|tree| match tree { Subtree::Other(words) => Some(words.clone()), _ => None }),
    }))
}

/// cert-manager has one list for both extensions; RFC 5280's names are beside it.
fn usages(one: &Examined) -> Vec<(&'static str, Value)> {
    let bits = one.certificate.key_usage.map(words::key_usages).unwrap_or_default();
    let purposes = one.certificate.extended_key_usage.iter().flatten().map(words::purpose);
    let purposes: Vec<(String, String)> = purposes.collect();
    let all = bits.iter().map(|(_, usage)| (*usage).to_owned());
    let all: Vec<String> = all.chain(purposes.iter().map(|(_, usage)| usage.clone())).collect();
    vec![
        ("keyUsage", json!(bits.iter().map(|(name, _)| *name).collect::<Vec<_>>())),
        ("extendedKeyUsage", json!(purposes.iter().map(|(name, _)| name).collect::<Vec<_>>())),
        ("usages", json!(all)),
    ]
}

fn key(key: &ExaminedKey) -> Value {
    let (kind, spki_hash, state, why) = match &key.facts {
        KeyFacts::Known { kind, spki_hash } => {
            (public_key(kind), Some(spki_hash.to_string()), "readable", None)
        }
        KeyFacts::Encrypted => (Value::Null, None, "encrypted", None),
        KeyFacts::Unknown(why) => (Value::Null, None, "unknown", Some(why)),
    };
    let mut members = object(json!({
        "origin": origin(&key.origin),
        "state": state,
        "reason": why,
        "publicKey": kind,
        "spkiSha256": spki_hash,
        "spkiSHA256": spki_hash,
    }));
    members["certificates"] = json!(key.certificates);
    members["problems"] = problems(&key.problems).into();
    members
}

fn list(inspection: &Inspection, one: &ExaminedList) -> Value {
    let list = &one.list;
    let revoked = list.revoked.iter().map(|(serial, entry)| {
        object(json!({
            "serial": serial.to_string(),
            "serialNumber": serial.to_string(),
            "revocationDate": entry.at.to_string(),
            "reason": words::revocation_reason(entry.reason),
        }))
    });
    let mut members = object(json!({
        "origin": origin(&one.origin),
        "issuer": list.issuer.rfc2253(),
        "signedBy": one.issuer,
        "crlNumber": list.number.as_ref().map(ToString::to_string),
        "thisUpdate": list.this_update.to_string(),
        "nextUpdate": list.next_update.map(|next| next.to_string()),
        "remainingSeconds": list.next_update.map(|next| remaining(next, inspection.at)),
        "authorityKeyIdentifier": list.authority_key_id.as_deref().map(hexadecimal),
        "signatureAlgorithm": list.signature.name,
    }));
    members["revokedCertificates"] = revoked.collect();
    members["problems"] = problems(&one.problems).into();
    members
}
