//! What shows that a host is served otherwise than desired, for programs: the request, to be made of a controller, and both
//! answers.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::json::verdict;
use crate::controllers::{Origin, Settings};
use crate::enforcement::representatives::ClientClass;
use crate::enforcement::{
    Cause, Difference, DifferenceKind, Presented, Request, Requester, Verdict, Witness,
};
use crate::pki::certificate::Certificate;

/// One object about a difference that the model of a controller with these settings shows.
#[must_use]
pub fn witness(difference: &Difference, settings: &Settings) -> Value {
    let Difference { key, kind, witness } = difference;
    let (word, desired) = match kind {
        DifferenceKind::Weaker => ("weaker", "refused"),
        DifferenceKind::Unproven => ("unproven", "refused"),
        DifferenceKind::LockedOut => ("lockedOut", "admitted"),
    };
    let is_set = |(_, (_, origin)): &(_, &(_, Origin))| *origin != Origin::Default;
    let options = settings.options.iter().filter(is_set);
    let options: BTreeMap<&str, &str> =
        options.map(|(name, (value, _))| (*name, value.as_str())).collect();
    let mut object = members(json!({
        "kind": word,
        "message": difference.to_string(),
        "host": key,
        "controller": {
            "name": settings.controller,
            "version": settings.version,
            "options": options,
        },
    }));
    object.extend(match witness {
        Witness::Request { client, request, observed } => {
            shown_by_request(client, request, desired, observed)
        }
        other => members(shown_otherwise(other)),
    });
    Value::Object(object)
}

fn members(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn shown_by_request(
    client: &Requester,
    request: &Request,
    desired: &str,
    observed: &Verdict,
) -> Map<String, Value> {
    let Request { port, sni, authority, path, headers, client: shows } = request;
    members(json!({
        "shows": "request",
        "request": {
            "scheme": if *port == 80 { "http" } else { "https" },
            "port": port,
            "sni": sni,
            "host": authority,
            "path": path,
            "headers": headers,
            "client": requester(client, shows),
        },
        "desired": desired,
        "observed": verdict(observed),
    }))
}

/// What no single request shows.
fn shown_otherwise(witness: &Witness) -> Value {
    match witness {
        // It is shown by one.
        Witness::Request { .. } => json!({}),
        Witness::NotServed => json!({ "shows": "notServed" }),
        Witness::NoPath { path, depends } => {
            json!({ "shows": "notServed", "path": path, "dependsOn": on(*depends) })
        }
        Witness::NoService { path, backend, depends } => json!({
            "shows": "noService",
            "path": path,
            "backend": backend.to_string(),
            "dependsOn": on(*depends),
        }),
        Witness::Denied(because) => {
            let objects: Vec<String> = because.iter().map(ToString::to_string).collect();
            json!({ "shows": "denied", "objects": objects })
        }
        Witness::OtherBackend { path, backend, of, depends } => json!({
            "shows": "otherBackend",
            "path": path,
            "backend": backend.to_string(),
            "of": of,
            "dependsOn": on(*depends),
        }),
        Witness::Deeper { desired, observed } => {
            json!({ "shows": "depth", "desired": desired, "observed": observed })
        }
        Witness::Forgeable { path, header, depends } => json!({
            "shows": "forgeableHeader", "path": path, "header": header, "dependsOn": on(*depends),
        }),
        Witness::Unheard { path, depends } => {
            json!({ "shows": "unheardCertificate", "path": path, "dependsOn": on(*depends) })
        }
        Witness::Certificate((namespace, name)) => {
            json!({ "shows": "serverCertificate", "secret": format!("{namespace}/{name}") })
        }
    }
}

fn on(depends: Option<Cause>) -> Option<String> {
    depends.map(|cause| cause.to_string())
}

/// Who makes a request, and what it shows of itself.
fn requester(client: &Requester, shows: &Presented) -> Value {
    let (class, name) = match client {
        Requester::Class(ClientClass::Nothing) => ("nothing", None),
        Requester::Class(ClientClass::Stranger) => ("stranger", None),
        Requester::Class(ClientClass::Below(_)) => ("below", None),
        Requester::Class(ClientClass::Itself(_)) => ("bundle", None),
        Requester::Revoked(..) => ("revoked", None),
        Requester::NotListed(_) => ("notListed", None),
        Requester::Subject(_) => ("subject", None),
        Requester::Named(name) => ("named", Some(name)),
    };
    let mut object = members(json!({ "class": class }));
    object.extend(name.map(|name| ("name".to_owned(), json!(name))));
    object.extend(members(match shows {
        Presented::Nothing => json!({}),
        Presented::Chain(chain) => {
            let (own, sends) = chain.split_at(chain.len().min(1));
            json!({ "certificate": own.first().map(certificate), "sends": all(sends) })
        }
        Presented::Supposed { issuer, leaf, sends } => json!({
            "issuer": certificate(issuer),
            "subject": leaf.subject,
            "serialNumber": leaf.serial.as_ref().map(ToString::to_string),
            "sends": all(sends),
        }),
    }));
    Value::Object(object)
}

fn all(certificates: &[Certificate]) -> Vec<Value> {
    certificates.iter().map(certificate).collect()
}

fn certificate(one: &Certificate) -> Value {
    json!({ "subject": one.subject.rfc2253(), "fingerprintSHA256": one.fingerprint().with_colons() })
}
