//! `mtlsgen cert renew`: new certificates before their time.

use std::collections::BTreeSet;

use super::holder;
use crate::cli::globals::Globals;
use crate::cli::phases;
use crate::cli::report::{CommandError, ExitStatus};
use crate::cli::spec_arguments::SpecArguments;
use crate::derive;
use crate::diagnostic::Severity;
use crate::model::Model;
use crate::pki::request::{Holder, Issuer};
use crate::plan::{IssuancePlan, Reason, Scope};

/// Issue new certificates for the same holders, with new keys
///
/// Authorities keep their keys, so that what they signed stays valid. Earlier certificates stay in the ledger and
/// stay valid until they expire or are revoked. Renders nothing: `mtlsgen render` puts the new ones into the manifests.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(group = clap::ArgGroup::new("whose").required(true).multiple(false))]
pub struct Args {
    #[command(flatten)]
    spec: SpecArguments,
    /// Whose: a name, or `clients/NAME`, `hosts/NAME`, `cas/NAME`
    #[arg(value_name = "NAME", group = "whose")]
    names: Vec<String>,
    /// Everybody whose time for renewal has come, or who has expired
    #[arg(long, group = "whose")]
    due: bool,
    /// Everybody, authorities included
    #[arg(long, group = "whose")]
    all: bool,
    /// Keep the private keys
    #[arg(long)]
    reuse_key: bool,
    /// Only tell what would be issued
    #[arg(long)]
    dry_run: bool,
}

/// Renews.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let report = globals.report();
    let now = args.spec.now()?;
    let read = phases::read(&args.spec)?;
    let resolved = phases::resolve(&read, now, report)?;
    let model = &resolved.model;
    let mut scope = scope(args, model)?;
    if model.derivation.is_some() {
        let named: Vec<&Holder> = scope.asked.iter().filter(|_| !args.names.is_empty()).collect();
        return Err(CommandError::Input(vec![derive::renewal(model, &named)]));
    }
    let source = phases::source(&read, &resolved, now, report)?;
    if args.due {
        let (_, plan, _) = phases::planned(&source, model, now, &scope)?;
        scope.only = Some(with_issuers(model, due(&plan)));
    }
    let (_, plan) = phases::plan_within(&source, model, now, &scope, report)?;
    if plan.is_empty() {
        report.say("nothing is due");
        return Ok(ExitStatus::Done);
    }
    if args.dry_run {
        phases::tell_plan(&plan, report, |_| Severity::Notice);
        report.diagnostics(&plan.notices);
        return Ok(ExitStatus::Done);
    }
    phases::carry_out(&source, &resolved, now, &scope, report)?;
    report.say("run `mtlsgen render` to put the new certificates into the manifests");
    Ok(ExitStatus::Done)
}

fn scope(args: &Args, model: &Model) -> Result<Scope, CommandError> {
    let known: BTreeSet<Holder> = model.requests().map(|request| request.holder.clone()).collect();
    let reuse_keys = args.reuse_key;
    if args.due {
        return Ok(Scope { reuse_keys, ..Scope::default() });
    }
    if args.all {
        return Ok(Scope { asked: known, reuse_keys, only: None });
    }
    let (mut asked, mut errors) = (BTreeSet::new(), Vec::new());
    for name in &args.names {
        match holder::named(name, &known)? {
            Some(holder) => {
                asked.insert(holder);
            }
            None => {
                errors.push(holder::unknown(name, "certificate that mtlsgen issues for", &known));
            }
        }
    }
    if errors.is_empty() {
        let only = Some(with_issuers(model, asked.clone()));
        Ok(Scope { only, asked, reuse_keys })
    } else {
        Err(CommandError::Input(errors))
    }
}

fn due(plan: &IssuancePlan) -> BTreeSet<Holder> {
    let is_due = |reason: &Reason| matches!(reason, Reason::Due { .. } | Reason::Expired { .. });
    let due = plan.actions.iter().filter(|action| is_due(&action.reason));
    due.map(|action| action.request.holder.clone()).collect()
}

/// Those, and the authorities above them: one that has expired or was never issued comes first.
fn with_issuers(model: &Model, holders: BTreeSet<Holder>) -> BTreeSet<Holder> {
    let mut all = holders.clone();
    for holder in holders {
        let mut current = holder;
        while let Some(Issuer::Authority(name)) = model.request(&current).map(|r| &r.issuer) {
            current = Holder::Authority(name.clone());
            if !all.insert(current.clone()) {
                break;
            }
        }
    }
    all
}
