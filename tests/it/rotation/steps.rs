//! Steps that cannot be taken, that are taken at once, or that are killed.

use std::fs;

use serde_json::Value;

use super::{ONE_LEVEL, TWO_LEVELS, failing, own, spec, store};
use crate::support::{Run, Sandbox};

/// How often each step is killed.
const KILLS: u32 = 12;

#[test]
fn steps_out_of_order_are_refused_and_change_nothing() {
    let sandbox = Sandbox::with_toml(&spec(TWO_LEVELS));
    let rotate = |arguments: &[&str]| sandbox.run(&[&["ca", "rotate"], arguments].concat());
    failing(&rotate(&["root"]), "was never issued");
    assert!(!sandbox.path("pki").exists());
    sandbox.ok(&["render", "-q"]);
    let refuse = |arguments: &[&str], words: &str| {
        let before = store(&sandbox);
        failing(&rotate(arguments), words);
        assert!(before == store(&sandbox), "{arguments:?}");
    };
    refuse(&["rot"], "there is no authority `rot`");
    refuse(&["root", "--activate"], "nothing to activate");
    refuse(&["root", "--abandon"], "nothing to abandon");
    refuse(&["root", "--retire"], "nothing to retire");
    let before = store(&sandbox);
    assert!(rotate(&["root", "--dry-run"]).stderr.contains("would introduce"));
    assert!(before == store(&sandbox));
    assert_eq!(rotate(&["root"]).status, 0);
    refuse(&["root"], "was introduced already");
    refuse(&["signing"], "in the same line");
    refuse(&["root", "--retire"], "the next one has to sign first");
    assert!(rotate(&["root", "--activate", "--dry-run"]).stderr.contains("would activate"));
    let key = sandbox.path("pki/cas/root/next/tls.key");
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    refuse(&["root", "--activate"], "the private key of the next generation");
    let other = sandbox.read("pki/cas/signing/tls.key");
    sandbox.write("pki/cas/root/next/tls.key", other);
    refuse(&["root", "--activate"], "next/tls.key` does not belong");
    sandbox.write("pki/cas/root/next/tls.key", kept);
    assert_eq!(rotate(&["root", "--abandon"]).status, 0);
    assert!(!sandbox.path("pki/cas/root/next").exists());
    assert_eq!(sandbox.ok(&["render"]).stderr, "");
}

/// What is done to the store, and what the message names.
type Damage = (fn(&Sandbox, &str), &'static str);

const DAMAGES: &[Damage] = &[
    (
        |sandbox, folder| fs::remove_file(sandbox.path(format!("{folder}/tls.crt"))).unwrap(),
        "tls.crt` is missing",
    ),
    (
        |sandbox, folder| drop(sandbox.write(&format!("{folder}/tls.crt"), "rubbish")),
        "tls.crt` is not PEM",
    ),
    (
        |sandbox, folder| {
            let other = sandbox.path(folder).with_file_name("0BAD");
            fs::rename(sandbox.path(folder), other).unwrap();
        },
        "retiring/0BAD` holds the certificate with the serial",
    ),
];

#[test]
fn programs_read_what_a_step_did() {
    let sandbox = Sandbox::with_toml(&spec(ONE_LEVEL));
    sandbox.ok(&["render", "-q"]);
    let rotate = |arguments: &[&str]| -> Value {
        let all = [&["ca", "rotate", "cas/signing", "-q", "--format", "json"], arguments].concat();
        serde_json::from_str(&sandbox.ok(&all).stdout).unwrap()
    };
    let reported = |value: &Value, phase: &str, step: &str, dry: bool| {
        assert_eq!((&value["authority"], &value["phase"]), (&"signing".into(), &phase.into()));
        assert_eq!(value["taken"]["step"], step);
        assert_eq!(value["taken"]["dryRun"], dry);
    };
    reported(&rotate(&["--dry-run"]), "settled", "introduce", true);
    reported(&rotate(&[]), "introduced", "introduce", false);
    reported(&rotate(&["--abandon"]), "settled", "abandon", false);
    rotate(&[]);
    reported(&rotate(&["--activate"]), "active", "activate", false);
    let alice = sandbox.certificate("clients/alice").serial.to_string();
    sandbox.ok(&["render", "-q"]);
    let retired = rotate(&["--retire", "--force"]);
    reported(&retired, "settled", "retire", false);
    assert_eq!(retired["taken"]["retired"].as_array().unwrap().len(), 1);
    assert_eq!(retired["taken"]["cutOff"][0]["serial"], alice);
    assert_eq!(rotate(&["--plan"]).get("taken"), None);
}

#[test]
fn a_retiring_key_that_is_lost_says_how_to_do_without() {
    let sandbox = Sandbox::with_toml(&spec(ONE_LEVEL));
    sandbox.ok(&["render", "-q"]);
    sandbox.ok(&["ca", "rotate", "signing"]);
    sandbox.ok(&["ca", "rotate", "signing", "--activate"]);
    sandbox.ok(&["render", "-q"]);
    let folder = sandbox.path("pki/cas/signing/retiring");
    let old = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    fs::remove_file(old.join("tls.key")).unwrap();
    sandbox.ok(&["cert", "revoke", "alice"]);
    failing(&sandbox.run(&["render"]), "`mtlsgen ca rotate signing --retire`");
    sandbox.ok(&["ca", "rotate", "signing", "--retire", "--force"]);
    sandbox.ok(&["render"]);
}

#[test]
fn a_damaged_generation_is_named_and_left_alone() {
    for (damage, reported) in DAMAGES {
        let sandbox = Sandbox::with_toml(&spec(ONE_LEVEL));
        sandbox.ok(&["render", "-q"]);
        let serial = own(&sandbox, "pki/cas/signing/tls.crt").serial;
        sandbox.ok(&["ca", "rotate", "signing"]);
        sandbox.ok(&["ca", "rotate", "signing", "--activate"]);
        damage(&sandbox, &format!("pki/cas/signing/retiring/{serial}"));
        let before = store(&sandbox);
        for command in [&["render"][..], &["ca", "rotate", "signing", "--retire", "--force"]] {
            failing(&sandbox.run(command), reported);
        }
        assert!(before == store(&sandbox));
    }
}

#[test]
fn status_reports_what_is_beside_the_current_generation() {
    let sandbox = Sandbox::with_toml(&spec(ONE_LEVEL));
    sandbox.ok(&["render", "-q"]);
    sandbox.ok(&["ca", "rotate", "signing"]);
    let states = || {
        let text = sandbox.ok(&["status", "--format", "json"]).stdout;
        let value: Value = serde_json::from_str(&text).unwrap();
        let rows = value["certificates"].as_array().unwrap().clone();
        let own = rows.into_iter().filter(|row| row["name"] == "signing");
        own.map(|row| row["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(states(), ["valid", "introduced"]);
    sandbox.ok(&["ca", "rotate", "signing", "--activate"]);
    sandbox.ok(&["render", "-q"]);
    assert_eq!(states(), ["valid", "retiring"]);
    sandbox.ok(&["ca", "rotate", "signing", "--retire", "--force"]);
    assert_eq!(states(), ["valid", "superseded"]);
}

#[test]
fn an_external_authority_is_rolled_over_by_naming_both() {
    let sandbox = Sandbox::with_toml(&spec(ONE_LEVEL));
    sandbox.ok(&["render", "-q"]);
    let partner = sandbox.read("pki/cas/servers/tls.crt");
    sandbox.write("partner.pem", partner);
    sandbox.write("mtls.toml", "[cas.partner]\ncertificate = \"partner.pem\"\n[services.web]\nexisting = true\nport = 80\n\
        [hosts.a]\nhost = \"a.example.com\"\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"partner\"]\n");
    failing(&sandbox.run(&["ca", "rotate", "partner"]), "name both wherever");
}

#[test]
fn nothing_is_cut_off_by_lists_that_would_refuse_clients_of_others() {
    let both = |cas: &str| spec(cas).replace("[\"signing\"]", "[\"signing\", \"partner\"]");
    let sandbox = Sandbox::with_toml(&spec(TWO_LEVELS));
    sandbox.ok(&["render", "-q"]);
    sandbox.write("partner.pem", sandbox.read("pki/cas/servers/tls.crt"));
    let partner = format!("{TWO_LEVELS}[cas.partner]\ncertificate = \"partner.pem\"\n");
    sandbox.write(
        "mtls.toml",
        both(&partner).replace("[cas.servers]\n", "").replace("\"servers\"", "\"self-signed\""),
    );
    sandbox.ok(&["ca", "rotate", "signing"]);
    sandbox.ok(&["ca", "rotate", "signing", "--activate"]);
    sandbox.ok(&["render", "-q"]);
    let before = store(&sandbox);
    failing(
        &sandbox.run(&["ca", "rotate", "signing", "--retire", "--force"]),
        "there is no revocation list of `CN=servers`",
    );
    assert!(before == store(&sandbox));
}

#[test]
fn processes_at_once_introduce_one_generation() {
    let sandbox = Sandbox::with_toml(&spec(ONE_LEVEL));
    sandbox.ok(&["render", "-q"]);
    let start = |_| {
        let mut command = sandbox.command(&["ca", "rotate", "signing"]);
        command.stderr(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    let children: Vec<_> = (0..6).map(start).collect();
    let runs: Vec<Run> =
        children.into_iter().map(|child| Run::of(child.wait_with_output().unwrap())).collect();
    assert_eq!(runs.iter().filter(|run| run.status == 0).count(), 1);
    for run in runs.iter().filter(|run| run.status != 0) {
        assert!(run.stderr.contains("was introduced already"), "{}", run.stderr);
    }
    assert_eq!(fs::read_dir(sandbox.path("pki/cas/signing/ledger")).unwrap().count(), 3);
}

#[test]
fn a_killed_step_leaves_the_phase_before_or_after() {
    let begin = |steps: &[&str]| {
        let sandbox = Sandbox::with_toml(&spec(ONE_LEVEL));
        sandbox.ok(&["render", "-q"]);
        for step in steps {
            sandbox.ok(&[
                &["ca", "rotate", "signing"][..],
                &step.split(' ').filter(|s| !s.is_empty()).collect::<Vec<_>>(),
            ]
            .concat());
        }
        sandbox
    };
    let phases = [
        (&[][..], "", ["settled", "introduced"]),
        (&[""][..], "--activate", ["introduced", "active"]),
        (&["", "--activate"][..], "--retire --force", ["active", "settled"]),
    ];
    for (steps, step, expected) in phases {
        let mut seen = [0_u32; 2];
        for attempt in 0..KILLS {
            let sandbox = begin(steps);
            let arguments: Vec<&str> = ["ca", "rotate", "signing"]
                .into_iter()
                .chain(step.split(' ').filter(|s| !s.is_empty()))
                .collect();
            let mut child =
                sandbox.command(&arguments).stderr(std::process::Stdio::null()).spawn().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(
                u64::from(attempt * 7 % KILLS) * 5,
            ));
            let _ = child.kill();
            child.wait().unwrap();
            sandbox.finish_interrupted();
            let plan = sandbox.ok(&["ca", "rotate", "signing", "--plan", "--format", "json"]);
            let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
            let phase = plan["phase"].as_str().unwrap();
            let at = expected.iter().position(|one| *one == phase);
            seen[at.unwrap_or_else(|| panic!("{step}: {phase}"))] += 1;
            sandbox.ok(&["render", "-q"]);
            sandbox.ok(&["render", "-q", "--locked"]);
        }
        assert!(seen[1] < KILLS, "{step}: no run was killed");
    }
}

#[test]
fn what_is_done_to_generations_is_in_fields() {
    let sandbox = Sandbox::with_toml(&spec(TWO_LEVELS));
    sandbox.ok(&["render", "-q"]);
    let actions = |arguments: &[&str]| {
        let all = [&["ca", "rotate", "root", "--message-format", "json"], arguments].concat();
        let messages = sandbox.ok(&all).stderr;
        let messages = messages.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let done: Vec<Value> = messages.filter(|one| one["action"] != Value::Null).collect();
        assert!(done.iter().all(|one| one["holder"] == "cas/root"), "{done:#?}");
        done.iter().map(|one| one["action"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(actions(&["--dry-run"]), ["introduce"]);
    assert_eq!(actions(&[]), ["introduced"]);
    assert_eq!(actions(&["--abandon", "--dry-run"]), ["remove"]);
    assert_eq!(actions(&["--abandon"]), ["removed"]);
    assert_eq!(actions(&[]), ["introduced"]);
    assert_eq!(actions(&["--activate"]), ["activated"]);
}
