//! Every certificate of a spec and its store: what it is, how long it is valid, and its state; and the clients that each host admits.

mod admitted;
mod columns;
mod filter;
mod icalendar;
mod json;
mod prometheus;
mod rows;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::json::words;
use crate::pki::certificate::Fingerprint;
use crate::pki::request::Holder;
use crate::time::{Seconds, Timestamp};

pub use admitted::{Admitted, Doubt, admitted};
pub use filter::Filter;
pub use icalendar::render as icalendar;
pub use json::Status;
pub use prometheus::render as prometheus;
pub use rows::{Sources, rows};
pub use table::{hosts as hosts_table, render as table, wide as wide_table};

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A certificate, by who holds it.
    Certificate(Holder),
    /// The revocation list of an authority; by its name in the spec, or its subject if it has none there.
    List(String),
}

impl Subject {
    /// All kinds.
    pub const KINDS: [&'static str; 4] = ["authority", "host", "client", "crl"];

    /// `authority`, `host`, `client` or `crl`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Certificate(Holder::Authority(_)) => "authority",
            Self::Certificate(Holder::Host(_)) => "host",
            Self::Certificate(Holder::Client(_)) => "client",
            Self::List(_) => "crl",
        }
    }

    /// Whose certificate it is, if it is about one.
    #[must_use]
    pub fn holder(&self) -> Option<&Holder> {
        match self {
            Self::Certificate(holder) => Some(holder),
            Self::List(_) => None,
        }
    }

    /// The name in the spec.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Certificate(holder) => holder.name(),
            Self::List(name) => name,
        }
    }

    /// Whether it is called so: by its name, or with its kind in front, as in `clients/alice`; a list has the name of its
    /// authority.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let full = match self {
            Self::Certificate(holder) => holder.full_name(),
            Self::List(name) => Holder::Authority(name.clone()).full_name(),
        };
        name == self.name() || name == full
    }
}

/// The state of a certificate or revocation list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// In use, and nothing to do.
    Valid,
    /// In use; the next render replaces it.
    Due,
    /// Over.
    Expired,
    /// Not valid yet, so verifiers refuse it: a clock was ahead when it was issued, or is behind now.
    NotYetValid,
    /// Revoked, whether by a ledger or by the spec.
    Revoked,
    /// Its holder has another one by now; still valid.
    Superseded,
    /// Its holder is not in the spec any more; still valid.
    Orphaned,
    /// Of an authority: trusted, and signs nothing yet.
    Introduced,
    /// Of an authority: trusted, and signs no certificate any more.
    Retiring,
    /// In the spec, and not made yet or not here.
    Missing,
}

impl State {
    /// All states.
    pub const ALL: [Self; 10] = [
        Self::Valid,
        Self::Due,
        Self::Expired,
        Self::NotYetValid,
        Self::Revoked,
        Self::Superseded,
        Self::Orphaned,
        Self::Introduced,
        Self::Retiring,
        Self::Missing,
    ];
}

words!(State::words {
    Valid => "valid",
    Due => "due",
    Expired => "expired",
    NotYetValid => "not yet valid",
    Revoked => "revoked",
    Superseded => "superseded",
    Orphaned => "orphaned",
    Introduced => "introduced",
    Retiring => "retiring",
    Missing => "missing",
});

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}

/// What is known of a certificate or list that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Subject of a certificate, issuer of a list; RFC 2253.
    pub subject: String,
    /// Serial of a certificate, number of a list.
    pub serial: String,
    /// SHA-256 of its DER.
    pub fingerprint: Fingerprint,
    /// First second.
    pub not_before: Timestamp,
    /// Last second.
    pub not_after: Timestamp,
}

/// A certificate or list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is about.
    pub subject: Subject,
    /// Who signed it: an authority's name, `self-signed`, or the subject of an authority without a name.
    pub issuer: String,
    /// Whether the user supplied it, so that mtlsgen did not issue it.
    pub is_supplied: bool,
    /// Whether the spec and its manifests go by it; otherwise it is a thing of the past.
    pub is_current: bool,
    /// What is known of it; `None` if it is missing.
    pub facts: Option<Facts>,
    /// When the next render replaces it, if mtlsgen does.
    pub renewal_time: Option<Timestamp>,
    /// Its state.
    pub state: State,
    /// Why it is due or revoked.
    pub reason: Option<String>,
    /// Keys under `hosts` of those that admit a client with it, even if the spec does not list the client.
    pub opens: Vec<String>,
    /// Keys of those that it may open: the clients that they admit are not known.
    pub may_open: Vec<String>,
}

impl Row {
    /// Whole days that it lasts, negative once it is over; `None` if it is missing.
    #[must_use]
    pub fn days_left(&self, now: Timestamp) -> Option<i64> {
        let left = |facts: &Facts| facts.not_after.unix() - now.unix();
        self.facts.as_ref().map(|facts| left(facts).div_euclid(86_400))
    }

    /// Whether it is in use and does not work now, or does not last beyond `until`.
    #[must_use]
    pub fn ends_by(&self, until: Timestamp) -> bool {
        self.is_current
            && (matches!(self.state, State::Missing | State::Revoked | State::NotYetValid)
                || self.facts.as_ref().is_some_and(|facts| facts.not_after <= until))
    }
}

/// The rows that end within `time`, are revoked, not yet valid or missing; of those in use.
#[must_use]
pub fn ending(rows: &[Row], now: Timestamp, time: Seconds) -> Vec<&Row> {
    let until = now.after(time);
    rows.iter().filter(|row| row.ends_by(until)).collect()
}
