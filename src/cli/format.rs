//! `--format`: in which form a command prints what it has to say.

use clap::ValueEnum;

/// In which form standard output is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    #[value(aliases = ["table", "human"])]
    Text,
    /// For programs
    Json,
}

/// `--format`.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct FormatArgument {
    /// Format of standard output
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    pub format: Format,
}

impl FormatArgument {
    /// Whether programs read it.
    pub fn is_json(self) -> bool {
        self.format == Format::Json
    }
}
