//! Foreign PKIs: their files become a spec and the contents of a store, and nothing is reissued.
//!
//! ```text
//!  files ──reading──► Found ──judge──► Pki ──spec_text──► mtls.toml ─┐
//!                              ▲                                     ├─rehearsal──► Fits ──► Imported
//!                              └────── Forms, some lowered ◄─────────┘
//! ```
//!
//! What a spec can say is not judged a second time here: the spec is resolved, and the planner is asked what it would
//! issue. What it does not keep as an entry becomes a supplied file, and what does not work as a file stays behind.

mod cfssl;
mod comparison;
mod contents;
mod database;
mod found;
mod judge;
mod kubernetes;
mod names;
mod outcome;
mod reading;
mod rehearsal;
mod sites;
mod spec_text;
#[cfg(test)]
mod tests;

pub use comparison::Altered;
pub use contents::{Contents, SuppliedFile};
pub use found::{Found, LeftOut, Lost, Place};
pub use judge::{Options, Pki, Said};
pub use names::slug;
pub use outcome::{Outcome, Row};
pub use reading::{Kind, read};
pub use spec_text::{Service, SpecText};

use crate::diagnostic::Diagnostic;
use crate::time::Timestamp;
use judge::Forms;
use rehearsal::{Refused, Rehearsal};

/// Name of the spec that is written.
pub const SPEC: &str = "mtls.toml";
/// Name of the store's folder beside it.
pub const STORE: &str = "pki";

/// A foreign PKI, ready to be written.
#[derive(Debug)]
pub struct Imported {
    /// The spec.
    pub spec: String,
    /// What goes into the store.
    pub contents: Contents,
    /// What was taken over, how, and what was not.
    pub outcome: Outcome,
}

/// Makes a spec and a store of what was found; `service` is the backend of all hosts, and `sources` are what the
/// user named.
///
/// # Errors
/// The spec that came out is none: a mistake in here, which nothing is written of.
#[expect(clippy::missing_panics_doc, reason = "the placeholder is a name")]
pub fn import(
    found: &Found,
    options: &Options,
    service: Option<&Service>,
    sources: &[String],
    now: Timestamp,
) -> Result<Imported, Vec<Diagnostic>> {
    let placeholder = Service { name: "placeholder".parse().expect("it is a name"), port: 80 };
    let mut forms = Forms::default();
    let head = (options.name.as_ref(), sources);
    loop {
        let pki = judge::judge(found, options, &forms, now);
        // Without a service the spec is wrong on purpose: it is tried out with one.
        let tried = spec_text::write(&pki, Some(service.unwrap_or(&placeholder)), head);
        let supplied = contents::supplied(&pki, found);
        if !pki.entries.iter().any(|entry| entry.in_spec) && pki.sites.is_empty() {
            return Ok(nothing(&pki));
        }
        match rehearsal::rehearse(&pki, &tried, &supplied, now) {
            Rehearsal::Refused(refused) => {
                for (holder, Refused { why, renew_before }) in refused {
                    let is_later =
                        renew_before.is_some_and(|before| forms.renew_later(&holder, before));
                    if !is_later && !forms.lower(&pki, &holder, &why) {
                        let title = format!(
                            "no spec describes what was found: {holder} stays wrong without its certificate: {why}"
                        );
                        return Err(mistake(title));
                    }
                }
            }
            Rehearsal::Broken(findings) => return Err(findings),
            Rehearsal::Fits(model, inventory, obstacles) => {
                let contents = contents::contents(&pki, found, (&model, &inventory), now)
                    .map_err(|error| mistake(format!("a private key cannot be copied: {error}")))?;
                let spec = spec_text::write(&pki, service, head);
                let mut outcome = Outcome::of(&pki, service.is_some());
                outcome.notes.extend(obstacles);
                match comparison::compare(&pki, found, (&model, &inventory), now) {
                    Ok(altered) => outcome.altered = altered,
                    Err(found) => outcome.notes.extend(found.iter().map(obstacle)),
                }
                return Ok(Imported { spec: spec.text, contents, outcome });
            }
        }
    }
}

/// What stops `render`, in a line.
fn obstacle(found: &Diagnostic) -> String {
    format!("{}: {}", found.title, found.help.join("; "))
}

/// What was found is beyond what is foreseen here.
fn mistake(title: String) -> Vec<Diagnostic> {
    vec![Diagnostic::error("import", title).help("nothing is written; please report this message")]
}

/// Nothing can be taken over.
fn nothing(pki: &Pki) -> Imported {
    let outcome = Outcome::of(pki, true);
    Imported { spec: String::new(), contents: Contents::default(), outcome }
}
