mod vectors;

use std::collections::BTreeSet;

use super::schedule::{self, Window};
use super::*;
use crate::diagnostic::Diagnostic;
use crate::model::periods::period;
use crate::model::tests::{model, resolved};
use crate::plan;
use crate::time::Seconds;

const SEED: &str = "d6b9a7f14e02c5883bfa1d60977ce3254a8f10dd5b36e9c271048bfe92a35cd7";
const OTHER_SEED: &str = "d6b9a7f14e02c5883bfa1d60977ce3254a8f10dd5b36e9c271048bfe92a35cd8";

/// A host that lets in clients of `signing`.
const HOST: &str = "[services.web]\nimage = \"httpd\"\nport = 80\n[hosts.\"web.example.com\"]\nservice = \"web\"\n\
    tls.issuer = \"self-signed\"\nclientAuth.cas = [\"signing\"]\n";

const ONE_LEVEL: &str = "[cas.signing]\n[clients.alice]\nissuer = \"signing\"\n";
const SHORT: &str = "[defaults]\nduration = \"2h\"\n[cas.signing]\nduration = \"9h\"\n[clients.alice]\nissuer = \"signing\"\n\
    renewBefore = \"90m\"\n";
const THREE_LEVELS: &str = "[cas.root]\nduration = \"3y\"\n[cas.middle]\nissuer = \"root\"\nduration = \"2y\"\n\
    privateKey.algorithm = \"Ed25519\"\n[cas.signing]\nissuer = \"middle\"\nduration = \"500d\"\nrenewBefore = \"200d\"\n\
    [clients.alice]\nissuer = \"signing\"\nprivateKey.size = 384\n[clients.bob]\nissuer = \"signing\"\nduration = \"90d\"\n";
const ROLLED_OVER: &str = "[cas.root]\ngeneration = 2\ntrustedGenerations = [1, 2, 3]\n[cas.signing]\nissuer = \"root\"\n\
    trustedGenerations = [2, 1]\n[clients.alice]\nissuer = \"signing\"\ngeneration = 7\n";
const REVOKED: &str = "[cas.root]\ncrl = { duration = \"90d\" }\n[cas.signing]\nissuer = \"root\"\nrevoked = [\"0x1234\"]\n\
    generation = 2\ntrustedGenerations = [1, 2]\n[clients.alice]\nissuer = \"signing\"\n\
    [clients.bob]\nissuer = \"signing\"\nrevoked = true\ngeneration = 3\nduration = \"100d\"\nrenewBefore = \"80d\"\n";

fn spec(levels: &str) -> String {
    format!("store.kind = \"derived\"\n{levels}{HOST}")
}

fn at(model: &Model, seed: &str, now: Timestamp) -> Result<Derived, Failure> {
    let order = Order { model, supplied: &Keyring::default(), now, extent: Extent::Current };
    derive(order, &Seed::from_text(seed).unwrap(), &mut || ())
}

fn derived(model: &Model, now: Timestamp) -> Derived {
    at(model, SEED, now).unwrap()
}

fn day(number: u64) -> Timestamp {
    Timestamp::parse("2030-01-01").unwrap().after(Seconds::days(number))
}

/// The moments around the next edges of every holder.
fn moments(model: &Model, now: Timestamp) -> BTreeSet<Timestamp> {
    let mut found = BTreeSet::from([now, now.after(Seconds(12_345_678))]);
    for request in model.requests() {
        let Window { edge, validity } = schedule::window(model, request, now);
        let period = period(request.duration, request.renew_before).unwrap();
        let next = edge.after(period);
        let times =
            [edge, next.before(Seconds(1)), next, next.after(Seconds(300)), validity.not_after];
        found.extend(times);
    }
    found
}

#[test]
fn a_plan_finds_nothing_to_do_at_any_time() {
    for levels in [ONE_LEVEL, SHORT, THREE_LEVELS, ROLLED_OVER, REVOKED] {
        let model = model(&spec(levels));
        for now in moments(&model, day(3)) {
            let derived = derived(&model, now);
            let plan = plan::plan(&model, &derived.inventory, now);
            let plan = plan.unwrap_or_else(|errors| panic!("{levels}{now}: {errors:#?}"));
            assert!(plan.is_empty(), "{levels}{now}: {plan:#?}");
            assert!(
                plan.warnings.is_empty() && plan.notices.is_empty(),
                "{levels}{now}: {plan:#?}"
            );
        }
    }
}

#[test]
fn between_edges_nothing_changes_and_at_each_edge_something_does() {
    for levels in [SHORT, THREE_LEVELS] {
        let model = model(&spec(levels));
        for request in model.requests() {
            let window = schedule::window(&model, request, day(0));
            let certificate =
                |now| derived(&model, now).inventory.held[&request.holder].chain[0].clone();
            let mut next = window.edge;
            while schedule::window(&model, request, next).edge == window.edge {
                next = next.after(Seconds(60));
                if next > day(1500) {
                    break;
                }
                let leap = period(request.duration, request.renew_before).unwrap().0 / 7;
                let leapt = next.after(Seconds(leap));
                if schedule::window(&model, request, leapt).edge == window.edge {
                    next = leapt;
                }
            }
            let first = certificate(window.edge);
            assert_eq!(certificate(day(0)), first, "{}", request.holder);
            let next = schedule::window(&model, request, next).edge;
            assert_eq!(certificate(next.before(Seconds(1))), first);
            let second = certificate(next);
            assert_ne!(second.serial, first.serial);
            let is_authority = matches!(request.holder, Holder::Authority(_));
            assert_eq!(second.spki_hash == first.spki_hash, is_authority, "{}", request.holder);
            // Old and new overlap by `renewBefore` at least, or up to the end of their issuer.
            let overlap = first.not_after.since(second.not_before);
            assert!(
                overlap >= request.renew_before || is_authority,
                "{}: {overlap}",
                request.holder
            );
            assert_eq!(second.not_before, next.before(Seconds::minutes(5)));
        }
    }
}

#[test]
fn leaves_keep_their_whole_duration_and_never_outlive_their_authorities() {
    for levels in [ONE_LEVEL, SHORT, THREE_LEVELS] {
        let model = model(&spec(levels));
        for now in moments(&model, day(100)) {
            let Inventory { held, .. } = derived(&model, now).inventory;
            for request in model.requests() {
                let own = held[&request.holder].certificate();
                let is_leaf = !matches!(request.holder, Holder::Authority(_));
                let length = Seconds(own.not_after.since(own.not_before).0 + 1);
                assert!(!is_leaf || length == request.duration, "{} at {now}", request.holder);
                let Issuer::Authority(issuer) = &request.issuer else { continue };
                let issuer = held[&Holder::Authority(issuer.clone())].certificate();
                assert!(own.not_after <= issuer.not_after, "{} at {now}", request.holder);
                assert!(own.is_signed_by(issuer));
            }
        }
    }
}

/// Everything in which two of them can differ.
fn fingerprints(derived: &Derived) -> BTreeSet<(String, Vec<u8>)> {
    let held = derived.inventory.held.iter();
    held.map(|(holder, held)| (holder.to_string(), held.certificate().der.clone())).collect()
}

#[test]
fn another_seed_gives_other_keys_and_serials_to_every_holder() {
    let model = model(&spec(THREE_LEVELS));
    let one = derived(&model, day(0));
    let other = at(&model, OTHER_SEED, day(0)).unwrap();
    assert_eq!(fingerprints(&one), fingerprints(&derived(&model, day(0))));
    for (holder, held) in &one.inventory.held {
        let (own, others) = (held.certificate(), other.inventory.held[holder].certificate());
        assert!(own.spki_hash != others.spki_hash && own.serial != others.serial, "{holder}");
    }
    let serials: BTreeSet<_> =
        one.inventory.held.values().map(|held| held.certificate().serial.clone()).collect();
    assert_eq!(serials.len(), one.inventory.held.len());
    assert!(serials.iter().all(|serial| serial.0.len() == 16 && serial.0[0] < 0x80));
}

#[test]
fn a_generation_changes_its_holder_alone() {
    let before = derived(&model(&spec(ONE_LEVEL)), day(0));
    let raised = ONE_LEVEL.to_owned() + "generation = 2\n";
    let after = derived(&model(&spec(&raised)), day(0));
    for (holder, held) in &before.inventory.held {
        let (old, new) = (held.certificate(), after.inventory.held[holder].certificate());
        let is_raised = *holder == Holder::Client("alice".into());
        assert_eq!(old.spki_hash != new.spki_hash, is_raised, "{holder}");
        assert_eq!(old.serial != new.serial, is_raised, "{holder}");
    }
}

#[test]
fn every_content_makes_another_serial() {
    let base = derived(&model(&spec(ONE_LEVEL)), day(0));
    let alice = Holder::Client("alice".into());
    let serial = |more: &str| {
        let model = model(&spec(&(ONE_LEVEL.to_owned() + more)));
        derived(&model, day(0)).inventory.held[&alice].certificate().serial.clone()
    };
    let known = &base.inventory.held[&alice].certificate().serial;
    assert_eq!(serial("secretName = \"x\"\n"), *known, "what lies beside the certificate does not");
    for more in [
        "subject = \"CN=other\"\n",
        "dnsNames = [\"x\"]\n",
        "uris = [\"spiffe://a/b\"]\n",
        "privateKey.size = 384\n",
        "duration = \"364d\"\n",
    ] {
        assert_ne!(serial(more), *known, "{more}");
    }
}

#[test]
fn trusted_generations_are_beside_the_one_that_signs() {
    let model = model(&spec(ROLLED_OVER));
    let derived = derived(&model, day(0));
    let Inventory { held, generations, .. } = &derived.inventory;
    let root = &generations["root"];
    assert!(root.next.is_some() && root.retiring.len() == 1);
    assert!(generations["signing"].next.is_some() && generations["signing"].retiring.is_empty());
    let subjects: BTreeSet<_> = derived
        .inventory
        .trusted("root")
        .into_iter()
        .map(|one| (one.subject.clone(), one.spki_hash))
        .collect();
    assert_eq!(subjects.len(), 3, "one subject, three keys");
    let bundle = chains::bundle(&model, &derived.inventory, &["signing".to_owned()]).unwrap();
    assert_eq!(bundle.len(), 5);
    assert_eq!(bundle[0], held[&Holder::Authority("signing".into())].certificate());
    let signing = held[&Holder::Authority("signing".into())].certificate();
    assert!(signing.is_signed_by(held[&Holder::Authority("root".into())].certificate()));
    // Each generation is the one that it is when it signs.
    let first = self::derived(
        &self::model(&spec(
            &ROLLED_OVER.replace("generation = 2\n", "").replace("[1, 2, 3]", "[1]"),
        )),
        day(0),
    );
    let first = first.inventory.held[&Holder::Authority("root".into())].certificate().clone();
    assert!(root.retiring.values().any(|held| *held.certificate() == first));
}

#[test]
fn revocation_lists_follow_from_the_spec_and_rise_with_time_and_entries() {
    let lists = |text: &str, now| derived(&model(&spec(text)), now).inventory.lists;
    let first = lists(REVOKED, day(0));
    assert_eq!(first.keys().collect::<Vec<_>>(), ["root", "signing"]);
    assert_eq!(first["signing"].len(), 2, "one for each generation that is trusted");
    let list = &first["signing"][0];
    // Three generations of bob, in five or six windows, by two generations of the issuer; and one serial.
    assert!([31, 37].contains(&list.revoked.len()), "{}", list.revoked.len());
    assert!(list.this_update <= day(0) && list.end() > day(0));
    let more = REVOKED.replace("[\"0x1234\"]", "[\"0x1234\", \"0x1235\"]");
    let second = lists(&more, day(0));
    assert!(second["signing"][0].number > list.number);
    let mut newest = list.clone();
    for number in (3..120).step_by(3) {
        let now = lists(REVOKED, day(number));
        let now = &now["signing"][0];
        assert!(*now == newest || now.number > newest.number, "day {number}");
        newest = now.clone();
    }
    assert_ne!(newest, *list);
}

fn refused(text: &str) -> Vec<&'static str> {
    resolved(text).1.into_iter().map(|finding: Diagnostic| finding.code).collect()
}

#[test]
fn what_no_schedule_can_give_is_refused() {
    let short = "[cas.signing]\nduration = \"400d\"\n[clients.alice]\nissuer = \"signing\"\n";
    assert_eq!(refused(&spec(short)), ["windows-too-short"]);
    let late = "[cas.signing]\n[clients.alice]\nissuer = \"signing\"\nrenewBefore = \"340d\"\n";
    assert_eq!(refused(&spec(late)), ["windows-too-short"]);
    assert!(refused(&spec(&late.replace("340d", "320d"))).is_empty());
    let lists = "[cas.signing]\ncrl = { duration = \"1h\", renewBefore = \"55m\" }\n";
    assert_eq!(refused(&spec(lists)), ["windows-too-short"]);
    let before = Timestamp::from_unix(-1);
    let Err(Failure::Refused(found)) = at(&model(&spec(ONE_LEVEL)), SEED, before) else { panic!() };
    assert_eq!(found[0].code, "clock-behind");
    let Err(Failure::Refused(found)) = at(&model(&spec(ONE_LEVEL)), SEED, Timestamp::MAX) else {
        panic!()
    };
    assert_eq!(found[0].code, "clock-ahead");
    assert!(at(&model(&spec(ONE_LEVEL)), SEED, Timestamp::from_unix(0)).is_ok());
    assert!(at(&model(&spec(ONE_LEVEL)), SEED, Timestamp::parse("9000-01-01").unwrap()).is_ok());
}

#[test]
fn a_certificate_that_is_revoked_and_would_come_again_is_refused() {
    let model = self::model(&spec(ONE_LEVEL));
    let serial = derived(&model, day(0)).inventory.held[&Holder::Client("alice".into())]
        .certificate()
        .serial
        .to_string();
    let text = ONE_LEVEL
        .replace("[cas.signing]\n", &format!("[cas.signing]\nrevoked = [\"0x{serial}\"]\n"));
    let Err(Failure::Refused(found)) = at(&self::model(&spec(&text)), SEED, day(0)) else {
        panic!()
    };
    assert_eq!(found[0].code, "revoked-again");
    assert!(found[0].help[0].contains("`generation = 2` under `clients.\"alice\"`"), "{found:?}");
    let raised = text + "generation = 2\n";
    assert!(at(&self::model(&spec(&raised)), SEED, day(0)).is_ok());
}

#[test]
fn the_steps_of_a_rollover_are_listed_from_its_phase() {
    let reported = |authority: &str| {
        let text = ONE_LEVEL.replace("[cas.signing]\n", &format!("[cas.signing]\n{authority}"));
        rotation(&model(&spec(&text)), "signing").help
    };
    let first = reported("");
    assert_eq!(first.len(), 3);
    assert!(first[0].contains("`generation = 1` and `trustedGenerations = [1, 2]`"), "{first:?}");
    assert!(first[1].contains("`generation = 2` and keep `trustedGenerations = [1, 2]`"));
    assert!(first[2].contains("365d after"), "{first:?}");
    assert_eq!(reported("trustedGenerations = [1, 2]\n"), first[1..]);
    assert_eq!(reported("generation = 2\ntrustedGenerations = [1, 2]\n"), first[2..]);
    assert!(reported("generation = 2\n")[0].contains("[2, 3]"));
}
