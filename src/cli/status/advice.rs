//! What ends soon, each thing once, and the commands that help.

use std::collections::BTreeSet;

use crate::cli::session::Source;
use crate::diagnostic::Diagnostic;
use crate::model::context::listed;
use crate::pki::request::Holder;
use crate::specification::value::Duration;
use crate::status::{Row, State, Subject};
use crate::store::{HeldCertificate, Inventory};

/// One error for all that does not last for `time`.
pub fn ends_soon(
    ending: &[&Row],
    time: Duration<0>,
    source: &Source,
    inventory: &Inventory,
) -> Diagnostic {
    let name = |subject: &Subject| format!("{} {}", subject.kind(), subject.name());
    let names: Vec<String> = subjects(ending, |_| true).into_iter().map(name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let title = match names.len() {
        1 => format!(
            "one ends within {time}, is revoked, not yet valid or missing: {}",
            listed(&names)
        ),
        count => {
            format!(
                "{count} end within {time}, are revoked, not yet valid or missing: {}",
                listed(&names)
            )
        }
    };
    let error = Diagnostic::error("ends-soon", title);
    helps(ending, source, inventory).into_iter().fold(error, Diagnostic::help)
}

/// Where something can be issued, if that is not here.
fn place(inventory: &Inventory) -> &'static str {
    let lacks_key = |(holder, held): (&Holder, &HeldCertificate)| {
        matches!(holder, Holder::Authority(_)) && !held.has_key
    };
    if inventory.held.iter().any(lacks_key) { " where the issuers' keys are" } else { "" }
}

/// What to do, a line for each kind of remedy.
fn helps(ending: &[&Row], source: &Source, inventory: &Inventory) -> Vec<String> {
    let mut helps = Vec::new();
    let place = place(inventory);
    let lost = |row: &Row| match &row.subject {
        Subject::Certificate(holder) => inventory.lost.get(holder),
        Subject::List(_) => None,
    };
    for path in ending.iter().filter_map(|row| lost(row)) {
        let path = path.display();
        helps.push(format!("restore `{path}` from Git, from a backup or from where it was issued"));
    }
    let is_planned = |row: &Row| !row.is_supplied && row.reason.is_some() && lost(row).is_none();
    if !subjects(ending, is_planned).is_empty() {
        helps.push(format!("run `mtlsgen render`{place}, and apply what it prints"));
    }
    let is_early = |row: &Row| !row.is_supplied && row.reason.is_none();
    let holder = |subject: &Subject| match subject {
        Subject::Certificate(holder) => Some(holder.clone()),
        Subject::List(_) => None,
    };
    let early: Vec<Holder> = subjects(ending, is_early).into_iter().filter_map(holder).collect();
    if !early.is_empty() && source.store().is_some() {
        let command = Holder::command("cert renew", &early);
        let is_ahead = |row: &&Row| is_early(row) && row.state == State::NotYetValid;
        let when = if ending.iter().any(is_ahead) {
            "if the clock is right"
        } else {
            "before its renewal time"
        };
        helps.push(format!(
            "{when}, {command} issues a new certificate{place}; then run `mtlsgen render`"
        ));
    } else if !early.is_empty() {
        helps.push("`mtlsgen render` replaces a certificate from its renewal time on".to_owned());
    }
    let is_early_list = |row: &Row| is_early(row) && holder(&row.subject).is_none();
    if !subjects(ending, is_early_list).is_empty() {
        let words = "`mtlsgen render` signs a new revocation list from its renewal time on";
        helps.push(words.to_owned());
    }
    let supplied = subjects(ending, |row| row.is_supplied);
    if !supplied.is_empty() {
        let names: Vec<&str> = supplied.into_iter().map(Subject::name).collect();
        helps.push(format!("ask the owner of {} for a new one", listed(&names)));
    }
    helps
}

/// What these rows are about, each once.
fn subjects<'a>(rows: &[&'a Row], is_meant: impl Fn(&Row) -> bool) -> BTreeSet<&'a Subject> {
    rows.iter().filter(|row| is_meant(row)).map(|row| &row.subject).collect()
}
