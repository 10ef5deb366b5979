//! A run that crashes, or that another process of the same user looks into: its memory holds private keys, and a core
//! dump had them all.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::Sandbox;

#[test]
fn memory_is_in_no_core_dump() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["render", "-f", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    // It waits for its standard input now, or is on its way there.
    let limits = format!("/proc/{}/limits", child.id());
    let is_closed = || {
        let limits = fs::read_to_string(&limits).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        core.split_whitespace().filter(|word| *word == "0").count() == 2
    };
    let begun = Instant::now();
    while !is_closed() {
        assert!(begun.elapsed() < Duration::from_secs(20), "core dumps are allowed");
        std::thread::sleep(Duration::from_millis(2));
    }
    // What is not dumpable belongs to root (proc(5)); seen by others than root alone.
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    assert!(status.contains("mtlsgen"), "{status}");
    child.stdin.take().unwrap().write_all(b"services: {}\n").unwrap();
    child.wait().unwrap();
}
