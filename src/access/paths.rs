//! The authorities that a verifier accepts which trusts some roots (RFC 5280, section 6.1).

use crate::pki::certificate::Certificate;
use crate::time::Timestamp;

/// The `anchors` and those of `intermediates` from which a path leads to one of them; valid ones alone.
///
/// What a client sends behind its certificate is not known: callers pass every intermediate that
/// it may have.
pub(super) fn accepted<'a>(
    anchors: impl IntoIterator<Item = &'a Certificate>,
    intermediates: impl IntoIterator<Item = &'a Certificate>,
    now: Timestamp,
) -> Vec<&'a Certificate> {
    let is_valid = |one: &&Certificate| one.not_after >= now;
    let mut found: Vec<_> = anchors.into_iter().filter(is_valid).collect();
    let mut open: Vec<_> = intermediates.into_iter().filter(is_valid).collect();
    let mut done = 0;
    while let Some(issuer) = found.get(done).copied() {
        done += 1;
        let (below, rest): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|one| one.may_be_signed_by(issuer));
        found.extend(below);
        open = rest;
    }
    found
}
