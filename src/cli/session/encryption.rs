//! Keys at rest follow the recipients of the spec: reports what has changed, and encrypts.

use std::path::PathBuf;

use super::Setup;
use crate::cli::report::{CommandError, Report};
use crate::diagnostic::{Diagnostic, Severity};
use crate::io::store::{Store, StoreError, UnsettledKeys, listed};

/// The advice for recipients that lose access.
const NEW_KEYS: &str = "to lock them out, make new keys: `mtlsgen cert renew --all`, and `mtlsgen ca rotate NAME` for authorities";

impl Setup {
    /// Encrypts all keys as the spec says, if some are not, in one change. Where nothing at hand opens them, they stay as
    /// they are, with a warning, unless that was `asked` for: what needs no key goes on. It comes after keys were read, so that
    /// a recipient who leaves the list gets what this run is for.
    ///
    /// # Errors
    /// A key is damaged, an identity cannot be read, or the store cannot be changed; then it is as it was.
    pub fn settle_keys(&self, asked: bool) -> Result<(), CommandError> {
        let (Some(store), report) = (self.source.store(), self.report) else {
            return Ok(());
        };
        store.finish_interrupted()?;
        let unsettled = store.unsettled_keys()?;
        if unsettled.count == 0 {
            return Ok(());
        }
        let lock = store.lock()?;
        match store.settle_keys(&lock) {
            Ok(encrypted) if encrypted.count > 0 => {
                report_encrypted(&encrypted, store.recipients(), report);
                if encrypted.in_clear > 0 {
                    report_supplied_keys(&store.supplied_keys(), report);
                }
            }
            Ok(_) => {}
            Err(error @ StoreError::Sealed(_)) if !asked => {
                let words = words(&unsettled, store.recipients());
                let mut warning = Diagnostic::warning("keys-not-reencrypted", words)
                    .help(format!("they stay as they are: {error}"))
                    .help(error.hint());
                if !unsettled.removed.is_empty() {
                    let removed = listed(&unsettled.removed);
                    warning = warning.help(format!("until then, {removed} can open them"));
                }
                report.diagnostics(&[warning]);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Shows which keys are not encrypted as the spec says, and gives whether there are any; changes nothing.
    ///
    /// # Errors
    /// A key file is damaged.
    pub fn report_unsettled_keys(&self, severity: Severity) -> Result<bool, CommandError> {
        let Some(store) = self.source.store() else { return Ok(false) };
        let unsettled = store.unsettled_keys()?;
        if unsettled.count == 0 {
            return Ok(false);
        }
        let words = words(&unsettled, store.recipients());
        let help = match unsettled.count - unsettled.in_clear {
            _ if unsettled.gives_to_others(store.recipients()) => {
                "to give the keys to all these recipients, run `mtlsgen render --reencrypt` where an identity opens them"
            }
            _ => "run `mtlsgen render` where an identity opens them",
        };
        let finding = Diagnostic { severity, ..Diagnostic::warning("encryption-differs", words) };
        self.report.diagnostics(&[finding.help(help)]);
        Ok(true)
    }
}

/// Finishes an interrupted change, then refuses to write any key while the spec gives keys to a reader who could not open
/// them so far: a new recipient, or all who can read the files, where encryption is switched off. A recipient who was merged
/// into the spec gets keys only if a person who has them decides so. Where keys are in clear, or there is none yet,
/// recipients gain nothing; neither do they where one leaves.
///
/// # Errors
/// The spec gives keys to a new reader, or a key file is damaged.
pub fn refuse_new_readers(store: &Store) -> Result<(), CommandError> {
    store.finish_interrupted()?;
    require_readers(store)
}

/// As [`refuse_new_readers`], and changes nothing.
///
/// # Errors
/// As [`refuse_new_readers`].
pub fn require_readers(store: &Store) -> Result<(), CommandError> {
    let unsettled = store.unsettled_keys()?;
    if !unsettled.gives_to_others(store.recipients()) {
        return Ok(());
    }
    let is_first = unsettled.in_clear == unsettled.count;
    let count =
        if store.recipients() > 0 { unsettled.count } else { unsettled.count - unsettled.in_clear };
    let title = format!(
        "further recipients would be able to read {}, such as `{}`",
        keys(count),
        unsettled.first.display()
    );
    let readers = match (store.recipients(), unsettled.added.is_empty()) {
        (0, _) => {
            "all users that can read the files: the spec has no `store.encryption`".to_owned()
        }
        (_, false) => listed(&unsettled.added),
        (_, true) => listed(store.readers()),
    };
    let mut error = Diagnostic::error("new-recipients", title)
        .help(format!("these would be able to read: {readers}"));
    if unsettled.in_clear > 0 && store.recipients() > 0 {
        let without = "no longer able to read: all users without an identity of one of them, since the unencrypted files are removed";
        error = error.help(without);
    }
    if !unsettled.removed.is_empty() {
        let removed = listed(&unsettled.removed);
        error =
            error.help(format!("no longer able to read what is written from now on: {removed}"));
    }
    if unsettled.unknown > 0 {
        let unknown = keys(unsettled.unknown);
        error = error.help(format!(
            "{unknown} of these do not record their recipients, so it is not known which ones are new"
        ));
    }
    let otherwise = if is_first {
        "remove `store.encryption`"
    } else {
        "put `store.encryption` back as it was"
    };
    let rename = if store.is_of_another()? { " --rename-store" } else { "" };
    let error = error.help(format!(
        "to give them the keys, run `mtlsgen render{rename} --reencrypt`; otherwise {otherwise}"
    ));
    Err(CommandError::Input(vec![error]))
}

fn report_encrypted(encrypted: &UnsettledKeys, recipients: usize, report: Report) {
    let keys = keys(encrypted.count);
    if recipients == 0 {
        report.say(&format!("wrote {keys} in clear: the spec has no `store.encryption`"));
        return;
    }
    let people = if recipients == 1 { "recipient" } else { "recipients" };
    report.say(&format!("encrypted {keys} to {recipients} {people}"));
    let mut findings = Vec::new();
    if !encrypted.removed.is_empty() {
        let title = format!(
            "{} can still open old copies of these keys, such as those in Git's history and in backups",
            listed(&encrypted.removed)
        );
        findings.push(Diagnostic::warning("removed-recipients", title).help(NEW_KEYS));
    }
    if encrypted.in_clear > 0 {
        let title = "the keys were unencrypted so far: their old files were removed, not overwritten, and copies \
                     elsewhere (backups, snapshots) stay readable";
        findings.push(Diagnostic::notice("keys-were-in-clear", title));
    }
    report.diagnostics(&findings);
}

/// Encryption does not cover supplied keys: warns of them.
fn report_supplied_keys(files: &[PathBuf], report: Report) {
    let Some(first) = files.first() else { return };
    let (keys, stay) = (keys(files.len()), if files.len() == 1 { "stays" } else { "stay" });
    let title = format!(
        "{keys} that the spec names as a file {stay} in clear: `store.encryption` is for keys that mtlsgen made or renews; the first is `{}`",
        first.display()
    );
    let help =
        "keep such files out of Git and backups, or move them elsewhere and name them by that path";
    report.diagnostics(&[Diagnostic::warning("supplied-keys-in-clear", title).help(help)]);
}

/// How many keys are not encrypted as the spec says, and how they are.
fn words(unsettled: &UnsettledKeys, recipients: usize) -> String {
    let (keys, first) = (keys(unsettled.count), unsettled.first.display());
    let are = if unsettled.count == 1 { "is" } else { "are" };
    if recipients == 0 {
        return format!(
            "{keys} {are} encrypted, and the spec has no `store.encryption`; the first is `{first}`"
        );
    }
    let others = unsettled.count - unsettled.in_clear - unsettled.unknown;
    let parts = [
        (unsettled.in_clear, "in clear"),
        (others, "to other recipients"),
        (unsettled.unknown, "to recipients that are not recorded"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, how)| format!("{count} {how}")).collect();
    format!(
        "{keys} {are} not encrypted to the recipients of `store.encryption` ({}); the first is `{first}`",
        parts.join(", ")
    )
}

fn keys(count: usize) -> String {
    if count == 1 { "1 private key".to_owned() } else { format!("{count} private keys") }
}
