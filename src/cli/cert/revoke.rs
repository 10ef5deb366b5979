//! `mtlsgen cert revoke`: enters revocations in the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::builder::PossibleValuesParser;

use super::holder;
use crate::cli::globals::Globals;
use crate::cli::phases::{self, Read};
use crate::cli::report::{CommandError, ExitStatus, Report};
use crate::cli::spec_arguments::SpecArguments;
use crate::diagnostic::{Diagnostic, has_errors, literal};
use crate::io::input;
use crate::io::store::Store;
use crate::pki::certificate::{Certificate, Fingerprint};
use crate::pki::crl::RevocationReason;
use crate::pki::request::{Holder, Issuer, SerialNumber};
use crate::plan::{Issued, Ledger, LedgerEntry, NewRevocation, Revocation};
use crate::time::Timestamp;

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
    let store = phases::store(&read, report);
    // Locked from the beginning: what is current must still be so when it is entered.
    let lock = if args.dry_run { None } else { Some(store.lock()?) };
    let ledger = store.ledger()?;
    let chosen = Choice::new(&store, &ledger)?.all(args, report, now)?;
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
    if let Some(lock) = &lock {
        store.commit(lock, &Issued { revocations: new.clone(), ..Issued::default() }, now)?;
    }
    for new in &new {
        report.say(&format!("{done} {}", phases::revoked_certificate(new)));
    }
    tell_what_follows(&read, &chosen, report);
    Ok(ExitStatus::Done)
}

/// A certificate to revoke, and whether it is the one that its holder shows.
struct Chosen<'a> {
    entry: &'a LedgerEntry,
    is_current: bool,
}

/// What there is to choose from.
struct Choice<'a> {
    store: &'a Store,
    ledger: &'a Ledger,
    holders: BTreeSet<Holder>,
    by_fingerprint: BTreeMap<Fingerprint, &'a LedgerEntry>,
}

impl<'a> Choice<'a> {
    fn new(store: &'a Store, ledger: &'a Ledger) -> Result<Self, CommandError> {
        let mut holders = store.holders()?;
        holders.extend(ledger.entries.iter().map(|entry| entry.holder.clone()));
        let by_fingerprint =
            ledger.entries.iter().map(|entry| (entry.fingerprint, entry)).collect();
        Ok(Self { store, ledger, holders, by_fingerprint })
    }

    /// Everything that the arguments name and that can be revoked, each once.
    fn all(
        &self,
        args: &Args,
        report: Report,
        now: Timestamp,
    ) -> Result<Vec<Chosen<'a>>, CommandError> {
        let mut named = BTreeMap::new();
        let mut errors = Vec::new();
        for what in &args.what {
            match self.named(what, args.all)? {
                Ok(entries) => named.extend(entries.into_iter().map(|e| (e.fingerprint, e))),
                Err(error) => errors.push(error),
            }
        }
        let roots = named.values().filter(|entry| entry.issuer == Issuer::SelfSigned);
        errors.extend(roots.map(|entry| self_signed(entry)));
        if !errors.is_empty() {
            return Err(CommandError::Input(errors));
        }
        let current = self.current(named.values().map(|entry| entry.holder.clone()).collect())?;
        let mut chosen = Vec::new();
        for entry in named.into_values() {
            let (serial, holder) = (&entry.serial, &entry.holder);
            if let Some(known) = self.ledger.revocation_of(entry) {
                report.say(&format!(
                    "certificate {serial} of {holder} is revoked already, since {} ({})",
                    known.at, known.reason
                ));
            } else if entry.not_after < now {
                report.say(&format!(
                    "certificate {serial} of {holder} has expired at {}: nobody lets it in",
                    entry.not_after
                ));
            } else {
                let is_current = current.get(holder) == Some(&entry.fingerprint);
                chosen.push(Chosen { entry, is_current });
            }
        }
        if !args.all {
            self.tell_others(&chosen, report, now);
        }
        Ok(chosen)
    }

    fn named(
        &self,
        what: &str,
        all: bool,
    ) -> Result<Result<Vec<&'a LedgerEntry>, Diagnostic>, CommandError> {
        if let Some(holder) = holder::find(what, &self.holders)? {
            return self.of_holder(holder, all);
        }
        if let Some(serial) = SerialNumber::from_hexadecimal(what) {
            let found: Vec<_> =
                self.ledger.entries.iter().filter(|entry| entry.serial == serial).collect();
            match found.as_slice() {
                [] => {}
                [_] => return Ok(Ok(found)),
                _ => return Ok(Err(ambiguous_serial(what, &found))),
            }
        }
        let path = Path::new(what);
        if path.is_file() {
            return self.of_file(path);
        }
        Ok(Err(holder::unknown(what, "holder, serial or file", &self.holders)))
    }

    fn of_holder(
        &self,
        holder: Holder,
        all: bool,
    ) -> Result<Result<Vec<&'a LedgerEntry>, Diagnostic>, CommandError> {
        if all {
            return Ok(Ok(self
                .ledger
                .entries
                .iter()
                .filter(|entry| entry.holder == holder)
                .collect()));
        }
        let current = self.current(BTreeSet::from([holder.clone()]))?;
        let entry = current.get(&holder).and_then(|current| self.by_fingerprint.get(current));
        Ok(entry.map(|entry| vec![*entry]).ok_or_else(|| {
            let title = format!("the store does not have the current certificate of {holder}");
            let help =
                "say `--all` to revoke every certificate that it was issued, or name a serial";
            Diagnostic::error("no-current-certificate", title).help(help)
        }))
    }

    fn of_file(
        &self,
        path: &Path,
    ) -> Result<Result<Vec<&'a LedgerEntry>, Diagnostic>, CommandError> {
        let bytes = input::read_bytes(path)?;
        let shown = path.display();
        let certificate = Certificate::from_pem(&bytes).ok().and_then(|all| all.into_iter().next());
        let Some(certificate) = certificate else {
            let title = format!("there is no PEM certificate in `{shown}`");
            let help = "name a file that begins with the certificate to revoke";
            return Ok(Err(Diagnostic::error("no-certificate", title).help(help)));
        };
        Ok(self.by_fingerprint.get(&certificate.fingerprint()).map(|entry| vec![*entry]).ok_or_else(|| {
            let title = format!("no ledger knows the certificate in `{shown}`, signed by `{}`", certificate.issuer.rfc2253());
            Diagnostic::error("unknown-certificate", title)
                .help(format!("if an authority of the spec signed it elsewhere, add its serial to `cas.NAME.revoked`: `\"0x{}\"`", certificate.serial))
        }))
    }

    /// Fingerprints of the certificates that these holders show.
    fn current(
        &self,
        holders: BTreeSet<Holder>,
    ) -> Result<BTreeMap<Holder, Fingerprint>, CommandError> {
        let (inventory, _) = self.store.inventory(&holders)?;
        let held = inventory.held.into_iter();
        Ok(held.map(|(holder, held)| (holder, held.certificate().fingerprint())).collect())
    }

    /// Says that holders have further certificates that open doors.
    fn tell_others(&self, chosen: &[Chosen<'_>], report: Report, now: Timestamp) {
        let taken: BTreeSet<_> = chosen.iter().map(|chosen| chosen.entry.fingerprint).collect();
        let holders: BTreeSet<&Holder> = chosen.iter().map(|chosen| &chosen.entry.holder).collect();
        for holder in holders {
            let valid = |entry: &&LedgerEntry| {
                entry.not_after >= now
                    && !taken.contains(&entry.fingerprint)
                    && self.ledger.revocation_of(entry).is_none()
            };
            let others = self.ledger.of(holder).filter(valid).count();
            if others > 0 {
                let title = format!(
                    "{holder} has {others} more valid certificates, which still open doors"
                );
                let help = format!(
                    "to revoke them too: `mtlsgen cert revoke --all {}`",
                    holder::way(holder)
                );
                report.diagnostics(&[
                    Diagnostic::warning("superseded-certificates", title).help(help)
                ]);
            }
        }
    }
}

fn self_signed(entry: &LedgerEntry) -> Diagnostic {
    let title = format!(
        "certificate {} of {} signed itself: no revocation list could name it",
        entry.serial, entry.holder
    );
    let help = match &entry.holder {
        Holder::Authority(_) => {
            "take the authority out of `clientAuth.cas`, or declare a new one under another name"
        }
        Holder::Host(_) | Holder::Client(_) => "replace it: `mtlsgen cert renew`",
    };
    Diagnostic::error("self-signed", title).help(help)
}

fn ambiguous_serial(what: &str, found: &[&LedgerEntry]) -> Diagnostic {
    let holders: Vec<String> = found.iter().map(|entry| entry.holder.to_string()).collect();
    let title =
        format!("several authorities gave the serial {}: to {}", literal(what), holders.join(", "));
    Diagnostic::error("ambiguous-serial", title).help("name the holder, or the certificate's file")
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
