//! Flags of the commands that read the spec: which files, which values, at what time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::hints;
use super::objects::Showing;
use super::report::CommandError;
use crate::diagnostic::Source;
use crate::io::age_file::Sources;
use crate::io::clock::{self, ClockError};
use crate::io::input;
use crate::io::input_error::InputError;
use crate::io::reach::Reach;
use crate::io::store::Sharing;
use crate::specification::document;
use crate::time::Timestamp;

/// Flags of the commands that read the spec.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SpecArguments {
    /// File of the spec, `-` for standard input; several are merged, later ones win
    ///
    /// Without it, the files that `MTLSGEN_FILE` names, with `:` between; without that, the one of `mtls.toml`,
    /// `mtls.yaml` and `mtls.yml` that the working directory has.
    #[arg(short, long = "file", value_name = "FILE", help_heading = "Spec")]
    pub files: Vec<PathBuf>,
    /// Value of the spec, such as `hosts."a.b".tls.issuer=internal`; overrides all files
    #[arg(long = "set", value_name = "KEY=VALUE", help_heading = "Spec")]
    pub values: Vec<String>,
    /// File with the seed of a derived store, instead of `MTLSGEN_SEED`, `MTLSGEN_SEED_FILE` and `store.seedFile`
    #[arg(long, value_name = "FILE", help_heading = "Spec")]
    pub seed_file: Option<PathBuf>,
    /// Time to work at, instead of now: RFC 3339, a date, or `@` and seconds since 1970
    ///
    /// Without it, `SOURCE_DATE_EPOCH` if that is set, else the system's clock.
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Spec")]
    pub at: Option<Timestamp>,
    /// Use a store that other users own or can change, as a checkout in CI; also `MTLSGEN_ALLOW_SHARED_STORE=true`
    #[arg(long, help_heading = "Spec")]
    pub allow_shared_store: bool,
    /// What opens encrypted private keys.
    #[command(flatten)]
    pub keys: KeyArguments,
}

/// The operator's settings, which no spec can make: where secrets are, and what is trusted.
#[derive(Clone, Debug, Default)]
pub struct Operator {
    /// Where identities for encrypted keys are looked for.
    pub identities: Sources,
    /// File with the seed of a derived store.
    pub seed_file: Option<PathBuf>,
    /// Whether a store is used that other users can change.
    pub sharing: Sharing,
    /// How far the paths of the spec reach.
    pub reach: Reach,
    /// Whether the store belongs to the spec from now on, even if it belonged to another.
    pub renames_store: bool,
    /// Whether objects go to a terminal and private keys were not requested.
    pub masks_keys: bool,
}

impl Operator {
    /// Of a run that has no arguments: what the environment says.
    #[must_use]
    pub fn of_environment() -> Self {
        Self { sharing: Sharing::of_environment(), ..Self::default() }
    }

    /// The same, where the paths of the spec reach so far.
    #[must_use]
    pub fn reaching(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    /// The same, where objects are shown so.
    #[must_use]
    pub fn showing(self, showing: Showing) -> Self {
        Self { masks_keys: showing.masks_keys(), ..self }
    }
}

impl From<&SpecArguments> for Operator {
    fn from(arguments: &SpecArguments) -> Self {
        let environment = Self::of_environment();
        Self {
            identities: Sources::from(&arguments.keys),
            seed_file: arguments.seed_file.clone(),
            sharing: if arguments.allow_shared_store {
                Sharing::Allowed
            } else {
                environment.sharing
            },
            ..environment
        }
    }
}

/// What opens private keys that are encrypted at rest.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct KeyArguments {
    /// File of age identities that open encrypted private keys, `-` for standard input; may be repeated
    ///
    /// Without it, identities are looked for where sops does: in `SOPS_AGE_KEY`, in the file `SOPS_AGE_KEY_FILE`, in
    /// the output of `SOPS_AGE_KEY_CMD` and in `sops/age/keys.txt` below `XDG_CONFIG_HOME` or `~/.config`.
    #[arg(long = "identity", value_name = "FILE", help_heading = "Encrypted keys")]
    pub identities: Vec<PathBuf>,
    /// File whose first line is the passphrase of protected identity files, `-` for standard input
    ///
    /// Without it, the environment variable `MTLSGEN_AGE_PASSPHRASE`; without that, a terminal is asked.
    #[arg(long, value_name = "FILE", help_heading = "Encrypted keys")]
    pub identity_passphrase_file: Option<PathBuf>,
}

impl From<&KeyArguments> for Sources {
    fn from(arguments: &KeyArguments) -> Self {
        let KeyArguments { identities, identity_passphrase_file } = arguments.clone();
        Self { files: identities, passphrase_file: identity_passphrase_file }
    }
}

impl SpecArguments {
    /// The texts of the spec in the order of merging: files, then values, each a source of its own.
    ///
    /// # Errors
    /// A file is missing, ambiguous or cannot be read.
    pub fn sources(&self) -> Result<Vec<Arc<Source>>, InputError> {
        let keys = self.keys.identities.iter().chain(&self.keys.identity_passphrase_file);
        let files = if self.files.is_empty() { files_of_environment() } else { self.files.clone() };
        if files.iter().chain(keys).filter(|path| path.as_os_str() == "-").count() > 1 {
            return Err(InputError::StandardInputTwice);
        }
        hints::remember(&self.files, &self.values);
        let mut sources = input::specs(&files, Path::new(""))?;
        sources.extend(self.assignments());
        Ok(sources)
    }

    /// As [`SpecArguments::sources`], where the arguments are not the operator's.
    ///
    /// # Errors
    /// A file is missing, ambiguous, out of reach or cannot be read.
    pub fn sources_within(&self, reach: &Reach) -> Result<Vec<Arc<Source>>, CommandError> {
        let read = input::specs_within(&self.files, Path::new(""), reach);
        let mut sources = read.map_err(|error| match &error {
            InputError::Read(why) => match reach.explained(why) {
                Some(refusal) => CommandError::Input(vec![refusal]),
                None => error.into(),
            },
            _ => error.into(),
        })?;
        sources.extend(self.assignments());
        Ok(sources)
    }

    /// The values, each a source of its own.
    fn assignments(&self) -> impl Iterator<Item = Arc<Source>> {
        self.values.iter().map(|value| document::assignment(value, Path::new("")))
    }

    /// Lets a target on the command line win over the spec's.
    pub fn override_target(&mut self, target: Option<String>) {
        // Every JSON string is a YAML scalar.
        self.values.extend(target.map(|name| format!("target={}", serde_json::Value::from(name))));
    }

    /// The time to work at.
    ///
    /// # Errors
    /// `SOURCE_DATE_EPOCH` is needed and cannot be read.
    pub fn now(&self) -> Result<Timestamp, ClockError> {
        clock::now(self.at)
    }
}

/// The files that `MTLSGEN_FILE` names, as `KUBECONFIG` does: with `:` between.
#[expect(clippy::disallowed_methods, reason = "the environment is read in cli/")]
fn files_of_environment() -> Vec<PathBuf> {
    let files = std::env::var_os("MTLSGEN_FILE").unwrap_or_default();
    std::env::split_paths(&files).filter(|file| !file.as_os_str().is_empty()).collect()
}

/// Reads a time from the command line.
///
/// # Errors
/// What to write.
pub fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| {
        "write RFC 3339 (`2026-01-31T12:00:00Z`), a date (`2026-01-31`) or seconds (`@1767225600`)"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        spec: SpecArguments,
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test writes a spec to read")]
    fn files_and_values_keep_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("b.toml");
        std::fs::write(&file, "x = 1\n").unwrap();
        let file = file.to_str().unwrap();
        let cli =
            Cli::try_parse_from(["x", "--set", "a=1", "-f", file, "--set", "b.c=2", "-f", file])
                .unwrap();
        let sources = cli.spec.sources().unwrap();
        let names: Vec<_> = sources.iter().map(|source| source.name.as_str()).collect();
        assert_eq!(names, [file, file, "--set", "--set"]);
        assert_eq!(sources[3].text, "b.c=2");
    }

    #[test]
    fn the_time_is_checked_with_the_arguments() {
        let at = |time| Cli::try_parse_from(["x", "--at", time]).map(|cli| cli.spec.now().unwrap());
        assert_eq!(at("@7").unwrap(), Timestamp::from_unix(7));
        assert_eq!(at("2026-01-31").unwrap().to_string(), "2026-01-31T00:00:00Z");
        assert!(at("tomorrow").unwrap_err().to_string().contains("write RFC 3339"));
    }
}
