//! The clients that each host admits: those of the spec by name, and authorities whose clients are all admitted.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::rc::Rc;
use std::sync::Arc;

use super::Sources;
use super::rows::is_revoked;
use crate::access::doors::{Door, Listed};
use crate::controllers::Reader;
use crate::enforcement::{Pins, Presented, Revocation, fault};
use crate::model::{ClientAuthentication, Exposure};
use crate::pki::certificate::Certificate;
use crate::pki::request::{CertificateRequest, Holder};
use crate::plan::chains;
use crate::specification::Verify;

/// Hosts that admit the same clients, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// Keys under `hosts`.
    pub hosts: Vec<String>,
    /// Whether a certificate is required; `None`: none is requested.
    pub verify: Option<Verify>,
    /// Names of the clients of the spec whose certificates are accepted.
    pub clients: Vec<String>,
    /// Names of the authorities below which every client is admitted, in the spec or not; empty where there is a list.
    pub below: Vec<String>,
    /// The Secret whose authorities are trusted, where others fill it and it was not provided.
    pub secret: Option<String>,
    /// Why this is not known, if it is not.
    pub doubt: Option<Doubt>,
}

impl Admitted {
    /// `protected`: every client needs a certificate; `optional`: one is verified if sent;
    /// `open`: none is; `unknown`: annotations or the controller may change it.
    #[must_use]
    pub fn access(&self) -> &'static str {
        match (self.verify, self.doubt) {
            (None | Some(Verify::Off), _) => "open",
            (_, Some(_)) => "unknown",
            (Some(Verify::On), None) => "protected",
            (Some(Verify::Optional | Verify::OptionalNoCa), None) => "optional",
        }
    }
}

/// Why the clients that a host admits are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// Annotations that the spec allows by name may change it.
    Annotations,
    /// A controller of the spec does not support all of it: lists of clients, revocation, or an answer
    /// of the service's own.
    Readers,
    /// The Secret of the authorities is managed elsewhere and was not provided.
    Secret,
}

/// How a host validates certificates, and its list: subjects, or names and hashes.
type OfDoor<'a> = (usize, Option<&'a [String]>, Option<Arc<Pins>>);

/// What decides about a host.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Settings<'a> {
    verify: Option<Verify>,
    door: Option<OfDoor<'a>>,
    authorities: &'a [String],
    secret: Option<String>,
    doubt: Option<Doubt>,
}

/// All hosts, those together that let in the same; in the order of the first of each.
#[must_use]
pub fn admitted(sources: Sources<'_>) -> Vec<Admitted> {
    let mut doors: BTreeMap<&str, &Door<'_>> = BTreeMap::new();
    for door in sources.doors {
        doors.insert(&door.exposure.key, door);
    }
    let passing = passing(sources);
    let mut all: Vec<Admitted> = Vec::new();
    let mut known: BTreeMap<Settings<'_>, usize> = BTreeMap::new();
    for exposure in &sources.model.exposures {
        let door = doors.get(exposure.key.as_str()).copied();
        match known.entry(settings(sources, exposure, door)) {
            Entry::Occupied(at) => all[*at.get()].hosts.push(exposure.key.clone()),
            Entry::Vacant(place) => {
                all.push(group(exposure, door, place.key(), &passing));
                place.insert(all.len() - 1);
            }
        }
    }
    all
}

fn settings<'a>(
    sources: Sources<'_>,
    exposure: &'a Exposure,
    door: Option<&Door<'a>>,
) -> Settings<'a> {
    let auth = exposure.client_auth.as_ref();
    let secret = auth.filter(|auth| auth.existing).map(|auth| auth.secret.to_string());
    Settings {
        verify: auth.map(|auth| auth.verify),
        door: door.map(|door| (door.validation, door.subjects, door.pins.clone())),
        authorities: auth.map_or(&[], |auth| &auth.authorities),
        doubt: doubt(sources, exposure, door),
        secret,
    }
}

fn doubt(sources: Sources<'_>, exposure: &Exposure, door: Option<&Door<'_>>) -> Option<Doubt> {
    let Sources { model, doors, .. } = sources;
    let auth = exposure.client_auth.as_ref()?;
    let is_other = |reader: &Reader| reader.name != model.target;
    let has_lists = |door: &Door<'_>| {
        let validation = doors.validations().nth(door.validation);
        validation.is_some_and(|one| one.revocation.known() != Some(&Revocation::None))
    };
    let needs_more =
        auth.allow.is_some() || auth.verify == Verify::OptionalNoCa || door.is_some_and(has_lists);
    if exposure.is_unknown() {
        Some(Doubt::Annotations)
    } else if auth.existing {
        Some(Doubt::Secret)
    } else {
        (needs_more && model.controllers.iter().any(is_other)).then_some(Doubt::Readers)
    }
}

fn group(
    exposure: &Exposure,
    door: Option<&Door<'_>>,
    settings: &Settings<'_>,
    passing: &[Passing<'_>],
) -> Admitted {
    let clients = door.into_iter().flat_map(|door| {
        let gets_in = |one: &&Passing<'_>| one.passed[door.validation] && door.has(one.listed());
        passing.iter().filter(gets_in).map(|one| one.name.to_owned())
    });
    let asks_all =
        |auth: &&ClientAuthentication| auth.verify != Verify::Off && auth.allow.is_none();
    let all = exposure.client_auth.as_ref().filter(asks_all);
    Admitted {
        hosts: vec![exposure.key.clone()],
        verify: settings.verify,
        clients: clients.collect(),
        below: all.map(|auth| auth.authorities.clone()).unwrap_or_default(),
        secret: settings.secret.clone(),
        doubt: settings.doubt,
    }
}

/// A client with a valid certificate.
struct Passing<'a> {
    name: &'a str,
    subject: String,
    certificate: &'a Certificate,
    /// For each way of validation, whether it passes.
    passed: Rc<[bool]>,
}

impl Passing<'_> {
    fn listed(&self) -> Listed<'_> {
        Listed { subject: &self.subject, certificate: Some(self.certificate) }
    }
}

/// Name and key of a client's issuer, and what the client sends of those above it.
type Above<'a> = (&'a [u8], Option<&'a [u8]>, Vec<&'a [u8]>);

/// The clients of the spec whose current certificate is valid and not revoked.
fn passing(sources: Sources<'_>) -> Vec<Passing<'_>> {
    let Sources { model, inventory, plan, doors, now } = sources;
    let revoked = plan.revoked(inventory);
    // What is above a client decides, and thousands of them have the same above them.
    let mut known: BTreeMap<Above<'_>, Rc<[bool]>> = BTreeMap::new();
    let mut found = Vec::new();
    for client in model.clients.values().filter(|client| client.revoked.is_none()) {
        let CertificateRequest { holder, issuer, .. } = &client.request;
        let Some(chain) = served(sources, holder) else { continue };
        let Some((leaf, above)) = chain.split_first() else { continue };
        let is_valid = leaf.not_before <= now && now < leaf.not_after;
        if !is_valid || is_revoked(&revoked, issuer, &leaf.serial) {
            continue;
        }
        let above = above.iter().map(|one| one.der.as_slice()).collect();
        let key = (leaf.issuer.der(), leaf.authority_key_id.as_deref(), above);
        let passed = known.entry(key).or_insert_with(|| {
            let shows = Presented::Chain(chain.iter().map(|one| (*one).clone()).collect());
            let passed = doors.ask(|validation, certificates| {
                fault(&shows, validation, certificates, &Revocation::None, now).is_none()
            });
            passed.into()
        });
        found.push(Passing {
            name: &client.name,
            subject: leaf.subject.rfc2253(),
            certificate: leaf,
            passed: Rc::clone(passed),
        });
    }
    found
}

fn served<'a>(sources: Sources<'a>, holder: &Holder) -> Option<Vec<&'a Certificate>> {
    chains::served(sources.model, sources.inventory, holder)
}
