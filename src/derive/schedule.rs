//! When certificates and revocation lists change: windows that follow from the spec and the clock alone.
//!
//! Time is cut into windows of one length for each holder. A window begins at an *edge*; the certificate of a window
//! is shown from the edge on until the next one, and is valid for its whole duration, so that it overlaps with its
//! successor by `renewBefore`.

use crate::model::periods::{BACKDATED, list_renew_before, period, shortest_period};
use crate::model::{AuthoritySource, Model};
use crate::pki::issue::Validity;
use crate::pki::request::{CertificateRequest, Holder, Issuer};
use crate::time::{Seconds, Timestamp};

use super::context;

/// A window of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// When it begins.
    pub edge: Timestamp,
    /// First and last second of its certificate.
    pub validity: Validity,
}

/// The window of a certificate that is current at a point in time.
#[must_use]
pub fn window(model: &Model, request: &CertificateRequest, at: Timestamp) -> Window {
    let origin = match issuer_window(model, request, at) {
        // An authority below another one is counted from its issuer's edges: where that gets a certificate that
        // lasts longer, it does as well.
        Some(issuer) if matches!(request.holder, Holder::Authority(_)) => issuer.edge.unix(),
        _ => offset(request),
    };
    let edge = edge(origin, period_of(request), at);
    Window { edge, validity: validity(model, request, edge) }
}

/// When the window that is current at `at` makes way for the next one; `None` if that would begin behind the end of an
/// issuer that was supplied.
#[must_use]
pub fn next_edge(model: &Model, request: &CertificateRequest, at: Timestamp) -> Option<Timestamp> {
    let own = window(model, request, at).edge.after(period_of(request));
    let edge = match (&request.holder, &request.issuer) {
        (Holder::Authority(_), Issuer::Authority(name)) => {
            let issuer = model.request(&Holder::Authority(name.clone()));
            let above = issuer.and_then(|issuer| next_edge(model, issuer, at));
            above.map_or(own, |above| own.min(above))
        }
        _ => own,
    };
    let end = supplied_issuer(model, request).map(|issuer| issuer.not_after);
    end.is_none_or(|end| edge <= end).then_some(edge)
}

/// Every window, the current one last, whose certificate is valid at `now`; and behind them the newest one before
/// that, whose certificate has ended.
#[must_use]
pub fn live_windows(model: &Model, request: &CertificateRequest, now: Timestamp) -> LiveWindows {
    let mut live = Vec::new();
    let mut window = window(model, request, now);
    loop {
        if window.validity.not_after < now {
            return LiveWindows { live, ended: Some(window) };
        }
        live.push(window);
        let before = window.edge.before(Seconds(1));
        if window.edge.unix() == 0 {
            return LiveWindows { live, ended: None };
        }
        window = self::window(model, request, before);
    }
}

/// What [`live_windows`] finds.
#[derive(Clone, Debug)]
pub struct LiveWindows {
    /// Windows with certificates that are valid, the newest first.
    pub live: Vec<Window>,
    /// The newest one with a certificate that has ended.
    pub ended: Option<Window>,
}

/// The window of a revocation list: `None` for `duration` is the validity of its authority, which begins at `edge`.
#[must_use]
pub fn list_window(
    authority: Window,
    duration: Option<Seconds>,
    renew_before: Option<Seconds>,
    at: Timestamp,
) -> Window {
    let Some(duration) = duration else { return authority };
    let renew_before = list_renew_before(duration, renew_before);
    let period = period(duration, renew_before).unwrap_or(shortest_period(duration));
    let edge = edge(authority.edge.unix(), period, at);
    let not_after = edge.before(BACKDATED).after(duration).min(authority.validity.not_after);
    let not_before = edge.before(BACKDATED).max(authority.validity.not_before);
    Window { edge, validity: Validity { not_before, not_after } }
}

/// The last edge up to `at`, counted from `origin` in steps of `period`; the first one is the beginning of 1970.
fn edge(origin: i64, period: Seconds, at: Timestamp) -> Timestamp {
    let period = i64::try_from(period.0).unwrap_or(i64::MAX);
    let steps = at.unix().saturating_sub(origin).div_euclid(period);
    Timestamp::from_unix(origin.saturating_add(steps.saturating_mul(period)).max(0))
}

fn period_of(request: &CertificateRequest) -> Seconds {
    let usual = period(request.duration, request.renew_before);
    // The model refuses what has none.
    usual.unwrap_or(shortest_period(request.duration))
}

/// From five minutes before the edge until the earlier of the certificate's own duration and its issuer's end.
fn validity(model: &Model, request: &CertificateRequest, edge: Timestamp) -> Validity {
    let not_before = edge.before(BACKDATED);
    let own =
        Validity { not_before, not_after: not_before.after(request.duration).before(Seconds(1)) };
    if let Some(issuer) = supplied_issuer(model, request) {
        return Validity {
            not_before: own.not_before.max(issuer.not_before),
            not_after: own.not_after.min(issuer.not_after),
        };
    }
    let issuer = issuer_window(model, request, edge).map(|window| window.validity.not_after);
    Validity { not_after: issuer.map_or(own.not_after, |end| own.not_after.min(end)), ..own }
}

/// The window of the authority that signs it, if mtlsgen makes that.
fn issuer_window(model: &Model, request: &CertificateRequest, at: Timestamp) -> Option<Window> {
    let Issuer::Authority(name) = &request.issuer else { return None };
    let issuer = model.request(&Holder::Authority(name.clone()))?;
    Some(window(model, issuer, at))
}

/// The validity of an issuer that was supplied.
fn supplied_issuer(model: &Model, request: &CertificateRequest) -> Option<Validity> {
    let Issuer::Authority(name) = &request.issuer else { return None };
    match &model.authorities.get(name)?.source {
        AuthoritySource::Supplied(chain) => chain
            .first()
            .map(|own| Validity { not_before: own.not_before, not_after: own.not_after }),
        AuthoritySource::Issued(_) => None,
    }
}

/// Where the windows of a holder begin, in seconds: from its name, so that not everything changes on one day.
fn offset(request: &CertificateRequest) -> i64 {
    let hash = context::public_hash(&[
        b"schedule",
        context::kind(&request.holder),
        request.holder.name().as_bytes(),
    ]);
    let mut octets = [0; 8];
    octets.copy_from_slice(&hash[..8]);
    let offset = u64::from_be_bytes(octets) % period_of(request).0;
    i64::try_from(offset).unwrap_or(0)
}
