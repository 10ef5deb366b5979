//! A year of daily renders: output changes at the documented edges alone, and clients that were admitted yesterday are admitted today.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mtlsgen::pki::certificate::Certificate;
use mtlsgen::time::{Seconds, Timestamp};
use rustls_pki_types::{CertificateDer, UnixTime};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::{HOST, bundle, certificates, client_files, render_at, sandbox};
use crate::nginx::Nginx;
use crate::support::object;

const DAYS: u64 = 366;
const DAY: i64 = 86_400;

/// Short-lived, so that a year has many edges.
const SPEC: &str = r#"
[store]
kind = "derived"
seedFile = "seed"
[defaults]
duration = "40d"
renewBefore = "12d"
[cas.root]
duration = "300d"
[cas.signing]
issuer = "root"
duration = "150d"
[cas.servers]
duration = "200d"
[clients.alice]
issuer = "signing"
secretName = "alice"
[services.web]
existing = true
port = 80
[hosts."web.example.com"]
service = "web"
tls.issuer = "servers"
clientAuth.cas = ["signing"]
"#;

/// The last edge up to `now`, as documented: seconds from an edge to the next, and where they are
/// counted from.
fn edge(origin: i64, period: i64, now: i64) -> i64 {
    origin + (now - origin).div_euclid(period) * period
}

fn period(duration: i64, renew_before: i64) -> i64 {
    duration * DAY - renew_before * DAY - 301
}

/// First 64 bits of a hash of kind and name, in the length of a window.
fn origin(kind: &str, name: &str, period: i64) -> i64 {
    let mut hash = Sha256::new();
    hash.update("mtlsgen derived v1");
    for field in ["schedule", kind, name] {
        hash.update(u32::try_from(field.len()).unwrap().to_be_bytes());
        hash.update(field);
    }
    let first: [u8; 8] = hash.finalize()[..8].try_into().unwrap();
    i64::try_from(u64::from_be_bytes(first) % u64::try_from(period).unwrap()).unwrap()
}

/// The edges that are in force, by the Secret that they change.
fn edges(now: i64) -> BTreeMap<&'static str, Vec<i64>> {
    let leaf = period(40, 12);
    let own = |kind, name, period| edge(origin(kind, name, period), period, now);
    // Authorities make way as long before their end as what they sign lasts.
    let root = own("authority", "root", period(300, 40));
    let signing = edge(root, period(150, 40), now);
    BTreeMap::from([
        ("alice", vec![own("client", "alice", leaf), signing]),
        ("web-example-com-tls", vec![own("host", HOST, leaf)]),
        ("web-example-com-tls-cacert", vec![root, signing]),
    ])
}

/// What a client shows, and from which day.
struct Shown {
    day: u64,
    chain: Vec<Certificate>,
}

fn accepts(
    chain: &[Certificate],
    anchors: &[Certificate],
    usage: KeyUsage,
    now: Timestamp,
) -> bool {
    let der: Vec<CertificateDer<'_>> =
        chain.iter().map(|one| CertificateDer::from(one.der.as_slice())).collect();
    let roots: Vec<CertificateDer<'_>> =
        anchors.iter().map(|one| CertificateDer::from(one.der.as_slice())).collect();
    let roots: Vec<_> = roots.iter().map(|root| anchor_from_trusted_cert(root).unwrap()).collect();
    let time = UnixTime::since_unix_epoch(Duration::from_secs(now.unix().try_into().unwrap()));
    let own = EndEntityCert::try_from(&der[0]).unwrap();
    own.verify_for_usage(ALL_VERIFICATION_ALGS, &roots, &der[1..], time, usage, None, None).is_ok()
}

#[test]
fn a_year_changes_at_its_edges_alone_and_locks_no_client_out() {
    let sandbox = sandbox(SPEC);
    let start = Timestamp::parse("2029-10-01T08:00:00Z").unwrap();
    let now = |day: u64| start.after(Seconds::days(day));
    let (mut before, mut seen): (Option<Vec<Value>>, _) = (None, BTreeSet::new());
    let (mut clients, mut callers) = (Vec::new(), Vec::new());
    for day in 0..DAYS {
        let objects = render_at(&sandbox, &now(day).to_string());
        if let Some(before) = &before {
            let edges = (edges(now(day - 1).unix()), edges(now(day).unix()));
            for name in edges.0.keys() {
                let of = |objects: &[Value]| object(objects, "Secret", name).clone();
                let changed = of(before) != of(&objects);
                assert_eq!(changed, edges.0[name] != edges.1[name], "{name} on day {day}");
                seen.extend(changed.then_some((*name, day)));
            }
            let rest = |objects: &[Value]| -> Vec<Value> {
                objects.iter().filter(|object| object["kind"] != "Secret").cloned().collect()
            };
            assert_eq!(rest(before), rest(&objects));
        }
        let anchors = bundle(&objects);
        let of = |secret: &str| Shown { day, chain: certificates(&objects, secret, "tls.crt") };
        clients.push(of("alice"));
        let server = of("web-example-com-tls").chain;
        if day % 4 == 0 {
            let at = now(day).to_string();
            let trusted = sandbox.ok(&["cert", "export", "cas/servers", "--at", &at]).stdout;
            callers.push((day, Certificate::from_pem(trusted.as_bytes()).unwrap()));
        }
        // Every client that came in the last twelve days, with what they had then.
        let recent = |since: u64| day - since <= 12;
        for shown in clients.iter().filter(|shown| recent(shown.day)) {
            let accepted = accepts(&shown.chain, &anchors, KeyUsage::client_auth(), now(day));
            assert!(accepted, "the client of day {} on day {day}", shown.day);
        }
        // Callers who got their anchor up to forty days ago, which is what an authority makes way before its end.
        for (since, anchors) in callers.iter().filter(|(since, _)| day - since <= 40) {
            // The judge does not look at the dates of anchors.
            assert!(anchors.iter().all(|anchor| anchor.not_after > now(day)));
            assert!(
                accepts(&server, anchors, KeyUsage::server_auth(), now(day)),
                "the server of day {day}, for a caller of day {since}"
            );
        }
        before = Some(objects);
    }
    let count = |name: &str| seen.iter().filter(|(changed, _)| *changed == name).count();
    assert!((12..=20).contains(&count("alice")), "{seen:?}");
    assert!((12..=14).contains(&count("web-example-com-tls")), "{seen:?}");
    assert!((2..=5).contains(&count("web-example-com-tls-cacert")), "{seen:?}");
    // Further back than the overlap, some client is refused: the judge can say no.
    let last = bundle(before.as_ref().unwrap());
    assert!(!accepts(&clients[0].chain, &last, KeyUsage::client_auth(), now(DAYS - 1)));
}

#[test]
fn real_servers_let_in_clients_of_all_days_that_overlap() {
    // A real server looks at its own clock: the days before are those before now.
    let sandbox = sandbox(&SPEC.replace("renewBefore = \"12d\"", "renewBefore = \"35d\""));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let at = |days: u64| format!("@{}", now.as_secs() - days * 86_400);
    let today = render_at(&sandbox, &at(0));
    let mut shown = Vec::new();
    for days in [0, 1, 4, 8, 12, 20, 34] {
        let objects = render_at(&sandbox, &at(days));
        shown.push((days, client_files(&sandbox, &objects, "alice", &format!("day-{days}"))));
    }
    let long_ago = client_files(&sandbox, &render_at(&sandbox, &at(46)), "alice", "long-ago");
    let Some(nginx) = Nginx::serving(&today, sandbox.folder()) else { return };
    for (days, client) in &shown {
        assert_eq!(nginx.ask(HOST, client).unwrap().status, "200", "{days} days ago");
    }
    assert_eq!(nginx.ask(HOST, &long_ago).unwrap().status, "400");
    let different: BTreeSet<_> = shown
        .iter()
        .map(|(_, client)| std::fs::read(client.certificate.as_ref().unwrap()).unwrap())
        .collect();
    assert!(different.len() >= 5, "{}", different.len());
}
