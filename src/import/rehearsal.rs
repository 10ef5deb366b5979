//! Resolves the spec as any command would, and asks the planner what it would issue: nothing that was imported.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::contents::SuppliedFile;
use super::judge::{Pki, Source};
use super::spec_text::SpecText;
use crate::diagnostic::{Diagnostic, Severity, Source as Text};
use crate::model::{self, Context, Files, Model};
use crate::pki::request::Holder;
use crate::plan::{self, Reason};
use crate::render::judging::judged;
use crate::specification::document;
use crate::store::{HeldCertificate, Inventory, Ledger};
use crate::targets;
use crate::time::{Seconds, Timestamp};
use zeroize::Zeroizing;

/// The shortest time before its end that a spec can name.
const SHORTEST: Seconds = Seconds::minutes(5);

/// What became of a rehearsal.
pub(super) enum Rehearsal {
    /// The spec says what there is; the words are what stops `render` all the same.
    Fits(Box<Model>, Box<Inventory>, Vec<String>),
    /// These holders have to be said in another way.
    Refused(BTreeMap<Holder, Refused>),
    /// The spec is wrong, and no holder's part of it is.
    Broken(Vec<Diagnostic>),
}

/// A holder whose certificate would be reissued, or whose entry is wrong.
pub(super) struct Refused {
    /// Why.
    pub why: String,
    /// Its certificate is only due: renewed so long before its end, it is not.
    pub renew_before: Option<Seconds>,
}

/// Tries the spec out.
pub(super) fn rehearse(
    pki: &Pki,
    spec: &SpecText,
    supplied: &[SuppliedFile],
    now: Timestamp,
) -> Rehearsal {
    let model = match resolve(&spec.text, supplied, now) {
        Ok(model) => model,
        Err(findings) => return of_findings(findings, spec),
    };
    let inventory = inventory(pki);
    let misfits = plan::misfits(&model, &inventory, now);
    if misfits.is_empty() {
        let obstacles = obstacles(&model, &inventory, now);
        return Rehearsal::Fits(Box::new(model), Box::new(inventory), obstacles);
    }
    let refused = misfits.into_iter().map(|(holder, reason)| {
        let due = matches!(reason, Reason::Due { .. });
        let renew_before =
            held(&inventory, &holder).filter(|_| due).and_then(|not_after| sooner(not_after, now));
        (holder, Refused { why: reason.to_string(), renew_before })
    });
    Rehearsal::Refused(refused.collect())
}

/// What `render` would refuse although every certificate is kept: revocation lists that others must sign.
fn obstacles(model: &Model, inventory: &Inventory, now: Timestamp) -> Vec<String> {
    let findings = plan::plan(model, inventory, now).err().unwrap_or_default();
    findings.iter().map(super::obstacle).collect()
}

fn held(inventory: &Inventory, holder: &Holder) -> Option<Timestamp> {
    inventory.held.get(holder).map(|held| held.certificate().not_after)
}

/// Half the time that is left, in whole days or minutes.
fn sooner(not_after: Timestamp, now: Timestamp) -> Option<Seconds> {
    let half = not_after.since(now).0 / 2;
    let unit = if half >= 86_400 { 86_400 } else { 60 };
    Some(Seconds(half / unit * unit)).filter(|half| *half >= SHORTEST)
}

/// The holders whose entries have errors.
fn of_findings(findings: Vec<Diagnostic>, spec: &SpecText) -> Rehearsal {
    let mut refused = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.severity == Severity::Error) {
        let place = finding.span.as_ref().map(|span| span.start);
        if let Some(holder) = place.and_then(|place| spec.holder_at(place)) {
            let first = Refused { why: finding.title.clone(), renew_before: None };
            refused.entry(holder.clone()).or_insert(first);
        }
    }
    if refused.is_empty() { Rehearsal::Broken(findings) } else { Rehearsal::Refused(refused) }
}

/// The model of a text, with supplied files that are not written yet.
pub(super) fn resolve(
    text: &str,
    supplied: &[SuppliedFile],
    now: Timestamp,
) -> Result<Model, Vec<Diagnostic>> {
    let source =
        Text { name: super::SPEC.to_owned(), directory: PathBuf::new(), text: text.to_owned() };
    let (document, mut findings) = document::read(&[Arc::new(source)]);
    let (spec, more) = document.deserialize();
    findings.extend(more);
    let files: Files = supplied
        .iter()
        .map(|file| {
            (
                Path::new(super::STORE).join(&file.path),
                Ok(Zeroizing::new(file.content.as_bytes().to_vec())),
            )
        })
        .collect::<BTreeMap<_, _>>();
    let context = Context {
        document: &document,
        spec: &spec,
        files: &files,
        conventions: targets::conventions(spec.target.as_deref()),
        now,
    };
    match judged(model::resolve(context, findings), &document).now() {
        (Some(resolved), _) => Ok(resolved.model),
        (None, findings) => Err(findings),
    }
}

/// What the store will hold, as far as planning looks at it.
fn inventory(pki: &Pki) -> Inventory {
    let mut inventory = Inventory::default();
    for entry in pki.entries.iter().filter(|entry| entry.in_spec) {
        if let (Source::Issued(_), Some(own)) = (&entry.source, &entry.certificate) {
            let held = HeldCertificate { chain: vec![own.clone()], has_key: entry.has_key };
            inventory.held.insert(entry.holder.clone(), held);
        }
    }
    let mut ledger = Ledger::default();
    for new in &pki.revocations {
        ledger.revoked.insert(&new.authority, &new.serial, new.revocation.clone());
    }
    inventory.ledger = ledger;
    for (authority, list) in &pki.lists {
        inventory.lists.entry(authority.clone()).or_default().push(list.clone());
    }
    inventory
}
