//! Killed at any moment: no key is ever in clear, and a change of recipients is whole or not at all.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{HOLDERS, Person, in_clear, set_recipients, spec};
use crate::support::Sandbox;

const KILLS: u32 = 20;

/// Runs that are killed, at moments that are spread over a whole run.
struct Killer {
    /// How long a run takes, as far as is known; it follows the machine's mood.
    whole: Duration,
    attempts: u32,
    killed: u32,
}

impl Killer {
    /// Learns from one run how long it takes.
    fn new(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        let begun = Instant::now();
        sandbox.ok(arguments);
        Self { whole: begun.elapsed(), attempts: 0, killed: 0 }
    }

    fn is_done(&self) -> bool {
        assert!(self.attempts < 10 * KILLS, "only {} runs could be killed", self.killed);
        self.killed >= KILLS
    }

    fn kill(&mut self, sandbox: &Sandbox, arguments: &[&str]) {
        let mut command = sandbox.command(arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        let share = f64::from(self.attempts * 7 % KILLS) / f64::from(KILLS);
        while begun.elapsed() < self.whole.mul_f64(share) {
            std::thread::sleep(Duration::from_micros(50));
        }
        let _ = child.kill();
        let is_killed = child.wait().unwrap().code().is_none();
        self.attempts += 1;
        self.killed += u32::from(is_killed);
        self.whole = self.whole.mul_f64(if is_killed { 1.02 } else { 0.9 });
    }
}

#[test]
fn a_killed_run_leaves_no_key_in_clear() {
    let people = Sandbox::new();
    let Some(ann) = Person::new(&people, "ann") else { return };
    let fresh = || Sandbox::with_toml(&spec(&[&ann.recipient]));
    let arguments = ["render", "-q", "--kind", "Ingress"];
    let mut killer = Killer::new(&fresh(), &arguments);
    while !killer.is_done() {
        let sandbox = fresh();
        killer.kill(&sandbox, &arguments);
        assert_eq!(in_clear(&sandbox), Vec::<String>::new());
        sandbox.ok(&["render", "-q", "--identity", ann.file()]);
        assert_eq!(in_clear(&sandbox), Vec::<String>::new());
    }
}

#[test]
fn a_killed_change_of_encryption_is_whole_or_not_at_all() {
    let sandbox = Sandbox::with_toml(&spec(&[]));
    let Some(ann) = Person::new(&sandbox, "ann") else { return };
    let arguments = ["render", "-q", "--kind", "Ingress", "--reencrypt", "--identity", ann.file()];
    sandbox.ok(&arguments);
    set_recipients(&sandbox, [&ann]);
    let mut killer = Killer::new(&sandbox, &arguments);
    let mut is_encrypted = true;
    while !killer.is_done() {
        // On if it is off, off if it is on.
        set_recipients(&sandbox, (!is_encrypted).then_some(&ann));
        killer.kill(&sandbox, &arguments);
        // The next one to write finishes what was decided, and takes away what was not.
        set_recipients(&sandbox, Some(&ann));
        sandbox.finish_interrupted();
        let said = sandbox.ok(&["render", "--dry-run"]).stderr;
        assert!(said.contains("nothing to issue"), "{said}");
        let all_in_clear = said.contains(&format!("({} in clear)", HOLDERS.len()));
        assert!(all_in_clear || !said.contains("in clear"), "{said}");
        is_encrypted = !all_in_clear;
        sandbox.ok(&["status"]);
    }
    sandbox.ok(&arguments);
    assert_eq!(in_clear(&sandbox), Vec::<String>::new());
}
