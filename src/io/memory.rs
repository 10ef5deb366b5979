//! Keeps what is in memory out of files that the system writes of its own accord.

/// Has the system write no core dump of this process, and other processes of the same user not read its memory: it
/// holds private keys. What the system refuses changes nothing: it is one line of defence among others.
///
/// Programs that are started inherit the limit, not the second (prctl(2), `PR_SET_DUMPABLE`).
pub fn keep_private() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // A pipe to a crash handler ignores the limit (core(5)), but not this.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}
