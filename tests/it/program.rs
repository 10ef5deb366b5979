//! The program under test, away from the environment of whoever runs the tests.

use std::process::{Command, Output, Stdio};

/// A run of `mtlsgen` with an empty standard input.
pub fn mtlsgen(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mtlsgen"));
    command.args(arguments).stdin(Stdio::null());
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "SOURCE_DATE_EPOCH"] {
        command.env_remove(variable);
    }
    command
}

/// Exit status, standard output and standard error.
pub fn run(arguments: &[&str]) -> (i32, String, String) {
    finish(&mut mtlsgen(arguments))
}

/// Runs to the end.
pub fn finish(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}
