//! Every step in every phase, and that no order of steps locks a client out.

mod world;

use world::{Command, World};

use crate::model::tests::model;
use crate::pki::request::{Holder, SerialNumber};
use crate::plan::plan;
use crate::plan::rotation::{Known, Standing};
use crate::time::Seconds;

const COMMANDS: [Command; 5] = [
    Command::Introduce,
    Command::Activate,
    Command::Retire { forced: false },
    Command::Retire { forced: true },
    Command::Abandon,
];

const ROOT: &str = "[cas.root]\n[clients.alice]\nissuer = \"root\"\n";

/// A world whose authority `root` is in a phase.
fn in_phase(phase: &str) -> World {
    let mut world = World::new(ROOT);
    let steps: &[Command] = match phase {
        "settled" => &[],
        "introduced" => &[Command::Introduce],
        "active" => &[Command::Introduce, Command::Activate],
        "introduced again" => &[Command::Introduce, Command::Activate, Command::Introduce],
        other => panic!("{other}"),
    };
    for step in steps {
        world.step("root", *step).unwrap();
        world.render();
    }
    world
}

/// What each command does in a phase: the phase after it, or the code of the refusal.
type Expected = (&'static str, [Result<&'static str, &'static str>; 5]);

const TABLE: &[Expected] = &[
    (
        "settled",
        [
            Ok("introduced"),
            Err("rotation-not-introduced"),
            Err("rotation-nothing-retires"),
            Err("rotation-nothing-retires"),
            Err("rotation-not-introduced"),
        ],
    ),
    (
        "introduced",
        [
            Err("rotation-under-way"),
            Ok("active"),
            Err("rotation-nothing-retires"),
            Err("rotation-nothing-retires"),
            Ok("settled"),
        ],
    ),
    (
        "active",
        [
            Ok("introduced"),
            Err("rotation-not-introduced"),
            Err("rotation-cuts-off"),
            Ok("settled"),
            Err("rotation-not-introduced"),
        ],
    ),
    (
        "introduced again",
        [
            Err("rotation-under-way"),
            Ok("active"),
            Err("rotation-cuts-off"),
            Ok("introduced"),
            Ok("active"),
        ],
    ),
];

#[test]
fn every_command_in_every_phase() {
    for (phase, expected) in TABLE {
        for (command, expected) in COMMANDS.into_iter().zip(expected) {
            let mut world = in_phase(phase);
            let before = world.inventory.generations.clone();
            let done = world.step("root", command);
            let after = done.map(|()| world.rotation("root").phase().word());
            assert_eq!(after, *expected, "{command:?} while {phase}");
            if done.is_err() {
                assert_eq!(world.inventory.generations, before, "{command:?} while {phase}");
            }
            world.render();
        }
    }
}

#[test]
fn what_waits_makes_way_only_when_the_spec_has_outrun_it() {
    let mut world = in_phase("introduced");
    world.model = model(&ROOT.replace("[cas.root]", "[cas.root]\nsubject = \"CN=new\""));
    let refused = plan(&world.model, &world.inventory, world.now).unwrap_err();
    assert_eq!(refused[0].code, "rotation-outdated");
    assert_eq!(world.step("root", Command::Activate), Err("rotation-outdated"));
    assert!(world.rotation("root").introduction().unwrap().replaces.is_some());
    world.step("root", Command::Introduce).unwrap();
    world.render();
    let trusted = world.inventory.trusted("root");
    let names: Vec<String> = trusted.iter().map(|one| one.subject.rfc2253()).collect();
    assert_eq!(names, ["CN=root", "CN=new"]);
    world.step("root", Command::Activate).unwrap();
    world.render();
    let alice = &world.inventory.held[&Holder::Client("alice".into())];
    assert_eq!(alice.certificate().issuer.rfc2253(), "CN=new");
}

#[test]
fn while_one_waits_the_current_one_is_renewed_as_it_is() {
    let mut world = World::new(&ROOT.replace("[cas.root]", "[cas.root]\nduration = \"100d\""));
    let key = world.inventory.trusted("root")[0].spki_hash;
    world.model =
        model(&ROOT.replace("[cas.root]", "[cas.root]\nsubject = \"CN=new\"\nduration = \"100d\""));
    world.step("root", Command::Introduce).unwrap();
    world.now = world.now.after(Seconds::days(80));
    world.render();
    let current = world.inventory.trusted("root")[0];
    assert_eq!((current.spki_hash, current.subject.rfc2253()), (key, "CN=root".to_owned()));
    assert!(current.not_after > world.now.after(Seconds::days(90)), "renewed");
}

#[test]
fn one_authority_of_a_line_waits_at_a_time() {
    let spec = "[cas.root]\n[cas.issuing]\nissuer = \"root\"\n[cas.apart]\n[clients.alice]\nissuer = \"issuing\"\n";
    for (first, second) in [("root", "issuing"), ("issuing", "root")] {
        let mut world = World::new(spec);
        world.step(first, Command::Introduce).unwrap();
        assert_eq!(world.step(second, Command::Introduce), Err("rotation-in-line"));
        world.step("apart", Command::Introduce).unwrap();
        world.step(first, Command::Activate).unwrap();
        world.render();
        world.step(second, Command::Introduce).unwrap();
    }
}

#[test]
fn a_key_that_is_not_here_is_asked_for() {
    let mut world = in_phase("introduced");
    world.inventory.generations.get_mut("root").unwrap().next.as_mut().unwrap().has_key = false;
    assert_eq!(world.step("root", Command::Activate), Err("rotation-without-key"));
}

#[test]
fn those_who_are_cut_off_are_named_with_their_standing() {
    let spec = "[cas.root]\n[clients.alice]\nissuer = \"root\"\n[clients.bob]\nissuer = \"root\"\n[clients.carol]\nissuer = \"root\"\n";
    let mut world = World::new(spec);
    world.step("root", Command::Introduce).unwrap();
    world.step("root", Command::Activate).unwrap();
    world.model = model(&spec.replace("[clients.bob]\nissuer = \"root\"\n", ""));
    let all = Known::all(&world.inventory.ledger).unwrap();
    let revoked = |known: &Known| known.holder == Holder::Client("carol".into());
    let known: Vec<Known> =
        all.into_iter().map(|known| Known { is_revoked: revoked(&known), ..known }).collect();
    let lost = world.retirement("root", &known, true).unwrap().cut_off;
    let lost: Vec<_> = lost.iter().map(|one| (one.holder.name(), one.standing)).collect();
    assert_eq!(lost, [("alice", Standing::Current), ("bob", Standing::NotInSpec)]);
    let schedule = world.schedule("root", &known);
    assert_eq!(schedule.steps.len(), 1);
    assert!(schedule.steps[0].from > world.now.after(Seconds::days(364)));
}

/// Two levels, a leaf of each, and an authority of its own.
const DEEP: &str = "[cas.root]\nduration = \"900d\"\n[cas.issuing]\nissuer = \"root\"\nduration = \"400d\"\n\
    [cas.apart]\nduration = \"500d\"\n\
    [clients.alice]\nissuer = \"issuing\"\nduration = \"90d\"\nrenewBefore = \"20d\"\n\
    [clients.bob]\nissuer = \"root\"\nduration = \"60d\"\nrenewBefore = \"10d\"\n\
    [clients.carol]\nissuer = \"apart\"\nduration = \"70d\"\nrenewBefore = \"10d\"\n";

/// Hosts that let their clients in.
const HOSTS: &str = "[services.web]\nimage = \"httpd\"\nport = 80\n\
    [hosts.\"a.example.com\"]\nservice = \"web\"\ntls.issuer = \"root\"\nclientAuth.cas = [\"root\"]\n\
    [hosts.\"b.example.com\"]\nservice = \"web\"\ntls.issuer = \"apart\"\nclientAuth.cas = [\"apart\"]\n";

#[test]
fn a_client_is_cut_off_from_the_host_that_no_longer_takes_it() {
    let mut world = World::new(&format!("{DEEP}{HOSTS}"));
    world.step("root", Command::Introduce).unwrap();
    world.step("root", Command::Activate).unwrap();
    let known = Known::all(&world.inventory.ledger).unwrap();
    let lost = |world: &World| {
        let lost = world.retirement("root", &known, true).unwrap().cut_off;
        lost.iter().map(|one| one.holder.name().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(lost(&world), ["a.example.com", "alice", "bob"], "nothing was signed again");
    // What is below the intermediate is signed again with its key, the bundle has it, and alice's own chain is not needed.
    world.render();
    assert_eq!(lost(&world), ["a.example.com", "bob"]);
}

#[test]
fn no_order_of_steps_leaves_a_valid_leaf_outside_the_bundle() {
    // A plain generator of numbers: the same steps every time.
    let mut state = 7_u64;
    let mut random = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut taken = [0_usize; 4];
    let with_hosts = format!("{DEEP}{HOSTS}");
    for run in 0..12 {
        let mut world = World::new(if run % 2 == 0 { DEEP } else { &with_hosts });
        for number in 0..80 {
            let name = ["root", "issuing", "apart"][usize::try_from(random(3)).unwrap()];
            let choice = usize::try_from(random(6)).unwrap();
            let command = match choice {
                0 => Command::Introduce,
                1 => Command::Activate,
                2 => Command::Retire { forced: false },
                3 if random(2) == 0 => Command::Abandon,
                _ => {
                    world.now = world.now.after(Seconds::days(random(9)));
                    world.render();
                    continue;
                }
            };
            taken[choice] += usize::from(world.step(name, command).is_ok());
            let out = world.locked_out(&["root", "issuing", "apart"]);
            assert!(out.is_empty(), "run {run}, step {number}, {command:?} {name}: {out:?}");
            if run % 2 == 1 {
                let out = world.refused();
                assert!(out.is_empty(), "run {run}, step {number}, {command:?} {name}: {out:?}");
            }
        }
    }
    assert!(taken.iter().all(|count| *count > 3), "{taken:?}");
}

#[test]
fn of_several_old_generations_unused_ones_are_removed() {
    let mut world = World::new(ROOT);
    for _ in 0..2 {
        world.now = world.now.after(Seconds::days(100));
        world.step("root", Command::Introduce).unwrap();
        world.step("root", Command::Activate).unwrap();
        world.render();
    }
    let old: Vec<SerialNumber> =
        world.inventory.trusted("root")[1..].iter().rev().map(|one| one.serial.clone()).collect();
    // The first certificate of alice has expired by then, the second one has not.
    world.now = world.now.after(Seconds::days(170));
    let known = Known::all(&world.inventory.ledger).unwrap();
    let outcome = world.retirement("root", &known, false).unwrap();
    assert_eq!(outcome.retired, old[..1]);
    assert_eq!((&outcome.kept[0].0, outcome.kept[0].1.len()), (&old[1], 1));
    assert!(outcome.cut_off.is_empty() && outcome.revocations.is_empty());
    let all = world.retirement("root", &known, true).unwrap();
    assert_eq!((all.retired, all.cut_off.len(), all.kept.len()), (old, 1, 0));
}

#[test]
fn nothing_is_signed_by_a_generation_that_waits_or_retires() {
    let mut world = in_phase("introduced again");
    let [current, next, old] = world.inventory.trusted("root")[..] else { panic!() };
    let (current, others) = (current.clone(), [next.clone(), old.clone()]);
    world.leaves.clear();
    world.now = world.now.after(Seconds::days(340));
    world.render();
    assert_eq!(world.leaves.len(), 1, "alice was due");
    assert!(world.leaves[0][0].is_signed_by(&current));
    assert!(others.iter().all(|other| !world.leaves[0][0].is_signed_by(other)));
}
