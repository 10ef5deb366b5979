//! Objects on standard output: whole for programs, without private keys on a terminal.

use super::report::{CommandError, Report, print, print_steady, standard_output_is_terminal};
use crate::guard::without_known;
use crate::manifest::kinds::MASK;
use crate::output::mask_keys;

/// Whether private keys are shown, wherever objects are printed.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Showing {
    /// Show private keys on a terminal, where they are masked otherwise
    #[arg(long, help_heading = "Output")]
    show_secrets: bool,
}

impl Showing {
    /// Whether a person reads standard output and has not asked for keys.
    pub fn masks_keys(self) -> bool {
        !self.show_secrets && standard_output_is_terminal()
    }

    /// Prints objects; on a terminal without private keys, and with a notice about that.
    ///
    /// # Errors
    /// The pipe is closed, or they cannot be written.
    pub fn print(self, text: &str, report: Report) -> Result<(), CommandError> {
        if self.masks_keys() {
            print_masked(text, text.contains(MASK), report)
        } else {
            print(text)
        }
    }
}

/// Prints objects without private keys, for a terminal; `has_masked` ones are among them already.
///
/// # Errors
/// The pipe is closed, or they cannot be written.
pub fn print_masked(text: &str, has_masked: bool, report: Report) -> Result<(), CommandError> {
    let masked = mask_keys(text);
    let masked = without_known(&masked);
    if has_masked || masked != text {
        report.say("private keys are masked on a terminal: use --show-secrets to see them");
    }
    print_steady(&masked)
}
