//! Decides what is to be issued, and why; nothing has happened yet.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::acceptance;
use super::kept::Kept;
use super::listing::{self, ListAction, ListReason};
use super::reason::{self, Compared, Reason};
use super::refusals::{
    Compromised, compromised, key_owners, lost_authority, lost_revocations, refuse_before,
    refuse_compromised, refuse_key_of_another, refuse_nameless, refuse_other_key, refuse_rotation,
};
use super::revoking;
use super::scope::Scope;
use super::{chains, generations, obstacles};
use crate::diagnostic::Diagnostic;
use crate::model::{AuthoritySource, Model};
use crate::pki::certificate::Certificate;
use crate::pki::issue::Validity;
use crate::pki::name::DistinguishedName;
use crate::pki::request::{CertificateRequest, Holder, Issuer};
use crate::store::{HeldCertificate, Inventory, NewRevocation, Revocations};
use crate::time::{Seconds, Timestamp};

/// How far new certificates begin before now, for clocks that are behind.
const BACKDATED: Seconds = Seconds::minutes(5);

/// What is to be issued, issuers before what they sign.
#[derive(Clone, Debug, Default)]
pub struct IssuancePlan {
    /// The certificates to issue.
    pub actions: Vec<Action>,
    /// Holders who keep their certificates while an issuer gets a new one: the chain in their file
    /// is out of date.
    pub stale_chains: Vec<Holder>,
    /// What the spec calls revoked and no ledger does.
    pub revocations: Vec<NewRevocation>,
    /// The revocation lists to sign.
    pub lists: Vec<ListAction>,
    /// What the user should know about what is issued.
    pub notices: Vec<Diagnostic>,
    /// Who keeps a certificate that is not valid yet, and when it begins. Which of two clocks is wrong, the one that
    /// it was issued by or the one of now, is for people to say: nothing is issued in its place.
    pub early: Vec<(Holder, Timestamp)>,
    /// What is odd about what is kept.
    pub warnings: Vec<Diagnostic>,
    /// What is kept and lasts for another time than a new one would.
    pub kept: Vec<Kept>,
}

impl IssuancePlan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty() && self.stale_chains.is_empty() && !self.changes_revocations()
    }

    /// Whether an authority is to be issued that was never issued before.
    #[must_use]
    pub fn issues_new_authority(&self) -> bool {
        self.actions.iter().any(Action::is_new_authority)
    }

    /// Whether something is to be revoked, or a revocation list to be signed.
    #[must_use]
    pub fn changes_revocations(&self) -> bool {
        !self.revocations.is_empty() || !self.lists.is_empty()
    }

    /// What is revoked by now, and what the plan revokes.
    #[must_use]
    pub fn revoked(&self, inventory: &Inventory) -> Revocations {
        let mut revoked = inventory.ledger.revoked.clone();
        for NewRevocation { authority, serial, revocation, .. } in &self.revocations {
            revoked.insert(authority, serial, revocation.clone());
        }
        revoked
    }

    /// Whether something does not work, or admits clients that it should refuse, until the plan is carried out.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        self.actions.iter().any(|action| !action.reason.still_works())
            || !self.revocations.is_empty()
            || self.lists.iter().any(|list| !list.reason.still_works())
    }

    /// Whether a certificate or a revocation list is not valid yet, so that verifiers refuse it.
    #[must_use]
    pub fn is_early(&self) -> bool {
        !self.early.is_empty()
            || self.lists.iter().any(|list| matches!(list.reason, ListReason::Early { .. }))
    }
}

/// One certificate to issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What it is to be.
    pub request: CertificateRequest,
    /// Why.
    pub reason: Reason,
    /// When it will be valid.
    pub validity: Validity,
    /// Whether the holder's own key is used again.
    pub keeps_key: bool,
}

impl Action {
    /// Whether an authority is issued that was never issued before.
    #[must_use]
    pub fn is_new_authority(&self) -> bool {
        matches!(self.request.holder, Holder::Authority(_)) && self.reason == Reason::NeverIssued
    }
}

/// An authority as those below it will see it once the plan is carried out.
pub(super) struct Signer<'a> {
    subject: &'a DistinguishedName,
    key_id: Option<&'a [u8]>,
    /// As it is now.
    pub(super) certificate: Option<&'a Certificate>,
    /// Whether it is about to get its first certificate.
    is_new: bool,
    /// Whether it is about to get another certificate.
    is_renewed: bool,
    validity: Validity,
}

/// Compares the model with what there is.
///
/// # Errors
///
/// Diagnostics about authorities that are gone while what they signed is there, and about those that
/// would need another key or subject: that is a rotation, not a renewal. Diagnostics about revocation lists
/// that the owner of an external authority must sign.
pub fn plan(
    model: &Model,
    inventory: &Inventory,
    now: Timestamp,
) -> Result<IssuancePlan, Vec<Diagnostic>> {
    plan_within(model, inventory, now, &Scope::default())
}

/// As [`plan`], for some holders only, or for more reasons.
///
/// # Errors
///
/// As [`plan`].
pub fn plan_within(
    model: &Model,
    inventory: &Inventory,
    now: Timestamp,
    scope: &Scope,
) -> Result<IssuancePlan, Vec<Diagnostic>> {
    let mut plan = IssuancePlan::default();
    plan.warnings.extend(not_yet_valid(inventory, now));
    let mut errors = Vec::new();
    let revoked = revoke(&mut plan, model, inventory, now, scope, &mut errors);
    let compromised = compromised(&inventory.ledger, &revoked);
    let mut reissued: Vec<&str> = Vec::new();
    let owners = key_owners(model, inventory);
    let mut signers = supplied_signers(model);
    for request in model.requests() {
        let held = inventory.held.get(&request.holder);
        let in_scope = scope.has(&request.holder);
        let signer = match &request.issuer {
            Issuer::SelfSigned => None,
            Issuer::Authority(name) => match signers.get(name.as_str()) {
                Some(signer) => Some(signer),
                // The issuer's own errors are reported already.
                None => continue,
            },
        };
        let validity = validity(request, signer, now);
        if inventory.unseen.contains(&request.holder) {
            signers.extend(unseen_signer(request, validity));
            continue;
        }
        // While a next generation waits, the current one is left as it is.
        let compared_with_next = |next| compared(request, next, signer, now, validity);
        let asked = generations::asked(request, held, inventory, compared_with_next);
        let asked = match asked {
            Ok(asked) => asked,
            Err(error) => {
                errors.extend(Some(error).filter(|_| scope.judges(&request.holder)));
                continue;
            }
        };
        let asked = in_its_string_types(asked, held);
        let other_key = held.and_then(|held| refuse_other_key(request, held));
        if let Some(error) = other_key.or_else(|| refuse_key_of_another(request, &owners)) {
            errors.extend(Some(error).filter(|_| scope.judges(&request.holder)));
            continue;
        }
        let signer_not_yet_valid =
            signer.and_then(|signer| refuse_before(request, signer.validity.not_before, now));
        let compared = held.map(|held| compared(&asked, held, signer, now, validity));
        let reason = reason_for(compared, &revoked, scope).filter(|_| in_scope);
        if reason.is_none() && scope.only.is_none() && model.derivation.is_none() {
            plan.kept.extend(held.and_then(|held| Kept::of(request, held, signer, inventory, now)));
        }
        let unsafe_key = refuse_compromised(request, held, reason.as_ref(), &compromised);
        if !in_scope && held.is_none() || in_scope && unsafe_key.is_some() {
            plan.warnings.extend(unsafe_key.filter(|_| in_scope));
            continue;
        }
        let lost = if held.is_none() { lost_authority(request, model, inventory) } else { None };
        let lost = lost.or_else(|| reason.as_ref().and_then(|_| refuse_nameless(request)));
        if let Some(error) = lost.or_else(|| refuse_rotation(&request.holder, reason.as_ref()?)) {
            errors.push(error);
            continue;
        }
        if let Holder::Authority(name) = &request.holder {
            let own = held.map(HeldCertificate::certificate);
            signers.insert(name, planned_signer(request, own, reason.as_ref(), validity));
            // Roots are in no chain that is served.
            let is_served = request.issuer != Issuer::SelfSigned;
            reissued.extend((is_served && reason.is_some()).then_some(name.as_str()));
        }
        if reason.is_some()
            && let Some(signer) = signer_not_yet_valid
        {
            errors.push(signer);
            continue;
        }
        if reason.is_none()
            && let Some(begins) = held.and_then(|held| begins_later(held, now))
        {
            plan.early.push((request.holder.clone(), begins));
        }
        if let Some(reason) = reason {
            plan.notices.extend(shortened(request, validity));
            let asked = asked.into_owned();
            plan.actions.push(action(asked, held, (reason, validity), scope, &compromised));
        } else if held.is_some_and(|held| is_stale(request, held, model, inventory, &reissued)) {
            plan.stale_chains.push(request.holder.clone());
        }
    }
    if scope.only.is_none() {
        plan.lists = lists(model, inventory, &revoked, now, &signers);
        plan.lists.retain(|list| !scope.silent.contains(&list.authority));
        obstacles::judge(&mut plan, (model, inventory), &revoked, now, scope, &mut errors);
        errors.extend(lost_revocations(inventory, &revoked));
        errors.extend(acceptance::refusals(model, inventory, &plan.actions, scope));
    }
    if errors.is_empty() { Ok(plan) } else { Err(errors) }
}

/// Why a certificate is to be issued; nothing to compare with means that there is none.
fn reason_for(
    compared: Option<Compared<'_>>,
    revoked: &Revocations,
    scope: &Scope,
) -> Option<Reason> {
    let Some(compared) = compared else { return Some(Reason::NeverIssued) };
    reason::reason(&Compared {
        revoked: revoking::reason_of(revoked, &compared.want.issuer, compared.have),
        asked: scope.asked.contains(&compared.want.holder),
        ..compared
    })
}

/// The request with the subject in the string types that the holder's certificate has, if both read the same:
/// what an authority signed names it by these very bytes.
pub(super) fn in_its_string_types<'a>(
    mut request: Cow<'a, CertificateRequest>,
    held: Option<&HeldCertificate>,
) -> Cow<'a, CertificateRequest> {
    let own = held.map(|held| &held.certificate().subject);
    if let Some(own) = own.filter(|own| **own != request.subject && request.subject.reads_as(own)) {
        request.to_mut().subject.clone_from(own);
    }
    request
}

/// Plans the revocations that the spec asks for; gives all that is revoked then.
fn revoke(
    plan: &mut IssuancePlan,
    model: &Model,
    inventory: &Inventory,
    now: Timestamp,
    scope: &Scope,
    errors: &mut Vec<Diagnostic>,
) -> Revocations {
    if scope.only.is_none() {
        plan.revocations = revoking::revocations(model, inventory, now, errors);
    }
    plan.revoked(inventory)
}

fn lists(
    model: &Model,
    inventory: &Inventory,
    revoked: &Revocations,
    now: Timestamp,
    signers: &BTreeMap<&str, Signer<'_>>,
) -> Vec<ListAction> {
    let validity = |name: &str| signers.get(name).map(|signer| signer.validity);
    listing::lists(model, inventory, revoked, now, &validity)
}

/// What is issued for a reason, and whether for the key that the holder has.
fn action(
    asked: CertificateRequest,
    held: Option<&HeldCertificate>,
    (reason, validity): (Reason, Validity),
    scope: &Scope,
    compromised: &Compromised,
) -> Action {
    let keeps_key = held.is_some_and(|held| {
        // A key that is its owner's is in no store.
        asked.public_key.is_none()
            && !compromised.contains_key(&held.certificate().spki_hash)
            && scope.keeps_key(&asked.holder, &reason)
    });
    Action { request: asked, reason, validity, keeps_key }
}

/// Whether the intermediates in a holder's file are other ones than its chain has now, or will have.
fn is_stale(
    request: &CertificateRequest,
    held: &HeldCertificate,
    model: &Model,
    inventory: &Inventory,
    reissued: &[&str],
) -> bool {
    let Issuer::Authority(issuer) = &request.issuer else { return held.chain.len() > 1 };
    let reissued = reissued.iter().any(|name| model.lineage.is_at_or_below(issuer, name));
    let now = chains::intermediates(model, inventory, &request.issuer).unwrap_or_default();
    let same = now.len() + 1 == held.chain.len()
        && now.iter().zip(&held.chain[1..]).all(|(now, stored)| now.der == stored.der);
    reissued || !same
}

fn supplied_signers(model: &Model) -> BTreeMap<&str, Signer<'_>> {
    let authorities = model.authorities.values();
    authorities
        .filter_map(|authority| match &authority.source {
            AuthoritySource::Supplied(chain) => {
                chain.first().map(|own| (authority.name.as_str(), existing(own)))
            }
            AuthoritySource::Issued(_) => None,
        })
        .collect()
}

pub(super) fn existing(certificate: &Certificate) -> Signer<'_> {
    Signer {
        subject: &certificate.subject,
        key_id: certificate.subject_key_id.as_deref(),
        certificate: Some(certificate),
        is_new: false,
        is_renewed: false,
        validity: Validity { not_before: certificate.not_before, not_after: certificate.not_after },
    }
}

fn planned_signer<'a>(
    request: &'a CertificateRequest,
    own: Option<&'a Certificate>,
    reason: Option<&Reason>,
    validity: Validity,
) -> Signer<'a> {
    match own {
        Some(own) if reason.is_none() => existing(own),
        // Renewed with its own key: what it signed stays valid.
        Some(own) => Signer { validity, is_renewed: true, ..existing(own) },
        None => Signer {
            subject: &request.subject,
            key_id: None,
            certificate: None,
            is_new: true,
            is_renewed: false,
            validity,
        },
    }
}

/// An authority that cannot be seen signs nothing new, and is none itself.
fn unseen_signer(request: &CertificateRequest, validity: Validity) -> Option<(&str, Signer<'_>)> {
    let Holder::Authority(name) = &request.holder else { return None };
    let unseen = planned_signer(request, None, None, validity);
    Some((name, Signer { is_new: false, ..unseen }))
}

pub(super) fn compared<'a>(
    want: &'a CertificateRequest,
    held: &'a HeldCertificate,
    signer: Option<&Signer<'a>>,
    now: Timestamp,
    validity: Validity,
) -> Compared<'a> {
    let have = held.certificate();
    Compared {
        want,
        have,
        issuer: signer.map_or(&want.subject, |signer| signer.subject),
        issuer_key_id: match signer {
            Some(signer) => signer.key_id,
            None => have.subject_key_id.as_deref(),
        },
        issuer_certificate: signer.and_then(|signer| signer.certificate),
        issuer_is_new: signer.is_some_and(|signer| signer.is_new),
        issuer_is_renewed: signer.is_some_and(|signer| signer.is_renewed),
        revoked: None,
        asked: false,
        now,
        next_not_after: validity.not_after,
    }
}

/// From five minutes ago until the earlier of the certificate's own duration and its issuer's end.
pub(super) fn validity(
    request: &CertificateRequest,
    signer: Option<&Signer<'_>>,
    now: Timestamp,
) -> Validity {
    let mut not_before = now.before(BACKDATED);
    // The last second counts (RFC 5280, section 4.1.2.5).
    let mut not_after = not_before.after(request.duration).before(Seconds(1));
    if let Some(signer) = signer {
        not_before = not_before.max(signer.validity.not_before);
        not_after = not_after.min(signer.validity.not_after);
    }
    Validity { not_before, not_after }
}

/// Certificates of the future are a sign of a clock that is behind.
fn not_yet_valid(inventory: &Inventory, now: Timestamp) -> Option<Diagnostic> {
    let early = |(holder, held)| Some((holder, begins_later(held, now)?));
    let found: Vec<(&Holder, Timestamp)> = inventory.held.iter().filter_map(early).collect();
    let (holder, begins) = found.first()?;
    let others = match found.len() - 1 {
        0 => String::new(),
        more => format!(", as those of {more} others"),
    };
    let title =
        format!("the certificate of {holder} is valid from {begins} only{others}; it is {now} now");
    let command = Holder::command("cert renew", found.iter().map(|(holder, _)| *holder));
    Some(
        Diagnostic::warning("clock-behind", title)
            .help("check the clock, `--at` and `SOURCE_DATE_EPOCH`")
            .help(format!(
                "if the clock is right, the one that it was issued by was ahead: {command} reissues it"
            )),
    )
}

/// When the certificate begins, if that is later than now. Verifiers have no tolerance; what is issued begins five
/// minutes early.
fn begins_later(held: &HeldCertificate, now: Timestamp) -> Option<Timestamp> {
    Some(held.certificate().not_before).filter(|begins| *begins > now)
}

fn shortened(request: &CertificateRequest, validity: Validity) -> Option<Diagnostic> {
    let Issuer::Authority(issuer) = &request.issuer else { return None };
    let length = validity.not_after.since(validity.not_before);
    let missing = Seconds(request.duration.0.saturating_sub(length.0 + 1));
    // Some minutes are lost whenever issuer and leaf are made in different runs of one day.
    if missing < Seconds::days(1) {
        return None;
    }
    Some(
        Diagnostic::notice(
            "shortened",
            format!(
                "the certificate of {} ends with its issuer `{issuer}` at {}, {} days before its own duration of {}",
                request.holder,
                validity.not_after,
                missing.0 / 86_400,
                request.duration
            ),
        )
        .help("it is renewed once the issuer is; give the issuer a longer `duration` to change that"),
    )
}
