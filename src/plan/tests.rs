use std::sync::atomic::{AtomicU8, Ordering};

use super::*;
use crate::enforcement::{CheckedLists, Library, Refusal, UnknownStatus, Verifier};
use crate::model::Conventions;
use crate::model::tests::model;
use crate::pki::certificate::Certificate;
use crate::pki::crl::RevocationReason;
use crate::pki::issue::Entropy;
use crate::pki::key::{KeyError, KeyKind, PrivateKey};
use crate::pki::request::{CertificateRequest, Holder, SerialNumber};
use crate::store::{Inventory, Keyring, Revocation};
use crate::time::{Seconds, Timestamp};
use std::collections::BTreeSet;

const SPEC: &str = "[cas.root]\nduration = \"400d\"\n[cas.issuing]\nissuer = \"root\"\nduration = \"300d\"\n\
    [clients.alice]\nissuer = \"issuing\"\n[clients.bob]\nissuer = \"root\"\nduration = \"100d\"\nserial = 7\n";

/// Serials that count, keys that are random.
#[derive(Default)]
struct Counting(AtomicU8);

impl Entropy for Counting {
    fn private_key(&self, _: &CertificateRequest) -> Result<PrivateKey, KeyError> {
        PrivateKey::generate(KeyKind::EcdsaP256)
    }

    fn serial(&self, _: &CertificateRequest) -> SerialNumber {
        SerialNumber(vec![0x40, self.0.fetch_add(1, Ordering::Relaxed) + 1])
    }
}

pub(super) fn day(number: u64) -> Timestamp {
    Timestamp::parse("2030-01-01").unwrap().after(Seconds::days(number))
}

/// What one run plans and makes at a time.
pub(super) struct Run {
    plan: IssuancePlan,
    pub(super) inventory: Inventory,
    keyring: Keyring,
}

pub(super) fn run(text: &str, before: Option<Run>, at: Timestamp) -> Run {
    let (inventory, keyring) =
        before.map_or_else(Default::default, |run| (run.inventory, run.keyring));
    let model = model(text);
    let plan = plan(&model, &inventory, at).unwrap();
    let mut steps = 0;
    let entropy = Counting::default();
    entropy.0.store(u8::try_from(inventory.held.len() * 16).unwrap(), Ordering::Relaxed);
    let issued = issue(&plan, &model, &inventory, &keyring, &entropy, &mut || steps += 1).unwrap();
    assert_eq!(steps, plan.actions.len());
    let inventory = inventory.with(&issued);
    let made = issued.certificates.into_iter();
    let made = made.filter_map(|one| Some((one.request.holder, one.key?)));
    let keyring = keyring.and(&made.collect());
    Run { plan, inventory, keyring }
}

fn reported(plan: &IssuancePlan) -> Vec<String> {
    plan.actions
        .iter()
        .map(|action| format!("{}: {}", action.request.holder, action.reason))
        .collect()
}

fn certificate<'a>(run: &'a Run, holder: &Holder) -> &'a Certificate {
    run.inventory.held[holder].certificate()
}

#[test]
fn the_first_run_issues_everything_from_the_roots_down() {
    let first = run(SPEC, None, day(0));
    let order: Vec<&str> = first.plan.actions.iter().map(|a| a.request.holder.name()).collect();
    assert_eq!(order, ["root", "issuing", "alice", "bob"]);
    assert!(first.plan.actions.iter().all(|action| action.reason == Reason::NeverIssued));
    let bob = certificate(&first, &Holder::Client("bob".into()));
    assert_eq!(bob.serial, SerialNumber(vec![7]), "a fixed serial serves the first issue");
    assert_eq!(bob.not_before, day(0).before(Seconds::minutes(5)));
    assert_eq!(bob.not_after.since(bob.not_before), Seconds(100 * 86_400 - 1));
}

#[test]
fn nothing_outlives_its_issuer_and_that_is_reported_once() {
    let first = run(SPEC, None, day(0));
    let alice = certificate(&first, &Holder::Client("alice".into()));
    let issuing = certificate(&first, &Holder::Authority("issuing".into()));
    assert_eq!(alice.not_after, issuing.not_after);
    let reported: Vec<&str> = first.plan.notices.iter().map(|notice| notice.code).collect();
    assert_eq!(reported, ["shortened"]);
    let second = run(SPEC, Some(first), day(1));
    assert!(second.plan.is_empty() && second.plan.notices.is_empty());
}

#[test]
fn a_shortened_certificate_is_due_only_when_a_new_one_would_last_longer() {
    let spec = SPEC.replace("duration = \"300d\"", "duration = \"300d\"\nrenewBefore = \"5d\"");
    let first = run(&spec, None, day(0));
    // Alice ends with her issuer on day 300; thirty days before, a new certificate would end there too.
    let early = run(&spec, Some(first), day(280));
    assert_eq!(reported(&early.plan).len(), 1, "bob has expired: {:?}", reported(&early.plan));
    let late = run(&spec, Some(early), day(296));
    let names: Vec<&str> = late.plan.actions.iter().map(|a| a.request.holder.name()).collect();
    assert_eq!(names, ["issuing", "alice"], "{:?}", reported(&late.plan));
    assert!(late.plan.actions[0].keeps_key && !late.plan.actions[1].keeps_key);
}

#[test]
fn a_renewed_authority_leaves_what_it_signed_alone() {
    let spec = "[cas.root]\nduration = \"50d\"\n[clients.bob]\nissuer = \"root\"\nduration = \"49d\"\nrenewBefore = \"1d\"\n";
    let first = run(spec, None, day(0));
    let bob = certificate(&first, &Holder::Client("bob".into())).clone();
    let later = run(spec, Some(first), day(25));
    assert_eq!(reported(&later.plan).len(), 1, "{:?}", reported(&later.plan));
    assert!(bob.is_signed_by(certificate(&later, &Holder::Authority("root".into()))));
    assert!(later.plan.stale_chains.is_empty(), "roots are not served");
}

#[test]
fn chains_follow_a_renewed_intermediate() {
    let spec = "[cas.root]\n[cas.issuing]\nissuer = \"root\"\nduration = \"200d\"\nrenewBefore = \"150d\"\n\
        [clients.bob]\nissuer = \"issuing\"\nduration = \"100d\"\n";
    let first = run(spec, None, day(0));
    let later = run(spec, Some(first), day(60));
    assert_eq!(later.plan.stale_chains, [Holder::Client("bob".into())]);
    let chain = &later.inventory.held[&Holder::Client("bob".into())].chain;
    assert_eq!(&chain[1], certificate(&later, &Holder::Authority("issuing".into())));
    assert!(run(spec, Some(later), day(61)).plan.is_empty());
}

#[test]
fn a_new_level_below_a_root_changes_its_path_length_and_nothing_else() {
    let before = run("[cas.root]\n[clients.bob]\nissuer = \"root\"\n", None, day(0));
    let key = certificate(&before, &Holder::Authority("root".into())).spki_hash;
    let deeper = "[cas.root]\n[cas.issuing]\nissuer = \"root\"\n[clients.bob]\nissuer = \"root\"\n";
    let after = run(deeper, Some(before), day(1));
    assert_eq!(
        reported(&after.plan),
        [
            "authority `root`: expected to be for signing with 1 authorities below it, is for signing with 0 authorities below it",
            "authority `issuing`: never issued"
        ]
    );
    assert_eq!(certificate(&after, &Holder::Authority("root".into())).spki_hash, key);
}

#[test]
fn another_key_or_subject_of_an_authority_is_refused() {
    let first = run("[cas.root]\n", None, day(0));
    for change in ["subject = \"CN=other\"\n", "privateKey = { size = 384 }\n"] {
        let model = model(&format!("[cas.root]\n{change}"));
        let refused = plan(&model, &first.inventory, day(1)).unwrap_err();
        assert_eq!(refused[0].code, "rotation-needed");
        assert!(refused[0].help[0].contains("ca rotate"));
    }
}

#[test]
fn keys_are_asked_for_only_where_something_is_signed() {
    let first = run(SPEC, None, day(0));
    let model = model(SPEC);
    let quiet = plan(&model, &first.inventory, day(1)).unwrap();
    assert!(quiet.keys_needed(&model).is_empty());
    let due = plan(&model, &first.inventory, day(75)).unwrap();
    assert_eq!(reported(&due).len(), 1, "bob is due");
    assert_eq!(due.keys_needed(&model), [Holder::Authority("root".into())]);
}

#[test]
fn an_authority_that_signed_something_is_lost_and_not_new() {
    let mut first = run(SPEC, None, day(0));
    first.inventory.held.remove(&Holder::Authority("root".into()));
    let lost = plan(&model(SPEC), &first.inventory, day(1)).unwrap_err();
    let codes: Vec<&str> = lost.iter().map(|error| error.code).collect();
    assert_eq!(codes, ["lost-authority"]);
    assert!(lost[0].title.contains("`root` is lost"), "{}", lost[0].title);
    let other_name = SPEC.replace("root", "other");
    assert!(plan(&model(&other_name), &first.inventory, day(1)).is_ok(), "the way out");
}

/// A host that trusts both authorities.
const DOOR: &str = "[services.s]\nexisting = true\nport = 80\n[hosts.\"a.example.com\"]\nservice = \"s\"\n\
    tls.issuer = \"self-signed\"\nclientAuth.cas = [\"issuing\", \"root\"]\n";

fn revoke(run: &mut Run, holder: &Holder, issuer: &str) {
    let serial = certificate(run, holder).serial.clone();
    let revocation =
        Revocation { at: day(1), reason: RevocationReason::KeyCompromise, comment: None };
    run.inventory.ledger.revoked.insert(issuer, &serial, revocation);
}

#[test]
fn what_is_revoked_is_issued_anew_with_another_key_and_listed() {
    let spec = format!("{SPEC}{DOOR}");
    let alice = Holder::Client("alice".into());
    let mut first = run(&spec, None, day(0));
    assert!(first.plan.lists.is_empty());
    let key = certificate(&first, &alice).spki_hash;
    let serial = certificate(&first, &alice).serial.clone();
    revoke(&mut first, &alice, "issuing");
    let scope = Scope { reuse_keys: true, ..Scope::default() };
    let plan = plan_within(&model(&spec), &first.inventory, day(2), &scope).unwrap();
    assert!(plan.is_urgent() && !plan.actions[0].keeps_key);
    let second = run(&spec, Some(first), day(2));
    assert_eq!(
        reported(&second.plan),
        [format!("client `alice`: its certificate {serial} was revoked (keyCompromise)")]
    );
    assert_ne!(certificate(&second, &alice).spki_hash, key);
    let authorities: Vec<&str> =
        second.plan.lists.iter().map(|list| list.authority.as_str()).collect();
    assert_eq!(authorities, ["issuing", "root"]);
    let listed = &second.inventory.lists["issuing"][0];
    // The seconds of that day, so that the numbers of all earlier lists were lower.
    let seconds = u64::try_from(day(2).unix()).unwrap();
    let want = (&Some(seconds.into()), Some(&serial));
    assert_eq!((&listed.number, listed.revoked.keys().next()), want);
    assert!(second.inventory.lists["root"][0].revoked.is_empty());
    assert!(run(&spec, Some(second), day(3)).plan.is_empty());
}

#[test]
fn bundles_and_lists_are_what_the_program_that_validates_needs() {
    let spec = format!("{SPEC}{}", DOOR.replace(", \"root\"", ""));
    let mut first = run(&spec, None, day(0));
    revoke(&mut first, &Holder::Client("alice".into()), "issuing");
    let second = run(&spec, Some(first), day(2));
    let names = |verifier: Verifier| {
        let mut model = model(&spec);
        let conventions = Conventions { verifier, ..*model.conventions };
        model.conventions = Box::leak(Box::new(conventions));
        let listed = ["issuing".to_owned()];
        let bundle = chains::trust_bundle(&model, &second.inventory, &listed).unwrap();
        let bundle: Vec<String> = bundle.iter().map(|one| one.subject.rfc2253()).collect();
        let lists = revoking::beside_bundle(&model, &second.inventory, &listed).unwrap();
        let needed: Vec<String> = revoking::needed(&model, &second.inventory.ledger.revoked)
            .into_iter()
            .map(str::to_owned)
            .collect();
        assert_eq!(lists.map_or(0, |lists| lists.len()), needed.len());
        (bundle.len(), needed.join(" "))
    };
    let refusal = Refusal::Alert;
    for (library, lists, want) in [
        (Library::OpenSsl, Some((CheckedLists::Chain, UnknownStatus::Deny)), (2, "issuing root")),
        (Library::Go, Some((CheckedLists::EndEntity, UnknownStatus::Deny)), (1, "issuing")),
        (Library::Go, Some((CheckedLists::Chain, UnknownStatus::Allow)), (1, "issuing")),
        (Library::Go, None, (1, "")),
    ] {
        let got = names(Verifier { library, lists, refusal });
        assert_eq!(got, (want.0, want.1.to_owned()), "{library:?} {lists:?}");
    }
}

#[test]
fn lists_of_a_clock_that_was_ahead_are_signed_anew() {
    let spec = format!("{SPEC}{DOOR}");
    let mut first = run(&spec, None, day(0));
    revoke(&mut first, &Holder::Client("alice".into()), "issuing");
    let ahead = run(&spec, Some(first), day(40));
    let behind = run(&spec, Some(ahead), day(2));
    let reasons: Vec<String> =
        behind.plan.lists.iter().map(|list| list.reason.to_string()).collect();
    assert_eq!(reasons, ["it begins at 2030-02-09T23:55:00Z only"; 2]);
    let seconds = u64::try_from(day(40).unix()).unwrap();
    assert_eq!(behind.inventory.lists["root"][0].number, Some((seconds + 1).into()));
    assert!(behind.plan.lists[0].reason.still_works(), "this clock may be the wrong one");
}

#[test]
fn a_revoked_authority_is_not_issued_anew() {
    let mut first = run(SPEC, None, day(0));
    revoke(&mut first, &Holder::Authority("issuing".into()), "root");
    let refused = plan(&model(SPEC), &first.inventory, day(2)).unwrap_err();
    assert_eq!(refused[0].code, "authority-revoked");
}

#[test]
fn a_scope_leaves_the_others_alone() {
    let first = run(SPEC, None, day(0));
    let bob = BTreeSet::from([Holder::Client("bob".into())]);
    let scope = |reuse_keys| Scope {
        only: Some(bob.clone()),
        asked: bob.clone(),
        reuse_keys,
        ..Scope::default()
    };
    for reuse_keys in [false, true] {
        let plan = plan_within(&model(SPEC), &first.inventory, day(1), &scope(reuse_keys)).unwrap();
        assert_eq!(reported(&plan), ["client `bob`: requested"]);
        assert_eq!(plan.actions[0].keeps_key, reuse_keys);
    }
}

#[test]
fn leaves_are_in_the_order_of_the_plan_for_any_threads() {
    let client = |number| format!("[clients.c{number}]\nissuer = \"issuing\"\n");
    let clients: Vec<String> = (0..100).map(client).collect();
    let model = model(&(SPEC.to_owned() + &clients.concat()));
    let plan = plan(&model, &Inventory::default(), day(0)).unwrap();
    let (inventory, keyring) = (Inventory::default(), Keyring::default());
    let entropy = Counting::default();
    let issued = issue(&plan, &model, &inventory, &keyring, &entropy, &mut || ()).unwrap();
    let made: Vec<&Holder> = issued.certificates.iter().map(|made| &made.request.holder).collect();
    let planned: Vec<&Holder> = plan.actions.iter().map(|action| &action.request.holder).collect();
    assert_eq!(made, planned);
    let issuing = issued.certificates[1].certificate();
    for made in &issued.certificates[2..] {
        assert_eq!(made.certificate().spki_hash, made.key.as_ref().unwrap().spki_hash());
        assert_eq!(made.certificate().is_signed_by(issuing), made.chain.len() == 2);
    }
}
