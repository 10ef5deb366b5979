//! `--existing`: Secrets that exist, in the place of the folder of a store.

use std::path::{Path, PathBuf};

use super::report::{CommandError, Report};
use super::spec_arguments::SpecArguments;
use crate::existing::{Secrets, reading};
use crate::io::existing;
use crate::io::input_error::InputError;

/// `--existing`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ExistingArguments {
    /// Secrets that exist, as `kubectl get secret -A -o yaml` prints them (`-` for standard input), are the store
    ///
    /// No folder is read or written, for any `store` of the spec. Hosts, clients with a `secretName` and
    /// trust bundles keep what their Secrets hold; Secrets of the spec that are managed elsewhere are checked. What is
    /// due is issued where the issuer's key is available, which is so for self-signed hosts and for authorities with
    /// `key` in the spec, and only the printed Secrets keep it. Keys of other authorities are in no Secret: a certificate that
    /// only they can sign is kept as long as it works, and an error from then on. May be given several times; JSON is read
    /// faster than YAML.
    #[arg(long = "existing", value_name = "FILE", help_heading = "Certificates")]
    existing: Vec<PathBuf>,
}

impl ExistingArguments {
    /// The Secrets that replace a folder, if there are any.
    ///
    /// # Errors
    /// A file cannot be read, or is not a store; or standard input is the spec's already.
    pub fn read(
        &self,
        spec: &SpecArguments,
        report: Report,
    ) -> Result<Option<Secrets>, CommandError> {
        if self.existing.is_empty() {
            return Ok(None);
        }
        let from_standard_input = |path: &&PathBuf| path.as_path() == Path::new("-");
        if self.existing.iter().chain(&spec.files).filter(from_standard_input).count() > 1 {
            return Err(InputError::StandardInputTwice.into());
        }
        let (inputs, warnings) = existing::read(&self.existing)?;
        report.diagnostics(&warnings);
        reading::read(inputs).map(Some).map_err(CommandError::Input)
    }

    /// The files, `-` for standard input.
    pub fn files(&self) -> &[PathBuf] {
        &self.existing
    }

    /// Whether Secrets replace a folder.
    pub fn is_given(&self) -> bool {
        !self.existing.is_empty()
    }
}
