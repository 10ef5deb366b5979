//! Which certificates the arguments of `cert revoke` name: by holder, serial number or file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::holder;
use crate::cli::report::{CommandError, Report};
use crate::diagnostic::{Diagnostic, literal};
use crate::io::input;
use crate::io::store::Store;
use crate::pki::certificate::{Certificate, Fingerprint};
use crate::pki::request::{Holder, Issuer, SerialNumber};
use crate::specification::value::Serial;
use crate::store::{Ledger, LedgerEntry};
use crate::time::Timestamp;

/// A certificate to revoke, and whether it is its holder's current one.
pub struct Chosen<'a> {
    /// Its entry in the ledger.
    pub entry: &'a LedgerEntry,
    /// Whether it is its holder's current one.
    pub is_current: bool,
}

/// The certificates to choose from.
pub struct Choice<'a> {
    store: &'a Store,
    ledger: &'a Ledger,
    supplied: Vec<&'a str>,
    holders: BTreeSet<Holder>,
    by_fingerprint: BTreeMap<Fingerprint, &'a LedgerEntry>,
}

impl<'a> Choice<'a> {
    /// Everything in the ledger of `store`; `supplied` are authorities that are in no ledger.
    pub fn new(
        store: &'a Store,
        ledger: &'a Ledger,
        supplied: Vec<&'a str>,
    ) -> Result<Self, CommandError> {
        let mut holders = store.holders()?;
        holders.extend(ledger.entries.iter().map(|entry| entry.holder.clone()));
        let by_fingerprint =
            ledger.entries.iter().map(|entry| (entry.fingerprint, entry)).collect();
        Ok(Self { store, ledger, supplied, holders, by_fingerprint })
    }

    /// Everything that the arguments name and that can be revoked, each once.
    pub fn all(
        &self,
        what: &[String],
        whole: bool,
        report: Report,
        now: Timestamp,
    ) -> Result<Vec<Chosen<'a>>, CommandError> {
        let mut named = BTreeMap::new();
        let mut errors = Vec::new();
        for what in what {
            match self.named(what, whole)? {
                Ok(entries) => named.extend(entries.into_iter().map(|e| (e.fingerprint, e))),
                Err(error) => errors.push(error),
            }
        }
        let roots = named.values().filter(|entry| entry.issuer == Issuer::SelfSigned);
        errors.extend(roots.map(|entry| self_signed(entry)));
        if !errors.is_empty() {
            return Err(CommandError::Input(errors));
        }
        let current = self.current(&named.values().map(|entry| entry.holder.clone()).collect())?;
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
                    "certificate {serial} of {holder} expired at {}: no host accepts it",
                    entry.not_after
                ));
            } else {
                if entry.not_before > now {
                    let title = format!(
                        "certificate {serial} of {holder} is valid from {} only; it is {now} now",
                        entry.not_before
                    );
                    let help = "check the clock, `--at` and `SOURCE_DATE_EPOCH`";
                    report.diagnostics(&[Diagnostic::warning("clock-behind", title).help(help)]);
                }
                let is_current = current.get(holder) == Some(&entry.fingerprint);
                chosen.push(Chosen { entry, is_current });
            }
        }
        if !whole {
            self.report_others(&chosen, report, now);
        }
        Ok(chosen)
    }

    fn named(
        &self,
        what: &str,
        all: bool,
    ) -> Result<Result<Vec<&'a LedgerEntry>, Diagnostic>, CommandError> {
        if let Some(holder) = holder::named(what, &self.holders)? {
            return self.of_holder(&holder, all);
        }
        let serials = serials(what);
        let found: Vec<_> =
            self.ledger.entries.iter().filter(|entry| serials.contains(&entry.serial)).collect();
        match found.as_slice() {
            [] => {}
            [_] => return Ok(Ok(found)),
            _ => return Ok(Err(ambiguous_serial(what, &found))),
        }
        if what == "-" {
            return Ok(self.in_file("standard input", &input::standard_input_bytes()?));
        }
        let path = Path::new(what);
        if path.is_file() {
            return Ok(self.in_file(&format!("`{}`", path.display()), &input::read_bytes(path)?));
        }
        Ok(Err(
            match self
                .supplied
                .iter()
                .find(|name| what.strip_prefix("cas/").unwrap_or(what) == **name)
            {
                Some(name) => of_external_authority(name),
                None => holder::unknown(what, "holder, serial or file", &self.holders),
            },
        ))
    }

    fn of_holder(
        &self,
        holder: &Holder,
        all: bool,
    ) -> Result<Result<Vec<&'a LedgerEntry>, Diagnostic>, CommandError> {
        if all {
            return Ok(Ok(self
                .ledger
                .entries
                .iter()
                .filter(|entry| entry.holder == *holder)
                .collect()));
        }
        let current = self.current(&BTreeSet::from([holder.clone()]))?;
        let entry = current.get(holder).and_then(|current| self.by_fingerprint.get(current));
        Ok(entry.map(|entry| vec![*entry]).ok_or_else(|| {
            let title = format!("the store does not have the current certificate of {holder}");
            let help =
                "use `--all` to revoke every certificate that it was issued, or name a serial number";
            Diagnostic::error("no-current-certificate", title).help(help)
        }))
    }

    fn in_file(&self, shown: &str, bytes: &[u8]) -> Result<Vec<&'a LedgerEntry>, Diagnostic> {
        let Some(certificate) = first_certificate(bytes) else {
            let title = format!("there is no certificate in {shown}");
            let help = "name a file, PEM or DER, that begins with the certificate to revoke";
            return Err(Diagnostic::error("no-certificate", title).help(help));
        };
        let entry = self.by_fingerprint.get(&certificate.fingerprint());
        entry.map(|entry| vec![*entry]).ok_or_else(|| {
            let title = format!("no ledger knows the certificate in {shown}, signed by `{}`", certificate.issuer.rfc2253());
            Diagnostic::error("unknown-certificate", title)
                .help(format!("if an authority of the spec signed it elsewhere, add its serial to `cas.NAME.revoked`: `\"0x{}\"`", certificate.serial))
        })
    }

    /// Fingerprints of the certificates that these holders show.
    fn current(
        &self,
        holders: &BTreeSet<Holder>,
    ) -> Result<BTreeMap<Holder, Fingerprint>, CommandError> {
        let (inventory, _) = self.store.inventory(holders)?;
        let held = inventory.held.into_iter();
        Ok(held.map(|(holder, held)| (holder, held.certificate().fingerprint())).collect())
    }

    /// Warns of further valid certificates of the holders.
    fn report_others(&self, chosen: &[Chosen<'_>], report: Report, now: Timestamp) {
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
                let more = if others == 1 { "certificate" } else { "certificates" };
                let title = format!("{holder} has {others} more valid {more}, not revoked by this");
                let command = Holder::command("cert revoke --all", [holder]);
                let help = format!("to revoke them too: {command}");
                report.diagnostics(&[
                    Diagnostic::warning("superseded-certificates", title).help(help)
                ]);
            }
        }
    }
}

/// The serial numbers that a text may be: hexadecimal, as most tools print them, or decimal.
pub(super) fn serials(text: &str) -> Vec<SerialNumber> {
    let decimal =
        text.parse::<Serial>().ok().map(|serial| SerialNumber(serial.magnitude().to_vec()));
    let mut serials: Vec<_> =
        SerialNumber::from_hexadecimal(text).into_iter().chain(decimal).collect();
    serials.dedup();
    serials
}

fn first_certificate(bytes: &[u8]) -> Option<Certificate> {
    match Certificate::from_pem(bytes) {
        Ok(all) => all.into_iter().next(),
        Err(_) => Certificate::from_der(bytes).ok(),
    }
}

fn of_external_authority(name: &str) -> Diagnostic {
    let title =
        format!("authority `{name}` is external: no ledger of this store has its certificate");
    Diagnostic::error("revocation-of-others", title).help(
        "only its issuer can revoke it; to refuse all clients below it, remove it from `clientAuth.cas`",
    )
}

fn self_signed(entry: &LedgerEntry) -> Diagnostic {
    let title = format!(
        "certificate {} of {} is self-signed: no revocation list can name it",
        entry.serial, entry.holder
    );
    let help = match &entry.holder {
        Holder::Authority(_) => {
            "take the authority out of `clientAuth.cas`, or declare a new one under another name"
                .to_owned()
        }
        holder @ (Holder::Host(_) | Holder::Client(_)) => {
            format!("replace it: {}", Holder::command("cert renew", [holder]))
        }
    };
    Diagnostic::error("self-signed", title).help(help)
}

fn ambiguous_serial(what: &str, found: &[&LedgerEntry]) -> Diagnostic {
    let holders: Vec<String> = found.iter().map(|entry| entry.holder.to_string()).collect();
    let title = format!(
        "{} is the serial of several certificates: of {}",
        literal(what),
        holders.join(", ")
    );
    Diagnostic::error("ambiguous-serial", title).help("name the holder, or the certificate's file")
}
