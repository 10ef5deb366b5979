//! From what was read to a model: what is wrong at any time, and what of others is over for those who work with it.

use super::Session;
use super::rendering::Among;
use crate::cli::report::CommandError;
use crate::diagnostic::{Diagnostic, Nature, has_errors};
use crate::existing::foreign;
use crate::io::supplied;
use crate::model::{self, Context, Exposure, Model, Resolved, Touched};
use crate::plan::{Rehearsal, Scope};
use crate::render::judging::judged;
use crate::specification::document::Step;
use crate::targets;

impl Session {
    /// What the spec means, if it is right at some time; target and Secret format are asked too.
    ///
    /// # Errors
    /// All mistakes that were found since reading began, at any time.
    pub fn unjudged(&self) -> Result<Unjudged<'_>, CommandError> {
        let Self { document, spec, findings, now, .. } = self;
        if !document.is_whole() {
            // Nothing can be concluded from what a broken text does not say.
            return Err(CommandError::Input(findings.clone()));
        }
        let files = supplied::read(&model::supplied::files(document, spec), &self.operator.reach);
        let conventions = targets::conventions(spec.target.as_deref());
        let context = Context { document, spec, files: &files, conventions, now: *now };
        let found = judged(model::resolve(context, findings.clone()), document);
        let found = found.right_at_some_time().map_err(CommandError::Input)?;
        Ok(Unjudged { found, session: self })
    }
}

/// What a spec means that is right at some time. Commands say what they work with before they go on.
pub struct Unjudged<'a> {
    found: model::Unjudged,
    session: &'a Session,
}

impl Unjudged<'_> {
    /// The set-up, and the keys that the spec names as files.
    pub fn resolved(&self) -> &Resolved {
        &self.found.resolved
    }

    /// The set-up.
    pub fn model(&self) -> &Model {
        &self.found.resolved.model
    }

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
    /// External certificates and lists of touched hosts that have expired or are not valid yet; and what would leave a
    /// touched host open, or refuse every client.
    pub fn judge(self, touched: &Touched) -> Result<Resolved, CommandError> {
        self.judge_each(touched, touched, |findings| findings)
    }

    /// As [`Unjudged::judge`], for a command that works with everything.
    ///
    /// # Errors
    /// As [`Unjudged::judge`].
    pub fn judge_all(self) -> Result<Resolved, CommandError> {
        self.judge(&Touched::everything())
    }

    /// As [`Unjudged::judge_all`], where objects came in: says which of those that are missed are not applied.
    ///
    /// # Errors
    /// As [`Unjudged::judge`].
    pub fn judge_among(self, among: Among<'_>) -> Result<Resolved, CommandError> {
        let all = Touched::everything();
        self.judge_each(&all, &all, |findings| among.explained(findings))
    }

    /// As [`Unjudged::judge`], for commands that issue nothing: external certificates and lists that have expired or
    /// are not valid yet are warnings.
    ///
    /// # Errors
    /// Secrets that are managed elsewhere and would leave a host open, or refuse every client.
    pub fn at_any_time(self) -> Result<Resolved, CommandError> {
        self.judge_each(&Touched::nothing(), &Touched::everything(), |findings| findings)
    }

    /// As [`Unjudged::at_any_time`], where findings are not reported and no Secrets are judged.
    pub fn silently(self) -> Resolved {
        self.found.judged(&Touched::nothing()).0
    }

    /// As [`Unjudged::judge`], with other hosts for Secrets that others fill.
    fn judge_each(
        self,
        touched: &Touched,
        beside: &Touched,
        explained: impl FnOnce(Vec<Diagnostic>) -> Vec<Diagnostic>,
    ) -> Result<Resolved, CommandError> {
        let Session { document, existing, now, report, .. } = self.session;
        let (resolved, mut findings) = self.found.judged(touched);
        if let Some(secrets) = existing {
            // In place of the warning that they were not provided.
            findings.retain(|finding| finding.nature != Nature::Unseen);
            let locate = |path: &[Step]| document.span(path);
            let model = &resolved.model;
            let arrangement = targets::find(&model.target)
                .and_then(|target| target.arrange(model, &**document).ok());
            let validation =
                |exposure: &Exposure| arrangement.as_ref()?.validation(&exposure.key, &Rehearsal);
            let asking = foreign::Asking { validation: &validation, now: *now };
            findings.extend(foreign::judge(model, secrets, &asking, &locate, beside));
        }
        let findings = explained(findings);
        if has_errors(&findings) {
            return Err(CommandError::Input(findings));
        }
        report.diagnostics(&findings);
        Ok(resolved)
    }
}
