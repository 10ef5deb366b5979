//! One run of a command over a spec. Each step gives a value of its own type, and takes that of the step before:
//! `Session` (what was read) → `Unjudged` (right at some time) → `Resolved` (right now, for this command) → `Setup` (with
//! certificates and keys) → `Planned` → `Keys`; and a `Rendering` makes manifests of them.

mod encryption;
mod existing;
mod includes;
mod judging;
mod keys;
mod naming;
mod paths;
mod plan_report;
mod rendering;
mod setup;
mod source;

use std::path::PathBuf;
use std::sync::Arc;

pub use self::encryption::refuse_new_readers;
pub use self::existing::ExistingSecrets;
pub use self::keys::KEYLESS_NAMES;
pub use self::plan_report::{
    kept, of_revocation, plan_findings, report_dry_run, report_only_here, report_plan,
    revoked_certificate, urgency,
};
pub use self::rendering::{Among, Rendering};
pub use self::setup::{Setup, make};
pub use self::source::{Planned, Source, stored};

use super::report::{CommandError, Report};
use super::spec_arguments::{Operator, SpecArguments};
use crate::diagnostic::{self, Diagnostic, has_errors};
use crate::existing::Secrets;
use crate::specification::document::{self, Document};
use crate::specification::plugin::Plugin;
use crate::specification::{Spec, StoreKind};
use crate::time::Timestamp;

/// The start of every run: the spec as far as it could be read, the clock, and the report.
pub struct Session {
    /// Folder of the first file.
    directory: PathBuf,
    /// The places of everything in the spec.
    pub document: Arc<Document>,
    /// What the user wrote.
    pub spec: Spec,
    /// Settings of the plugin, where the spec stood in its object.
    pub plugin: Plugin,
    /// What is wrong or worth knowing.
    pub findings: Vec<Diagnostic>,
    /// The operator's settings beside it.
    pub operator: Operator,
    /// The time of the run.
    pub now: Timestamp,
    /// Where messages go.
    pub report: Report,
    /// Secrets that replace a folder.
    existing: Option<Arc<Secrets>>,
}

impl Session {
    /// Reads and merges the files and values that the arguments name.
    ///
    /// # Errors
    /// The time cannot be read; a file is missing, ambiguous or cannot be read.
    pub fn open(arguments: &SpecArguments, report: Report) -> Result<Self, CommandError> {
        let now = arguments.now()?;
        Self::over(arguments.sources()?, Operator::from(arguments), now, report)
    }

    /// Merges these texts; before each, the files that it includes, and before all, those that they name under
    /// `plugin.specFiles`.
    ///
    /// # Errors
    /// Such a file is missing, cannot be read, lies out of reach, or names further ones.
    pub fn over(
        mut sources: Vec<Arc<diagnostic::Source>>,
        operator: Operator,
        now: Timestamp,
        report: Report,
    ) -> Result<Self, CommandError> {
        let folder_of = |sources: &[Arc<diagnostic::Source>]| {
            sources.first().map(|source| source.directory.clone()).unwrap_or_default()
        };
        let mut directory = folder_of(&sources);
        sources = includes::expand(sources, &operator.reach)?;
        let (mut document, mut findings) = document::read(&sources);
        let (plugin, mistakes) = document.plugin();
        if !plugin.spec_files.is_empty() {
            let files = paths::spec_files(&document, &plugin, &operator.reach)?;
            directory = folder_of(&files);
            let mut files = includes::expand(files, &operator.reach)?;
            files.append(&mut sources);
            sources = files;
            (document, findings) = document::read(&sources);
        }
        findings.extend(mistakes);
        let (spec, more) = document.deserialize();
        findings.extend(more);
        let (document, existing) = (Arc::new(document), None);
        let mut session =
            Self { directory, document, spec, plugin, findings, operator, now, report, existing };
        session.refuse_useless_seed()?;
        session.findings.extend(session.out_of_reach());
        Ok(session)
    }

    /// The same, where existing Secrets replace the folder, if there are any.
    #[must_use]
    pub fn beside(self, existing: Option<Secrets>) -> Self {
        Self { existing: existing.map(Arc::new), ..self }
    }

    /// A seed for nothing is a mistake, unless errors in the spec leave that open.
    fn refuse_useless_seed(&self) -> Result<(), CommandError> {
        let is_derived = self.spec.store.kind == Some(StoreKind::Derived);
        if self.operator.seed_file.is_none() || is_derived || has_errors(&self.findings) {
            return Ok(());
        }
        let what = "`--seed-file` has no effect: the store is a folder";
        let hint = "leave it out, or write `store.kind = \"derived\"` in the spec";
        Err(CommandError::world("useless-flag", what, Some(hint.to_owned())))
    }

    /// The name of the spec.
    fn name(&self) -> Option<String> {
        self.spec.name.as_ref().map(ToString::to_string)
    }
}
