//! `mtlsgen cert renew`: new certificates before their time.

use std::collections::BTreeSet;

use super::holder;
use crate::cli::format::FormatArgument;
use crate::cli::globals::Globals;
use crate::cli::plan_json::Plan;
use crate::cli::report::{CommandError, ExitStatus, Report, print_json};
use crate::cli::session::{Planned, Session, refuse_new_readers, report_plan};
use crate::cli::spec_arguments::SpecArguments;
use crate::derive::{self, Extent};
use crate::diagnostic::Severity;
use crate::io::store::Store;
use crate::model::{Model, Touched};
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
    /// Every certificate that is due for renewal or has expired
    #[arg(long, group = "whose")]
    due: bool,
    /// Every certificate, those of authorities included
    #[arg(long, group = "whose")]
    all: bool,
    /// Keep the private keys
    ///
    /// Not those of certificates that were revoked, or of another kind than the spec says. Clients with `csr` keep
    /// their key in any case: the same signing request is signed again.
    #[arg(long)]
    reuse_key: bool,
    /// Only print what would be issued
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    format: FormatArgument,
}

/// Renews.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let report = globals.report();
    let session = Session::open(&args.spec, report)?;
    let unjudged = session.unjudged()?;
    let (now, model) = (session.now, unjudged.model());
    let mut scope = scope(args, model)?;
    if model.derivation.is_some() {
        let named: Vec<&Holder> = scope.asked.iter().filter(|_| !args.names.is_empty()).collect();
        return Err(CommandError::Input(vec![derive::renewal(model, &named)]));
    }
    let source = session.source(unjudged.resolved(), Extent::Current)?;
    if !args.dry_run {
        source.finish_interrupted()?;
    }
    if args.due {
        // External revocation lists do not matter for what is due.
        let all_holders = Scope { only: Some(known(model)), ..scope.clone() };
        let plan = source.planned(model, now, &all_holders)?.plan;
        scope.only = Some(with_issuers(model, due(&plan)));
    }
    let all = known(model);
    let touched = Touched::holders(model, scope.only.as_ref().unwrap_or(&all));
    let setup = session.setup_with(unjudged.judge(&touched)?, source);
    let mut planned = setup.plan(&scope)?;
    if planned.plan.is_empty() {
        report.say("nothing to issue");
    } else if args.dry_run {
        report_plan(&planned.plan, report, |_| Severity::Notice);
        report.diagnostics(&planned.plan.notices);
    } else {
        refuse_new_readers(&session.store()?)?;
        planned = setup.carry_out(&scope)?;
        report_next_steps(&planned.plan, &session.store()?, setup.model(), report);
    }
    let Planned { inventory, plan, .. } = planned;
    if args.format.is_json() {
        print_json(&Plan::of(&plan, &inventory, now, args.dry_run))?;
    }
    Ok(ExitStatus::Done)
}

/// Where the new certificates go: into manifests, or into the hands of clients.
fn report_next_steps(plan: &IssuancePlan, store: &Store, model: &Model, report: Report) {
    let in_secrets: BTreeSet<&Holder> = model.key_pairs().collect();
    let is_rendered =
        |holder: &Holder| matches!(holder, Holder::Authority(_)) || in_secrets.contains(holder);
    if plan.actions.iter().any(|action| is_rendered(&action.request.holder)) {
        report.say("run `mtlsgen render` to put the new certificates into the manifests");
    }
    let mut others = plan.actions.iter().filter(|action| !is_rendered(&action.request.holder));
    let Some(first) = others.next() else { return };
    let (holder, more) = (&first.request.holder, others.count());
    let rest = if more == 0 { String::new() } else { format!("; {more} more likewise") };
    report.say(&if first.request.public_key.is_some() {
        format!("give `{}` to {holder}{rest}", store.path_of(holder, "tls.crt").display())
    } else {
        format!("export it with {}{rest}", Holder::command("cert export", [holder]))
    });
}

fn scope(args: &Args, model: &Model) -> Result<Scope, CommandError> {
    let known = known(model);
    let reuse_keys = args.reuse_key;
    if args.due {
        return Ok(Scope { reuse_keys, ..Scope::default() });
    }
    if args.all {
        // External revocation lists are not renewed.
        let touched = Some(Touched::nothing());
        return Ok(Scope { asked: known, touched, reuse_keys, ..Scope::default() });
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
        Ok(Scope { only, asked, reuse_keys, ..Scope::default() })
    } else {
        Err(CommandError::Input(errors))
    }
}

fn known(model: &Model) -> BTreeSet<Holder> {
    model.requests().map(|request| request.holder.clone()).collect()
}

fn due(plan: &IssuancePlan) -> BTreeSet<Holder> {
    let is_due = |reason: &Reason| matches!(reason, Reason::Due { .. } | Reason::Expired { .. });
    let due = plan.actions.iter().filter(|action| is_due(&action.reason));
    due.map(|action| action.request.holder.clone()).collect()
}

/// Those, and the authorities above them: one that has expired or was never issued is issued first.
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
