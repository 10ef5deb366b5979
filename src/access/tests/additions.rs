//! Facts that come beside what mtlsgen makes: a change of the admitted clients is reported.

mod facts;

use std::collections::BTreeMap;

use super::*;
use crate::access::{Access, Asked as Asks, Change, Client, Who, access, changes};
use crate::controllers::traefik::Traefik;
use crate::enforcement::representatives::ClientClass;
use crate::enforcement::{Cause, Presented, Verdict};
use facts::{ASKS, NOTES, SETTINGS, base, beside, composed, custom, ingresses, other};

/// A controller as it is declared.
type Reader = (&'static dyn Controller, Declared);

fn readers() -> Vec<Reader> {
    let traefik = |version: &str, is_strict: bool| -> Reader {
        let options = BTreeMap::from([("strictTlsOptions".to_owned(), is_strict.to_string())]);
        let version = Some(version.to_owned());
        (&Traefik, Declared { version, options, ..Declared::default() })
    };
    vec![
        (&IngressNginx, Declared::default()),
        traefik("3.7.9", false),
        traefik("3.7.13", true),
        traefik("3.7.15", false),
    ]
}

/// Whether a verdict admits: `None`: that is open.
fn gets_in(verdict: &Verdict) -> Option<bool> {
    match verdict {
        Verdict::Admitted { .. } => Some(true),
        Verdict::Refused { .. }
        | Verdict::Redirected(_)
        | Verdict::Misdirected
        | Verdict::NotServed => Some(false),
        Verdict::OneOf(_, all) => {
            let first = all.first().and_then(gets_in);
            first.filter(|_| all.iter().all(|one| gets_in(one) == first))
        }
        Verdict::Unknown(_) => None,
    }
}

/// What is asked beside the classes of clients.
fn asks(pki: &Pki) -> Asks {
    let shows = Presented::Chain(Certificate::from_pem(pki.client.as_bytes()).unwrap());
    Asks {
        hosts: vec!["asks.test".to_owned(), "open.test".to_owned()],
        paths: ["/older/below", "/sorry", "/x", "/.well-known/acme-challenge/x"]
            .map(str::to_owned)
            .to_vec(),
        clients: vec![Client { name: "alice".to_owned(), shows }],
    }
}

/// Whether a change admits a client that the spec refuses, or an open host leads to the Service of the other. At the path of
/// challenges, a solver of others may answer.
fn opens(pki: &Pki, change: &Change) -> bool {
    if change.host == "open.test" {
        return laws::reaches(&change.after.verdict) && !laws::reaches(&change.before);
    }
    let is_wanted = match &change.after.client {
        Who::Named(_) => true,
        Who::Of(ClientClass::Below(issuer)) => issuer.to_pem() == pki.authority,
        Who::Of(_) | Who::Listed(_) => false,
    };
    let is_challenge = change.after.path.starts_with("/.well-known/acme-challenge");
    let is_solved = is_challenge && !laws::reaches(&change.after.verdict);
    !is_wanted && gets_in(&change.after.verdict) != Some(false) && !is_solved
}

/// Whether nothing at the host admits the client that the spec admits, as far as it is known.
fn locks_out(asks: &Asks, observed: &Observed) -> bool {
    let Access { hosts, .. } = access(("", ""), observed, asks, now());
    let answers = hosts.iter().filter(|host| host.host == "asks.test").flat_map(|one| &one.answers);
    let mut named = answers.filter(|one| matches!(one.client, Who::Named(_)));
    !named.any(|one| match &one.verdict {
        Verdict::OneOf(Cause::Paths | Cause::Share, _) => true,
        verdict => verdict.missing().is_some() || gets_in(verdict) == Some(true),
    })
}

/// A change of objects, by name.
type Addition = (String, Box<dyn Fn(&mut Vec<Value>) + Sync>);

/// All of a kind at once: shows the first few that change the admitted clients without a report.
fn hold(all: &[Addition]) {
    let pki = &laws::PKI;
    let (base, desired, asks) = (base(pki), desired(pki, None), asks(pki));
    let of = |(controller, declared): &Reader| observed(*controller, declared, &base);
    let readers: Vec<(Reader, Observed)> =
        readers().into_iter().map(|reader| (reader.clone(), of(&reader))).collect();
    let unreported = |(name, added): &Addition| {
        let mut objects = base.clone();
        added(&mut objects);
        let mut found = Vec::new();
        for ((controller, declared), before) in &readers {
            let after = observed(*controller, declared, &objects);
            if !compare(&desired, &after, now()).is_empty() {
                continue;
            }
            let reader = format!("{} {:?}", controller.name(), declared.version);
            let changed = changes(before, &after, &asks, now());
            found.extend(changed.iter().find(|one| opens(pki, one)).map(|one| {
                let Change { host, after, before, .. } = one;
                let words = format!("{:?} {} {:?}", after.scheme, after.path, after.verdict);
                format!("{name}, {reader}: {host} {words}, before {before:?}")
            }));
            if locks_out(&asks, &after) {
                found.push(format!("{name}, {reader}: no client is admitted"));
            }
        }
        found
    };
    let found: Vec<String> = all.iter().flat_map(unreported).collect();
    let shown = found.iter().step_by(found.len() / 12 + 1).cloned().collect::<Vec<_>>().join("\n");
    assert!(found.is_empty(), "{} of {}:\n{shown}", found.len(), all.len());
}

fn hold_objects(all: Vec<Vec<Value>>) {
    let added = all.into_iter().map(|objects| {
        let name = serde_json::to_string(&objects).unwrap();
        let change: Addition =
            (name, Box::new(move |all: &mut Vec<Value>| all.extend(objects.iter().cloned())));
        change
    });
    hold(&added.collect::<Vec<_>>());
}

#[test]
fn every_reader_serves_what_is_desired_before() {
    let pki = &laws::PKI;
    for (controller, declared) in readers() {
        let observed = observed(controller, &declared, &base(pki));
        assert_eq!(compare(&desired(pki, None), &observed, now()), [], "{}", controller.name());
        let Access { hosts, .. } = access((controller.name(), ""), &observed, &asks(pki), now());
        let alice = hosts
            .iter()
            .flat_map(|host| &host.answers)
            .find(|one| matches!(&one.client, Who::Named(name) if name == "alice"));
        assert_eq!(alice.map(|one| gets_in(&one.verdict)), Some(Some(true)));
    }
}

#[test]
fn an_ingress_more_is_reported_or_changes_nothing() {
    hold_objects(ingresses());
}

#[test]
fn an_annotation_more_is_reported_or_changes_nothing() {
    let mut all: Vec<Addition> = Vec::new();
    for (name, value) in NOTES {
        for at in [1, 2] {
            all.push((
                format!("{name}: {value} at {at}"),
                Box::new(move |all| annotate(&mut all[at], name, value)),
            ));
            all.push((
                format!("{name}: {value} at {at}, where settings allow it"),
                Box::new(move |all| {
                    annotate(&mut all[at], name, value);
                    all.push(setting("ssl-redirect", "true"));
                }),
            ));
        }
        for (second, path) in [(1, "/"), (1, "/older"), (3, "/"), (3, "/older")] {
            for notes in [vec![(name, value)], [vec![(name, value)], ASKS.to_vec()].concat()] {
                let ingress = other(second, path, &notes);
                all.push((
                    format!("{name}: {value} of another for {path}, {second}"),
                    Box::new(move |all| all.push(ingress.clone())),
                ));
            }
        }
    }
    hold(&all);
}

#[test]
fn a_setting_more_is_reported_or_changes_nothing() {
    let of = |name: &str, value: &str, place: &str| {
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": place, "namespace": "ingress-nginx" },
                "data": { name: value } })
    };
    let mut all = Vec::new();
    for (name, value) in SETTINGS {
        all.push(vec![of(name, value, "controller")]);
        all.push(vec![of(name, value, "controller"), of("ssl-redirect", "true", "another")]);
        all.push(vec![of(name, value, "controller"), other(1, "/older", &ASKS)]);
    }
    hold_objects(all);
}

#[test]
fn names_that_meet_are_reported_or_change_nothing() {
    hold_objects(composed());
}

#[test]
fn objects_of_traefik_are_reported_or_change_nothing() {
    hold_objects(custom());
}

#[test]
fn objects_of_no_controller_are_reported_or_change_nothing() {
    hold_objects(beside());
}
