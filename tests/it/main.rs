//! Runs the program as people run it.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests run the program and look at its files"
)]

mod cli_frame;
mod init;
mod program;
