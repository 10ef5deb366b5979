//! `mtlsgen cert revoke`: enters revocations in the ledger.

use std::collections::BTreeSet;

use clap::builder::PossibleValuesParser;

use super::choice::{Choice, Chosen};
use crate::cli::globals::Globals;
use crate::cli::phases::{self, Read};
use crate::cli::report::{CommandError, ExitStatus, Report};
use crate::cli::spec_arguments::SpecArguments;
use crate::derive;
use crate::diagnostic::{Diagnostic, has_errors};
use crate::pki::crl::RevocationReason;
use crate::pki::request::Holder;
use crate::plan::{Issued, NewRevocation, Revocation};
use crate::spec::StoreKind;

/// Revoke certificates: enter them in the ledger, for the revocation lists that the next render signs
///
/// Needs no private key; `render` does, for the lists. A revocation cannot be taken back. A client that stays in the
/// spec gets a new certificate from the next render, unless the spec says `revoked = true` of it.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    spec: SpecArguments,
    /// What: a holder's name (or `clients/NAME`, `hosts/NAME`, `cas/NAME`), a serial in hexadecimal, a certificate file
    #[arg(value_name = "NAME|SERIAL|FILE", required = true)]
    what: Vec<String>,
    /// Why, in the words of RFC 5280
    #[arg(long, value_name = "REASON", default_value = "unspecified", value_parser = reasons())]
    reason: String,
    /// A note for people, kept in the ledger
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// All certificates of the holders, superseded ones included
    #[arg(long)]
    all: bool,
    /// Only tell what would be revoked
    #[arg(long)]
    dry_run: bool,
}

fn reasons() -> PossibleValuesParser {
    PossibleValuesParser::new(RevocationReason::ALL.map(RevocationReason::word))
}

/// Revokes.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let report = globals.report();
    let now = args.spec.now()?;
    let read = phases::read(&args.spec)?;
    if has_errors(&read.findings) {
        // What a broken text does not say may be where the store is.
        return Err(CommandError::Input(read.findings));
    }
    if read.spec.store.kind == Some(StoreKind::Derived) {
        return Err(CommandError::Input(vec![derive::revocation()]));
    }
    let store = phases::store(&read, report);
    let ledger = store.ledger()?;
    let chosen = Choice::new(&store, &ledger)?.all(&args.what, args.all, report, now)?;
    let reason = RevocationReason::of_word(&args.reason).unwrap_or_default();
    let revocation = Revocation { at: now, reason, comment: args.comment.clone() };
    let new: Vec<NewRevocation> = chosen
        .iter()
        .filter_map(|chosen| chosen.entry.authority().map(|authority| (chosen, authority)))
        .map(|(chosen, authority)| NewRevocation {
            authority: authority.to_owned(),
            serial: chosen.entry.serial.clone(),
            holder: Some(chosen.entry.holder.clone()),
            revocation: revocation.clone(),
        })
        .collect();
    let done = if args.dry_run { "would revoke" } else { "revoked" };
    if !args.dry_run && !new.is_empty() {
        let lock = store.lock()?;
        store.commit(&lock, &Issued { revocations: new.clone(), ..Issued::default() }, now)?;
    }
    for new in &new {
        report.say(&format!("{done} {}", phases::revoked_certificate(new)));
    }
    if !args.dry_run {
        tell_what_follows(&read, &chosen, report);
    }
    Ok(ExitStatus::Done)
}

/// What the next render does about it.
fn tell_what_follows(read: &Read, chosen: &[Chosen<'_>], report: Report) {
    let spec = &read.spec;
    let authorities: BTreeSet<&str> =
        chosen.iter().filter_map(|chosen| chosen.entry.authority()).collect();
    for name in authorities {
        if spec.cas.contains_key(name) {
            report.say(&format!("run `mtlsgen render` where the key of `{name}` is: it signs the revocation list; until that is applied, the certificate still opens doors"));
        } else {
            let title = format!(
                "the authority `{name}` is not in the spec: nobody signs a revocation list for it"
            );
            let help = "put it back under `cas` as long as hosts trust it or an authority above it";
            report.diagnostics(&[Diagnostic::warning("no-revocation-list", title).help(help)]);
        }
    }
    for holder in
        chosen.iter().filter(|chosen| chosen.is_current).map(|chosen| &chosen.entry.holder)
    {
        match holder {
            Holder::Client(name)
                if spec
                    .clients
                    .get(name)
                    .is_some_and(|c| c.revoked.is_none_or(|r| r.0.is_none())) =>
            {
                report.say(&format!("the next render issues a new certificate to {holder}; to shut it out, write `revoked = true` under `clients.{name}`"));
            }
            Holder::Host(name) if spec.hosts.contains_key(name) => {
                report.say(&format!("the next render issues a new certificate to {holder}"));
            }
            Holder::Authority(name) if spec.cas.contains_key(name.as_str()) => {
                let title = format!(
                    "{holder} is in the spec still: render refuses to go on until it is not"
                );
                let help = "declare a new authority under another name and subject, and let its clients and hosts name that";
                report.diagnostics(&[Diagnostic::warning("authority-revoked", title).help(help)]);
            }
            _ => {}
        }
    }
}
