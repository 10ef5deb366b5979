//! What makes verifiers refuse every client below an authority once revocation lists are checked: it has no list, or
//! its key usage does not allow it to sign one.
//!
//! Plans ask this, and so do `cert revoke` and the steps of a rollover, before they write anything: what `render`
//! would refuse afterwards is refused at once.

use std::collections::{BTreeMap, BTreeSet};

use super::listing::own_certificate;
use super::revoking::{self, Group, current};
use super::{IssuancePlan, Scope, planning};
use crate::diagnostic::{Diagnostic, Entry, Severity};
use crate::model::context::listed;
use crate::model::{Authority, AuthoritySource, Model};
use crate::pki::certificate::Certificate;
use crate::pki::request::{Holder, Issuer};
use crate::store::{Inventory, NewRevocation, Revocations};
use crate::time::Timestamp;

/// What the lists are judged by.
#[derive(Clone, Copy)]
struct Scene<'a> {
    model: &'a Model,
    inventory: &'a Inventory,
    /// All that is revoked, or will be.
    revoked: &'a Revocations,
    /// Authorities that get another certificate before they sign lists.
    renewed: &'a BTreeSet<&'a str>,
    /// Whether what is to be revoked are leaves alone: the key of an intermediate outlives its root.
    leaves_alone: bool,
    now: Timestamp,
}

/// Why the list of an authority would not be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Flaw {
    /// There is none, and its key is its owner's.
    NoList,
    /// The certificate that signs here lacks cRLSign.
    MayNotSign,
    /// So does that of an older generation, which is not renewed any more.
    GenerationMayNotSign,
}

/// The obstacles of one group.
struct Obstacle<'a> {
    /// Keys under `hosts` that it is about.
    hosts: BTreeSet<&'a str>,
    /// Whose list it is, or that of an authority above it.
    authority: &'a str,
    /// What to say of it.
    diagnostic: Diagnostic,
}

/// Adds an error for each list that would not be believed. Where no host is touched, it is a warning, and the list of
/// that authority is not signed.
pub(super) fn judge(
    plan: &mut IssuancePlan,
    (model, inventory): (&Model, &Inventory),
    revoked: &Revocations,
    now: Timestamp,
    scope: &Scope,
    errors: &mut Vec<Diagnostic>,
) {
    let renewed: BTreeSet<String> = authorities(plan).map(str::to_owned).collect();
    let renewed = renewed.iter().map(String::as_str).collect();
    let leaves_alone = are_leaves(&plan.revocations);
    let scene = Scene { model, inventory, revoked, renewed: &renewed, leaves_alone, now };
    for Obstacle { hosts, authority, mut diagnostic } in all(scene) {
        // What is entered cannot be taken back, whomever it is about.
        if scope.touches_any(&hosts) || !plan.revocations.is_empty() {
            errors.push(diagnostic);
        } else {
            plan.lists.retain(|list| list.authority != authority);
            diagnostic.severity = Severity::Warning;
            plan.warnings.push(diagnostic);
        }
    }
}

/// What `render` would refuse because of revocation lists once `new` is entered: among the hosts that trust the
/// authorities of these certificates.
#[must_use]
pub fn after_revoking(
    model: &Model,
    inventory: &Inventory,
    new: &[NewRevocation],
    now: Timestamp,
) -> Vec<Diagnostic> {
    let authorities: BTreeSet<&str> = new.iter().map(|one| one.authority.as_str()).collect();
    let found = with_new(model, inventory, new, &authorities, now);
    found.into_iter().map(|(_, diagnostic)| diagnostic).collect()
}

/// What `render` refuses because the certificates of that authority may sign no lists that hosts need.
pub(super) fn of_authority(
    model: &Model,
    inventory: &Inventory,
    name: &str,
    now: Timestamp,
) -> Vec<Diagnostic> {
    let found = with_new(model, inventory, &[], &BTreeSet::from([name]), now);
    let own = found.into_iter().filter(|(authority, _)| authority == name);
    own.map(|(_, diagnostic)| diagnostic).collect()
}

/// The obstacles of hosts that trust one of `authorities` once `new` is entered, each with the authority that
/// it is about.
fn with_new(
    model: &Model,
    inventory: &Inventory,
    new: &[NewRevocation],
    authorities: &BTreeSet<&str>,
    now: Timestamp,
) -> Vec<(String, Diagnostic)> {
    let mut revoked = inventory.ledger.revoked.clone();
    // Those of the spec are entered by the same render; what is wrong with them does not concern the new ones.
    let of_spec = revoking::revocations(model, inventory, now, &mut Vec::new());
    for one in of_spec.iter().chain(new) {
        revoked.insert(&one.authority, &one.serial, one.revocation.clone());
    }
    let renewed = authorities_to_renew(model, inventory, now);
    let renewed = renewed.iter().map(String::as_str).collect();
    let leaves_alone = are_leaves(new) && are_leaves(&of_spec);
    let scene = Scene { model, inventory, revoked: &revoked, renewed: &renewed, leaves_alone, now };
    let mut groups = revoking::active_groups(model, &revoked);
    groups.retain(|group| !group.members.is_disjoint(authorities));
    let found = found(scene, &groups).into_iter();
    found.map(|found| (found.authority.to_owned(), found.diagnostic)).collect()
}

fn are_leaves(revocations: &[NewRevocation]) -> bool {
    let is_authority = |one: &NewRevocation| matches!(one.holder, Some(Holder::Authority(_)));
    !revocations.iter().any(is_authority)
}

/// Authorities that a plan gives another certificate.
fn authorities(plan: &IssuancePlan) -> impl Iterator<Item = &str> {
    plan.actions.iter().filter_map(|action| match &action.request.holder {
        Holder::Authority(name) => Some(name.as_str()),
        Holder::Host(_) | Holder::Client(_) => None,
    })
}

/// Authorities that the next plan of everything gives another certificate; none where nothing can be planned.
fn authorities_to_renew(model: &Model, inventory: &Inventory, now: Timestamp) -> BTreeSet<String> {
    let holders = model.requests().map(|request| &request.holder);
    let only = holders.filter(|holder| matches!(holder, Holder::Authority(_))).cloned().collect();
    let scope = Scope { only: Some(only), ..Scope::default() };
    let plan = planning::plan_within(model, inventory, now, &scope).unwrap_or_default();
    authorities(&plan).map(str::to_owned).collect()
}

/// All of them, one for each certificate and flaw.
fn all(scene: Scene<'_>) -> Vec<Obstacle<'_>> {
    found(scene, &revoking::active_groups(scene.model, scene.revoked))
}

fn found<'a>(scene: Scene<'a>, groups: &[Group<'a>]) -> Vec<Obstacle<'a>> {
    type Key<'a> = (&'a str, Flaw, &'a [u8]);
    let mut all: BTreeMap<Key<'a>, (&'a Certificate, Vec<&Group<'a>>)> = BTreeMap::new();
    for group in groups {
        let members = group.members.iter().filter_map(|name| scene.model.authorities.get(*name));
        for (authority, (flaw, certificate)) in members
            .flat_map(|authority| scene.flaws(authority).into_iter().map(move |f| (authority, f)))
        {
            let key = (authority.name.as_str(), flaw, certificate.der.as_slice());
            all.entry(key).or_insert_with(|| (certificate, Vec::new())).1.push(group);
        }
    }
    let one = |((name, flaw, _), (certificate, groups)): (Key<'a>, (_, Vec<&Group<'a>>))| {
        let hosts: BTreeSet<&str> = groups.iter().flat_map(|group| &group.hosts).copied().collect();
        let diagnostic = scene.diagnostic(name, flaw, certificate, &groups);
        Obstacle { hosts, authority: name, diagnostic }
    };
    all.into_iter().map(one).collect()
}

impl<'a> Scene<'a> {
    /// What is wrong with the lists of one authority and, where it was supplied, of those above it.
    fn flaws(self, authority: &'a Authority) -> Vec<(Flaw, &'a Certificate)> {
        match &authority.source {
            AuthoritySource::Supplied(chain) => {
                let missing = chain.iter().find(|one| !self.has_list(one));
                let mute = chain.iter().filter(|one| !one.may_sign_lists());
                let missing = missing.map(|one| (Flaw::NoList, one));
                missing.into_iter().chain(mute.map(|one| (Flaw::MayNotSign, one))).collect()
            }
            AuthoritySource::Issued(_) => self.flaws_of_generations(&authority.name),
        }
    }

    /// Whether the list of its owner is at hand, or the key that signs one.
    fn has_list(self, certificate: &Certificate) -> bool {
        let mut ours = self.model.authorities.values().filter(|other| other.can_sign);
        ours.any(|other| {
            let own = own_certificate(self.inventory, other);
            own.is_some_and(|own| own.spki_hash == certificate.spki_hash)
        }) || current(self.model, self.inventory, certificate).is_some()
    }

    fn flaws_of_generations(self, name: &str) -> Vec<(Flaw, &'a Certificate)> {
        let generations = self.inventory.trusted(name).into_iter().enumerate();
        let mute = generations.filter(|(_, one)| !one.may_sign_lists());
        mute.filter_map(|(at, one)| match at {
            0 if self.renewed.contains(name) => None,
            0 => Some((Flaw::MayNotSign, one)),
            // An expired one is in no chain.
            _ => (one.not_after > self.now).then_some((Flaw::GenerationMayNotSign, one)),
        })
        .collect()
    }

    fn diagnostic(
        self,
        name: &str,
        flaw: Flaw,
        certificate: &Certificate,
        groups: &[&Group<'a>],
    ) -> Diagnostic {
        let hosts: BTreeSet<&str> = groups.iter().flat_map(|group| &group.hosts).copied().collect();
        let hosts: Vec<&str> = hosts.into_iter().collect();
        let causes = self.causes(groups);
        let check = format!(
            "{} {} revocation lists, {}",
            listed(&hosts),
            if hosts.len() == 1 { "checks" } else { "check" },
            causes.words()
        );
        let subject = certificate.subject.rfc2253();
        let found = match flaw {
            Flaw::NoList => Diagnostic::error(
                "crl-missing",
                format!(
                    "{check}, and there is no revocation list of `{subject}`: the controller would refuse every client below it"
                ),
            ),
            Flaw::MayNotSign | Flaw::GenerationMayNotSign => Diagnostic::error(
                "crl-not-allowed",
                format!(
                    "{check}, and the key usage of `{subject}` lacks cRLSign: the controller believes no list of it, and would refuse every client below it"
                ),
            ),
        };
        let found = found.of(Entry::Authority(name.to_owned())).help(self.remedy(name, flaw));
        let found =
            found.help(format!("or trust `{name}` on hosts of its own, where nothing is revoked"));
        causes.ways_out(self.model, name).into_iter().fold(found, Diagnostic::help)
    }

    /// What makes the list of that authority one that is believed.
    fn remedy(self, name: &str, flaw: Flaw) -> String {
        let authority = self.model.authorities.get(name);
        let is_issued =
            |authority: &&Authority| matches!(authority.source, AuthoritySource::Issued(_));
        match flaw {
            Flaw::NoList => format!(
                "get that list from its owner and name it: `crl = \"FILE\"` under `cas.{name}`; the file may hold several"
            ),
            Flaw::GenerationMayNotSign => format!(
                "end the rollover first: `mtlsgen ca rotate {name} --retire` takes the older generation out of the bundle"
            ),
            Flaw::MayNotSign if authority.is_some_and(|one| is_issued(&one)) => format!(
                "`mtlsgen cert renew cas/{name}` gives the same key a certificate that may sign lists; what it signed stays valid"
            ),
            Flaw::MayNotSign => format!(
                "get a certificate with cRLSign for the same key from its owner, and name that under `cas.{name}`; what it signed stays valid"
            ),
        }
    }

    fn causes(self, groups: &[&Group<'a>]) -> Causes<'a> {
        let members: BTreeSet<&'a str> =
            groups.iter().flat_map(|group| &group.members).copied().collect();
        let has_revoked = |revoked: &Revocations, name: &str| revoked.of(name).next().is_some();
        let entered = &self.inventory.ledger.revoked;
        let supplies = |name: &&str| {
            let authority = self.model.authorities.get(*name);
            authority.is_some_and(|authority| !authority.lists.supplied.is_empty())
        };
        Causes {
            revoking: members
                .iter()
                .copied()
                .filter(|name| has_revoked(self.revoked, name))
                .collect(),
            supplying: members.iter().copied().filter(supplies).collect(),
            by_rollover: self.leaves_alone && self.model.derivation.is_none(),
            is_new: !members.iter().any(|name| has_revoked(entered, name)),
        }
    }
}

/// Why hosts check revocation lists.
struct Causes<'a> {
    /// Authorities that have revoked something, or are to.
    revoking: Vec<&'a str>,
    /// Authorities whose lists the spec names.
    supplying: Vec<&'a str>,
    /// Whether no ledger has any of these revocations yet.
    is_new: bool,
    /// Whether a rollover would end what is to be revoked; a derived store is rolled over in the spec.
    by_rollover: bool,
}

impl Causes<'_> {
    fn words(&self) -> String {
        match (self.revoking.as_slice(), self.supplying.as_slice()) {
            ([], lists) => format!("since the spec names those of {}", listed(lists)),
            (revoking, _) if self.is_new => {
                format!("once a certificate of {} is revoked", listed(revoking))
            }
            (revoking, _) => format!("since a certificate of {} is revoked", listed(revoking)),
        }
    }

    /// How to do without lists, regardless of the obstacle.
    fn ways_out(&self, model: &Model, in_the_way: &str) -> Vec<String> {
        let others = self.revoking.iter().copied().filter(|name| *name != in_the_way);
        let others: Vec<&str> = others.collect();
        let ours = |name: &&&str| {
            let request = model.request(&Holder::Authority((**name).to_owned()));
            request.is_some_and(|request| request.issuer == Issuer::SelfSigned)
        };
        let mut ways = Vec::new();
        if self.is_new && self.by_rollover && self.supplying.is_empty() {
            let roots = self.revoking.iter().filter(ours);
            ways.extend(roots.map(|name| format!("or refuse old certificates without a list: `mtlsgen ca rotate {name}`, later `--activate`, and, once every other client has a new one, `--retire --force`; this needs no revocation")));
        }
        if let [first, ..] = others.as_slice() {
            ways.push(format!("or let an authority with another name and root sign those who may enter, and list that in `clientAuth.cas` in place of `{first}`"));
        }
        ways
    }
}
