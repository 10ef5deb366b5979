//! From what was read to a model: what is wrong at any time, and what of others is over for those who work with it.

use super::Read;
use crate::cli::report::{CommandError, Report};
use crate::cli::spec_arguments::Operator;
use crate::diagnostic::has_errors;
use crate::existing::Secrets;
use crate::io::brought;
use crate::model::{self, Context, Resolved, Touched};
use crate::plan::Scope;
use crate::render::judging::judged;
use crate::time::Timestamp;

/// Resolves the spec; shows warnings and notices.
///
/// # Errors
/// All mistakes that were found since reading began.
pub fn resolve(read: &Read, now: Timestamp, report: Report) -> Result<Resolved, CommandError> {
    resolve_beside(read, None, now, report)
}

/// As [`resolve`], where Secrets that exist may be shown: those that others fill are judged.
///
/// # Errors
/// As [`resolve`]; and what would leave a host open, or refuse everybody.
pub fn resolve_beside(
    read: &Read,
    existing: Option<&Secrets>,
    now: Timestamp,
    report: Report,
) -> Result<Resolved, CommandError> {
    resolve_for(read, existing, now)?.judge(&Touched::everything(), report)
}

/// As [`resolve_beside`], for those who look and issue nothing: certificates and lists of others that are over, or do
/// not hold yet, are warnings.
///
/// # Errors
/// As [`resolve_beside`].
pub fn resolve_at_any_time(
    read: &Read,
    existing: Option<&Secrets>,
    now: Timestamp,
    report: Report,
) -> Result<Resolved, CommandError> {
    let (none, all) = (Touched::nothing(), Touched::everything());
    resolve_for(read, existing, now)?.judge_each(&none, &all, report)
}

/// A spec that is right at some time, and what it takes to judge it at this one.
pub struct Unjudged<'a> {
    /// What it says.
    pub found: model::Unjudged,
    read: &'a Read,
    existing: Option<&'a Secrets>,
    now: Timestamp,
}

impl Unjudged<'_> {
    /// What is issued for a command that works with what is touched.
    pub fn scope(&self, touched: &Touched) -> Scope {
        Scope {
            kept: self.found.out_of_reach(touched),
            silent: self.found.silent(touched),
            touched: Some(touched.clone()),
            ..Scope::default()
        }
    }

    /// The set-up, for a command that works with what is touched; shows warnings and notices.
    ///
    /// # Errors
    /// Certificates and lists of others that are touched and are over, or do not hold yet; and what would leave a
    /// host that is touched open, or refuse everybody.
    pub fn judge(self, touched: &Touched, report: Report) -> Result<Resolved, CommandError> {
        self.judge_each(touched, touched, report)
    }

    /// As [`Unjudged::judge`], with other hosts for Secrets that others fill.
    fn judge_each(
        self,
        touched: &Touched,
        beside: &Touched,
        report: Report,
    ) -> Result<Resolved, CommandError> {
        let (resolved, mut findings) = self.found.judged(touched);
        if let Some(secrets) = self.existing {
            super::existing::judge(
                self.read,
                &resolved.model,
                secrets,
                self.now,
                beside,
                &mut findings,
            );
        }
        if has_errors(&findings) {
            return Err(CommandError::Input(findings));
        }
        report.diagnostics(&findings);
        Ok(resolved)
    }
}

/// Resolves the spec for those who do not work with everything: they say with what before they go on.
///
/// # Errors
/// All mistakes that were found since reading began, whatever time it is.
pub fn resolve_for<'a>(
    read: &'a Read,
    existing: Option<&'a Secrets>,
    now: Timestamp,
) -> Result<Unjudged<'a>, CommandError> {
    let Read { document, spec, findings, operator: Operator { reach, .. }, .. } = read;
    if !document.is_whole() {
        // Nothing can be concluded from what a broken text does not say.
        return Err(CommandError::Input(findings.clone()));
    }
    let files = brought::read(&model::brought::files(document, spec), reach);
    let context = Context { document, spec, files: &files, now };
    let found = judged(model::resolve(context, findings.clone()), document);
    let found = found.right_at_some_time().map_err(CommandError::Input)?;
    Ok(Unjudged { found, read, existing, now })
}
