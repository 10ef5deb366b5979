//! Certificates that are kept although the spec gives new ones another `duration`: what becomes of them.

use std::collections::BTreeMap;

use super::planning::Signer;
use crate::diagnostic::{Diagnostic, Span};
use crate::model::context::listed;
use crate::pki::certificate::Certificate;
use crate::pki::request::{CertificateRequest, Holder};
use crate::store::{HeldCertificate, Inventory};
use crate::time::{Seconds, Timestamp};

/// A certificate that is kept, and lasts for another time than a new one would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Whose it is.
    pub holder: Holder,
    /// How long a new one would last.
    pub wanted: Seconds,
    /// How long it lasts.
    pub length: Seconds,
    /// Until when it is kept: its time of renewal, or its end where a new one would not last longer.
    pub until: Timestamp,
}

impl Kept {
    /// The certificate of a request, if it lasts for another time than the request says. While a next generation of an
    /// authority waits, the current one is no longer made anew.
    pub(super) fn of(
        request: &CertificateRequest,
        held: &HeldCertificate,
        signer: Option<&Signer<'_>>,
        inventory: &Inventory,
        now: Timestamp,
    ) -> Option<Self> {
        let generations = match &request.holder {
            Holder::Authority(name) => inventory.generations.get(name),
            Holder::Host(_) | Holder::Client(_) => None,
        };
        let (have, wanted) = (held.certificate(), request.duration);
        let length = Seconds(have.not_after.since(have.not_before).0 + 1);
        // `import` writes lengths in whole days, and what is issued begins some minutes early.
        let slack =
            if wanted < Seconds::days(2) { Seconds::minutes(10) } else { Seconds(12 * 3_600) };
        let is_cut = length < wanted && signer.is_some_and(|signer| may_have_cut(signer, have));
        let waits = generations.is_some_and(|all| all.next.is_some());
        if waits || is_cut || wanted.0.abs_diff(length.0) <= slack.0 {
            return None;
        }
        let renewal = have.not_after.before(request.renew_before);
        let until = if renewal > now { renewal } else { have.not_after };
        Some(Self { holder: request.holder.clone(), wanted, length: rounded(length), until })
    }
}

/// Whether a certificate may end before its own time because its issuer does, or did.
fn may_have_cut(signer: &Signer<'_>, certificate: &Certificate) -> bool {
    signer.certificate.is_none_or(|own| {
        own.not_after == certificate.not_after || own.not_before > certificate.not_before
    })
}

/// In the unit that it was asked for in: without the second that X.509 counts, and the minutes before the beginning.
fn rounded(length: Seconds) -> Seconds {
    let unit = if length >= Seconds::days(2) { 86_400 } else { 60 };
    Seconds((length.0 + unit / 2) / unit * unit)
}

/// A notice for all that are kept for the same time in the place of the same; `locate` finds entries of the spec.
/// `can_renew`: `mtlsgen cert renew` is there for them.
#[must_use]
pub fn kept_notices(
    kept: &[Kept],
    can_renew: bool,
    locate: &dyn Fn(&Holder) -> Option<Span>,
) -> Vec<Diagnostic> {
    let mut groups: BTreeMap<(&str, Seconds, Seconds), Vec<&Kept>> = BTreeMap::new();
    for one in kept {
        let kind = match &one.holder {
            Holder::Authority(_) => "authorities",
            Holder::Host(_) => "hosts",
            Holder::Client(_) => "clients",
        };
        groups.entry((kind, one.wanted, one.length)).or_default().push(one);
    }
    let notice = |((kind, wanted, length), group): ((&str, Seconds, Seconds), Vec<&Kept>)| {
        let last = group.iter().map(|one| one.until).max()?;
        let title = match group.as_slice() {
            [one] => format!(
                "{}: `duration` is {wanted} now; its certificate of {length} stays until {last}",
                one.holder
            ),
            all => {
                let names: Vec<&str> = all.iter().map(|one| one.holder.name()).collect();
                format!(
                    "{kind} {}: `duration` is {wanted} now; their certificates of {length} stay, the last one until {last}",
                    listed(&names)
                )
            }
        };
        let notice = Diagnostic::notice("other-duration", title).at(locate(&group[0].holder));
        let command = Holder::command("cert renew", group.iter().map(|one| &one.holder));
        Some(if can_renew { notice.help(format!("{command} makes new ones")) } else { notice })
    };
    groups.into_iter().filter_map(notice).collect()
}
