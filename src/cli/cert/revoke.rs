//! `mtlsgen cert revoke`: enters revocations in the ledger.

use std::collections::BTreeSet;

use clap::builder::PossibleValuesParser;
use schemars::JsonSchema;
use serde::Serialize;

use super::choice::{Choice, Chosen};
use crate::cli::format::FormatArgument;
use crate::cli::globals::Globals;
use crate::cli::report::{CommandError, ExitStatus, print_json};
use crate::cli::session::{Session, of_revocation, revoked_certificate};
use crate::cli::spec_arguments::SpecArguments;
use crate::derive;
use crate::diagnostic::{Diagnostic, has_errors};
use crate::io::store::Store;
use crate::pki::certificate::Fingerprint;
use crate::pki::crl::RevocationReason;
use crate::pki::request::{Holder, Named, SerialNumber};
use crate::plan;
use crate::specification::{Ca, StoreKind};
use crate::store::{Issued, NewRevocation, Revocation};
use crate::time::Timestamp;

/// Revoke certificates: enter them in the ledger, for the revocation lists that the next render signs
///
/// Needs no private key; `render` does, for the lists. A revocation cannot be taken back: one after which `render` would
/// refuse to go on, since a list of another owner's authority is missing, is refused. A client that stays in the
/// spec gets a new certificate from the next render, unless the spec says `revoked = true` of it.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    spec: SpecArguments,
    /// What: a holder's name (or `clients/NAME`, `hosts/NAME`, `cas/NAME`), a serial number in hexadecimal or decimal,
    /// a certificate file (PEM or DER), or `-` for one on standard input
    #[arg(value_name = "NAME|SERIAL|FILE", required = true)]
    what: Vec<String>,
    /// Reason, as in RFC 5280
    #[arg(long, value_name = "REASON", default_value = "unspecified", value_parser = reasons())]
    reason: String,
    /// A note, kept in the ledger
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// All certificates of the holders, superseded ones included
    #[arg(long)]
    all: bool,
    /// Only print what would be revoked
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    format: FormatArgument,
}

fn reasons() -> PossibleValuesParser {
    PossibleValuesParser::new(RevocationReason::ALL.map(RevocationReason::word))
}

/// Revokes.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let report = globals.report();
    let session = Session::open(&args.spec, report)?;
    if has_errors(&session.findings) {
        // What a broken text does not say may be where the store is.
        return Err(CommandError::Input(session.findings));
    }
    if session.spec.store.kind == Some(StoreKind::Derived) {
        return Err(CommandError::Input(vec![derive::revocation()]));
    }
    let (now, store) = (session.now, session.store()?);
    // A store that does not exist has nothing to lock, and a dry run needs no permission to write.
    let lock = if args.dry_run || !store.path().is_dir() { None } else { Some(store.lock()?) };
    let ledger = store.ledger()?;
    let is_supplied = |ca: &&Ca| ca.certificate.is_some();
    let supplied =
        session.spec.cas.iter().filter(|(_, ca)| is_supplied(ca)).map(|(name, _)| name.as_str());
    let choice = Choice::new(&store, &ledger, supplied.collect())?;
    let chosen = choice.all(&args.what, args.all, report, now)?;
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
    if !new.is_empty() {
        refuse_what_render_would(&session, &store, &new)?;
    }
    let done = if args.dry_run { "would revoke" } else { "revoked" };
    if let Some(lock) = lock.filter(|_| !new.is_empty()) {
        store.commit(&lock, &Issued { revocations: new.clone(), ..Issued::default() }, now)?;
    }
    for new in &new {
        let action = if args.dry_run { "revoke" } else { "revoked" };
        let words = format!("{done} {}", revoked_certificate(new));
        report.did(of_revocation(new, action), &words);
    }
    if !args.dry_run {
        report_what_follows(&session, &chosen, reason);
    }
    if args.format.is_json() {
        print_json(&Revocations::of(&chosen, &revocation, args.dry_run))?;
    }
    Ok(ExitStatus::Done)
}

/// A revocation cannot be taken back: where lists that others must sign are missing, the next render would
/// refuse to go on, and nothing would be shut out.
fn refuse_what_render_would(
    session: &Session,
    store: &Store,
    new: &[NewRevocation],
) -> Result<(), CommandError> {
    let model = &session.unjudged()?.silently().model;
    let authorities = model.authorities.keys().map(|name| Holder::Authority(name.clone()));
    let (inventory, _) = store.inventory(&authorities.collect())?;
    let refused = plan::after_revoking(model, &inventory, new, session.now);
    if refused.is_empty() {
        Ok(())
    } else {
        Err(CommandError::Input(refused).located(&session.document))
    }
}

/// For programs; what was revoked before or has expired is not in it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revocations<'a> {
    /// When it happens.
    time: Timestamp,
    /// Whether it was only reported.
    dry_run: bool,
    /// Why, in RFC 5280's words.
    reason: RevocationReason,
    /// The note for people.
    comment: Option<&'a str>,
    /// Certificates that are revoked.
    revoked: Vec<Certificate<'a>>,
}

/// A certificate that is revoked.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RevokedCertificate")]
struct Certificate<'a> {
    #[serde(flatten)]
    named: Named,
    /// Whether it is the one that its holder shows.
    current: bool,
    /// Its authority's name in the spec; null: it is self-signed.
    issuer: Option<&'a str>,
    /// Subject, RFC 2253.
    subject: &'a str,
    /// Serial number, hexadecimal.
    serial: &'a SerialNumber,
    /// SHA-256 of the certificate.
    fingerprint_sha256: Fingerprint,
    /// Last second of validity.
    not_after: Timestamp,
}

impl<'a> Revocations<'a> {
    fn of(chosen: &[Chosen<'a>], revocation: &'a Revocation, dry_run: bool) -> Self {
        let Revocation { at, reason, comment } = revocation;
        let one = |&Chosen { entry, is_current }: &Chosen<'a>| Certificate {
            named: (&entry.holder).into(),
            current: is_current,
            issuer: entry.authority(),
            subject: &entry.subject,
            serial: &entry.serial,
            fingerprint_sha256: entry.fingerprint,
            not_after: entry.not_after,
        };
        let revoked = chosen.iter().map(one).collect();
        Self { time: *at, dry_run, reason: *reason, comment: comment.as_deref(), revoked }
    }
}

/// What the next render does about it, and what it does not.
fn report_what_follows(session: &Session, chosen: &[Chosen<'_>], reason: RevocationReason) {
    let Session { spec, report, .. } = session;
    let is_host = |chosen: &&Chosen<'_>| matches!(chosen.entry.holder, Holder::Host(_));
    let others = chosen.iter().filter(|chosen| !is_host(chosen));
    let authorities: BTreeSet<&str> =
        others.filter_map(|chosen| chosen.entry.authority()).collect();
    for name in authorities {
        let written = spec.cas.get(name);
        if written.is_some_and(|ca| ca.certificate.is_some() && ca.key.is_none()) {
            let title = format!(
                "the key of `{name}` is not in the spec: mtlsgen signs no revocation list that names the certificate, and hosts still accept it"
            );
            let help = format!(
                "ask the owner of `{name}` to revoke it, and name the new list: `crl = \"FILE\"` under `cas.{name}`; or supply its `key`"
            );
            report.diagnostics(&[Diagnostic::warning("issuer-without-key", title).help(help)]);
        } else if written.is_some() {
            report.say(&format!("run `mtlsgen render` where the key of `{name}` is: it signs the revocation list; until that is applied, hosts still accept the certificate"));
        } else {
            let title = format!(
                "the authority `{name}` is not in the spec: no revocation list is signed for it"
            );
            let help = "put it back under `cas` as long as hosts trust it or an authority above it";
            report.diagnostics(&[Diagnostic::warning("no-revocation-list", title).help(help)]);
        }
    }
    if let Some(one) = chosen.iter().find(is_host) {
        let title = format!(
            "clients that call {} do not check revocation lists: they accept the revoked certificate until it expires",
            one.entry.holder
        );
        let way_out = match one.entry.authority() {
            Some(name) => format!(
                "if its key is compromised, exchange the authority (`mtlsgen ca rotate {name}`) and let these clients trust the new generation alone"
            ),
            None => "let these clients trust another certificate".to_owned(),
        };
        report.diagnostics(&[Diagnostic::warning("revocation-unchecked", title).help(way_out)]);
    }
    for current in chosen.iter().filter(|chosen| chosen.is_current) {
        report_of_holder(session, &current.entry.holder, reason);
    }
}

/// What the next render does for a holder whose current certificate was revoked.
fn report_of_holder(session: &Session, holder: &Holder, reason: RevocationReason) {
    let Session { spec, report, .. } = session;
    match holder {
        Holder::Client(name) => {
            let Some(client) = spec.clients.get(name) else { return };
            if client.revoked.is_some_and(|revoked| revoked.0.is_some()) {
                return;
            }
            let next = match (&client.csr, reason) {
                (None, _) => format!("issues a new certificate to {holder}"),
                (Some(_), RevocationReason::KeyCompromise) => {
                    format!(
                        "issues none to {holder} until its owner sends a request for another key"
                    )
                }
                (Some(_), _) => format!("signs the request of {holder} again, for the same key"),
            };
            report.say(&format!("the next render {next}; to refuse the client, write `revoked = true` under `clients.{name}`"));
        }
        Holder::Host(name) if spec.hosts.contains_key(name) => {
            report.say(&format!("the next render issues a new certificate to {holder}"));
        }
        Holder::Authority(name) if spec.cas.contains_key(name.as_str()) => {
            let title = format!(
                "{holder} is still in the spec: `render` refuses to continue until another generation signs"
            );
            let help = format!(
                "roll it over at once: `mtlsgen ca rotate {name}`, then with `--activate`, then `mtlsgen render`"
            );
            report.diagnostics(&[Diagnostic::warning("authority-revoked", title).help(help)]);
        }
        Holder::Host(_) | Holder::Authority(_) => {}
    }
}
