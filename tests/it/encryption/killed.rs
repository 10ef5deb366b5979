//! Killed at any moment: no key is ever in clear, and a change of recipients is whole or not at all.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{HOLDERS, Person, in_clear, set_recipients, spec};
use crate::support::Sandbox;

const KILLS: u32 = 40;

/// Runs the program and kills it after a share of how long it takes; whether it was killed.
fn kill(sandbox: &Sandbox, arguments: &[&str], after: Duration) -> bool {
    let mut command = sandbox.command(arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while begun.elapsed() < after {
        std::thread::sleep(Duration::from_micros(50));
    }
    let _ = child.kill();
    child.wait().unwrap().code().is_none()
}

fn timed(sandbox: &Sandbox, arguments: &[&str]) -> Duration {
    let begun = Instant::now();
    sandbox.ok(arguments);
    begun.elapsed()
}

#[test]
fn a_killed_run_leaves_no_key_in_clear() {
    let people = Sandbox::new();
    let Some(ann) = Person::new(&people, "ann") else { return };
    let fresh = || Sandbox::with_toml(&spec(&[&ann.recipient]));
    let arguments = ["render", "-q", "--kind", "Ingress"];
    let whole = timed(&fresh(), &arguments);
    let mut killed = 0;
    for attempt in 0..KILLS {
        let sandbox = fresh();
        killed += u32::from(kill(
            &sandbox,
            &arguments,
            whole.mul_f64(f64::from(attempt) / f64::from(KILLS)),
        ));
        assert_eq!(in_clear(&sandbox), Vec::<String>::new());
        sandbox.ok(&["render", "-q", "--identity", ann.file()]);
        assert_eq!(in_clear(&sandbox), Vec::<String>::new());
    }
    assert!(killed > KILLS / 4, "only {killed} runs could be killed");
}

#[test]
fn a_killed_change_of_encryption_is_whole_or_not_at_all() {
    let sandbox = Sandbox::with_toml(&spec(&[]));
    let Some(ann) = Person::new(&sandbox, "ann") else { return };
    let identity = ["render", "-q", "--kind", "Ingress", "--identity", ann.file()];
    sandbox.ok(&identity);
    set_recipients(&sandbox, [&ann]);
    let whole = timed(&sandbox, &identity);
    let (mut killed, mut encrypted) = (0, true);
    for attempt in 0..KILLS {
        // On if it is off, off if it is on.
        set_recipients(&sandbox, (!encrypted).then_some(&ann));
        killed += u32::from(kill(
            &sandbox,
            &identity,
            whole.mul_f64(f64::from(attempt * 7 % KILLS) / f64::from(KILLS)),
        ));
        // The next one to read finishes what was decided; what was not, the next one to write takes away.
        set_recipients(&sandbox, Some(&ann));
        let run = sandbox.run(&["render", "--dry-run"]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        let all_in_clear = run.stderr.contains(&format!("({} in clear)", HOLDERS.len()));
        assert!(
            all_in_clear
                || run.stderr.contains("nothing to issue") && !run.stderr.contains("in clear"),
            "{}",
            run.stderr
        );
        encrypted = !all_in_clear;
        sandbox.ok(&["status"]);
    }
    assert!(killed > KILLS / 4, "only {killed} runs could be killed");
    sandbox.ok(&identity);
    assert_eq!(in_clear(&sandbox), Vec::<String>::new());
}
