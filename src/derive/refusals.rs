//! What a derived store does not do, and what to write in the spec instead.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::model::derivation::Derivation;
use crate::model::{AuthoritySource, Model};
use crate::pki::request::{Holder, Issuer};
use crate::store::{HeldCertificate, Inventory};
use crate::time::{Seconds, Timestamp};

/// Where the spec speaks of a holder.
fn table(holder: &Holder) -> String {
    match holder {
        Holder::Authority(name) => format!("cas.{name}"),
        Holder::Host(name) => format!("hosts.\"{name}\".tls"),
        Holder::Client(name) => format!("clients.\"{name}\""),
    }
}

/// Refuses renewal in a derived store.
#[must_use]
pub fn renewal(model: &Model, holders: &[&Holder]) -> Diagnostic {
    let title = "a derived store follows its schedule: nothing can be renewed before its time";
    let mut diagnostic = Diagnostic::error("derived-store", title);
    for holder in holders {
        let next = generation(model, holder) + 1;
        diagnostic = diagnostic.help(match holder {
            Holder::Authority(name) => {
                format!("`mtlsgen ca rotate {name}` says what to write for another key of {holder}")
            }
            _ => format!("for another key and certificate of {holder}, write `generation = {next}` under `{}`", table(holder)),
        });
    }
    if holders.is_empty() {
        diagnostic = diagnostic
            .help("what is due is replaced by the next `mtlsgen render`; for another key, write a higher `generation` at its holder");
    }
    diagnostic
}

/// Refuses revocation in a derived store.
#[must_use]
pub fn revocation() -> Diagnostic {
    Diagnostic::error("derived-store", "a derived store has no ledger to enter revocations in")
        .help("to shut a client out, write `revoked = true` under `clients.NAME`")
        .help("to revoke one certificate, write `revoked = [\"SERIAL\"]` under `cas.NAME` of its issuer, and a higher `generation` at its holder if that is to have another one")
        .help("`mtlsgen status --format json` lists serials")
}

/// An authority of a derived store is rolled over by three edits of the spec; this lists them, from its current phase.
#[must_use]
pub fn rotation(model: &Model, name: &str) -> Diagnostic {
    let Some(authority) = model.authorities.get(name) else {
        return Diagnostic::error("unknown-reference", format!("there is no authority `{name}`"))
            .help("declare it under `cas`, or use a name that is there");
    };
    let AuthoritySource::Issued(_) = authority.source else {
        let title = format!("authority `{name}` is external; only its owner can roll it over");
        return Diagnostic::error("derived-store", title)
            .help("name both its old and its new certificate wherever it is trusted");
    };
    let own = generation(model, &Holder::Authority(name.to_owned()));
    let trusted = model.derivation.as_ref().map(|derivation| derivation.trusted(name));
    let trusted = trusted.unwrap_or_default();
    let title = format!(
        "`{name}` is rolled over by edits of the spec: generation {own} signs, {} trusted",
        match trusted.len() {
            0 | 1 => "it alone is".to_owned(),
            _ => format!("{} are", listed(&trusted.iter().copied().collect::<Vec<_>>())),
        }
    );
    let diagnostic = steps(model, name, own, &trusted, Diagnostic::error("derived-store", title));
    match below(model, name) {
        Some(issuer) => diagnostic.help(format!("clients with a certificate of the old generation send its chain, which `{issuer}` vouches for: to refuse them, write the old serials of `{name}` (`mtlsgen status`) into `revoked` under `cas.{issuer}`")),
        None => diagnostic,
    }
}

/// The authority that signs another one.
fn below<'a>(model: &'a Model, name: &str) -> Option<&'a str> {
    match &model.request(&Holder::Authority(name.to_owned()))?.issuer {
        Issuer::Authority(issuer) => Some(issuer),
        Issuer::SelfSigned => None,
    }
}

/// The edits that are left.
fn steps(
    model: &Model,
    name: &str,
    own: u32,
    trusted: &BTreeSet<u32>,
    diagnostic: Diagnostic,
) -> Diagnostic {
    let wait = longest_below(model, name);
    let retire = |own: u32| {
        format!(
            "retire: under `cas.{name}`, keep `generation = {own}` and remove `trustedGenerations`; do that {wait} after it began to sign, when the last certificate of the generation before it has ended; render and apply"
        )
    };
    let activate = |next: u32, own: u32| {
        format!(
            "activate: under `cas.{name}`, write `generation = {next}` and keep `trustedGenerations = [{}]`; render and apply: what it signs is reissued",
            listed(&[own, next])
        )
    };
    let next = trusted.iter().copied().find(|one| *one > own);
    if let Some(next) = next {
        return diagnostic.help(activate(next, own)).help(retire(next));
    }
    if trusted.len() > 1 {
        return diagnostic.help(retire(own));
    }
    let next = own + 1;
    diagnostic
        .help(format!("introduce: under `cas.{name}`, write `generation = {own}` and `trustedGenerations = [{}]`; render and apply{}", listed(&[own, next]), anchors(model, name)))
        .help(activate(next, own))
        .help(retire(next))
}

/// Callers of servers have to be given the new root before it signs.
fn anchors(model: &Model, name: &str) -> &'static str {
    let serves = model.server_certificates.values().any(|request| {
        matches!(&request.issuer, Issuer::Authority(issuer) if model.lineage.is_at_or_below(issuer, name))
    });
    if serves {
        ", and give every client of its hosts the new certificate beside the old one"
    } else {
        ""
    }
}

fn listed(generations: &[u32]) -> String {
    generations.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn generation(model: &Model, holder: &Holder) -> u32 {
    model.derivation.as_ref().map_or(1, |derivation| derivation.generation(holder))
}

fn longest_below(model: &Model, name: &str) -> Seconds {
    let below = model.requests().filter(|request| match (&request.holder, &request.issuer) {
        (Holder::Authority(_), _) | (_, Issuer::SelfSigned) => false,
        (_, Issuer::Authority(issuer)) => model.lineage.is_at_or_below(issuer, name),
    });
    below.map(|request| request.duration).max().unwrap_or(Seconds(0))
}

/// Certificates that are revoked and would be shown all the same: the seed gives the same one again.
pub(super) fn revoked_now(
    model: &Model,
    inventory: &Inventory,
    derivation: &Derivation,
) -> Vec<Diagnostic> {
    let revoked = &inventory.ledger.revoked;
    let mut found = Vec::new();
    for (holder, held) in &inventory.held {
        let issuer = model.request(holder).map(|request| &request.issuer);
        let Some(Issuer::Authority(issuer)) = issuer else { continue };
        let serial = &HeldCertificate::certificate(held).serial;
        if revoked.get(issuer, serial).is_none() {
            continue;
        }
        let next = derivation.generation(holder) + 1;
        let title = format!(
            "the certificate {serial} of {holder} is revoked, and the seed gives the same one again"
        );
        let diagnostic = Diagnostic::error("revoked-again", title).help(format!(
            "write `generation = {next}` under `{}`: another key and certificate",
            table(holder)
        ));
        found.push(match holder {
            Holder::Client(name) => diagnostic.help(format!(
                "or shut the client out: `revoked = true` under `clients.\"{name}\"`"
            )),
            _ => diagnostic,
        });
    }
    found
}

/// Schedules begin with 1970.
pub(super) fn before_the_schedule(now: Timestamp) -> Diagnostic {
    Diagnostic::error(
        "clock-behind",
        format!("it is {now} now, and the schedule of a derived store begins in 1970"),
    )
    .help("check the clock, `--at` and `SOURCE_DATE_EPOCH`")
}

/// No certificate is valid later than X.509 can say.
pub(super) fn behind_the_calendar(now: Timestamp) -> Diagnostic {
    Diagnostic::error(
        "clock-ahead",
        format!("it is {now} now, and X.509 knows no later time: nothing would be valid"),
    )
    .help("check the clock, `--at` and `SOURCE_DATE_EPOCH`")
}
