//! Flags that every command has: how messages are shown.

use std::ffi::OsString;

use anstream::AutoStream;
use anstream::stream::RawStream;
use clap::ValueEnum;

use super::report::Report;

/// Flags that every command has.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Globals {
    /// Show errors only: no notices, no warnings, no words of success
    #[arg(short, long, global = true, help_heading = "Messages")]
    pub quiet: bool,
    /// How messages on standard error are written
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Messages"
    )]
    pub message_format: MessageFormat,
    /// When to use colour; `auto`: on a terminal, unless `NO_COLOR` is set
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Messages"
    )]
    pub color: ColorChoice,
}

/// How messages on standard error are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    /// For people, with the place in the source
    #[default]
    #[value(alias = "human")]
    Text,
    /// For programs: one JSON object a line
    Json,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set; everywhere with `CLICOLOR_FORCE`
    #[default]
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

impl Globals {
    /// Where everything for people goes.
    #[expect(clippy::disallowed_methods, reason = "messages go to standard error")]
    pub fn report(&self) -> Report {
        let colour = self.colour_on(&std::io::stderr());
        Report::new(self.quiet, self.message_format, colour)
    }

    /// Whether to use colour on `stream`.
    pub fn colour_on(&self, stream: &impl RawStream) -> bool {
        self.color.is_on(stream)
    }
}

impl ColorChoice {
    /// Whether to use colour on `stream`.
    pub fn is_on(self, stream: &impl RawStream) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => AutoStream::choice(stream) != anstream::ColorChoice::Never,
        }
    }

    /// The choice among arguments that are not parsed yet: for help texts and mistakes in the arguments themselves.
    pub fn among(arguments: &[OsString]) -> Self {
        let mut choice = Self::Auto;
        let texts = arguments.iter().map_while(|argument| argument.to_str().filter(|a| *a != "--"));
        let mut texts = texts.peekable();
        while let Some(argument) = texts.next() {
            let value = match argument.strip_prefix("--color") {
                Some("") => texts.peek().copied(),
                Some(value) => value.strip_prefix('='),
                None => None,
            };
            choice = value.and_then(|v| Self::from_str(v, false).ok()).unwrap_or(choice);
        }
        choice
    }
}

impl From<ColorChoice> for clap::ColorChoice {
    fn from(choice: ColorChoice) -> Self {
        match choice {
            ColorChoice::Auto => Self::Auto,
            ColorChoice::Always => Self::Always,
            ColorChoice::Never => Self::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_of_colour_is_known_before_arguments_are_parsed() {
        for (arguments, choice) in [
            (&["mtlsgen", "--help"][..], ColorChoice::Auto),
            (&["mtlsgen", "--color=never", "--help"], ColorChoice::Never),
            (&["mtlsgen", "init", "--color", "always"], ColorChoice::Always),
            (&["mtlsgen", "--color", "maybe"], ColorChoice::Auto),
            (&["mtlsgen", "--color"], ColorChoice::Auto),
            (&["mtlsgen", "--", "--color=never"], ColorChoice::Auto),
        ] {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            assert_eq!(ColorChoice::among(&arguments), choice, "{arguments:?}");
        }
    }
}
