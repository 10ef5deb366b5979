//! A store without files, whose authorities are rolled over.

use std::sync::atomic::{AtomicU32, Ordering};

use std::collections::BTreeMap;

use super::super::CutOffs;
use crate::access::doors::{Door, Doors};
use crate::diagnostic::Diagnostic;
use crate::enforcement::{ClientValidation, Fact, Library, Pins, Refusal, Revocation};
use crate::model::Model;
use crate::model::tests::model;
use crate::pki::certificate::{Certificate, ExtendedKeyUsage};
use crate::pki::issue::Entropy;
use crate::pki::key::{KeyError, KeyKind, PrivateKey};
use crate::pki::request::{CertificateRequest, Holder, SerialNumber};
use crate::plan::rotation::{CutOff, Known, Retirement, Rotation, Schedule};
use crate::plan::{IssuancePlan, chains, issue, plan};
use crate::store::{HeldCertificate, Inventory, Issued, IssuedCertificate, Keyring, LedgerEntry};
use crate::time::Timestamp;

/// Serials that count, keys that are random.
#[derive(Default)]
struct Counting(AtomicU32);

impl Entropy for Counting {
    fn private_key(&self, _: &CertificateRequest) -> Result<PrivateKey, KeyError> {
        PrivateKey::generate(KeyKind::EcdsaP256)
    }

    fn serial(&self, _: &CertificateRequest) -> SerialNumber {
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        SerialNumber([&[0x40], &number.to_be_bytes()[..]].concat())
    }
}

/// A store without files.
pub(super) struct World {
    pub(super) model: Model,
    pub(super) inventory: Inventory,
    keyring: Keyring,
    entropy: Counting,
    pub(super) now: Timestamp,
    /// Every leaf with the intermediates that it was issued with.
    pub(super) leaves: Vec<Vec<Certificate>>,
}

impl World {
    pub(super) fn new(spec: &str) -> Self {
        let mut world = Self {
            model: model(spec),
            inventory: Inventory::default(),
            keyring: Keyring::default(),
            entropy: Counting::default(),
            now: Timestamp::parse("2030-01-01").unwrap(),
            leaves: Vec::new(),
        };
        world.render();
        world
    }

    pub(super) fn render(&mut self) {
        let plan = plan(&self.model, &self.inventory, self.now).unwrap();
        let issued = self.issue(&plan);
        let inventory = std::mem::take(&mut self.inventory);
        self.inventory = inventory.with(&issued);
        for made in issued.certificates {
            self.enter(&made);
            if !matches!(made.request.holder, Holder::Authority(_)) {
                self.leaves.push(made.chain);
            }
            if let Some(key) = made.key {
                self.keyring.insert(made.request.holder, key);
            }
        }
    }

    fn issue(&self, plan: &IssuancePlan) -> Issued {
        let Self { model, inventory, keyring, entropy, .. } = self;
        issue(plan, model, inventory, keyring, entropy, &mut || {}).unwrap()
    }

    fn enter(&mut self, made: &IssuedCertificate) {
        let own = made.certificate();
        self.inventory.ledger.entries.push(LedgerEntry {
            holder: made.request.holder.clone(),
            issuer: made.request.issuer.clone(),
            serial: own.serial.clone(),
            subject: own.subject.rfc2253(),
            not_before: own.not_before,
            not_after: own.not_after,
            issued_at: self.now,
            spki_hash: own.spki_hash,
            fingerprint: own.fingerprint(),
            certificate: own.to_pem(),
        });
    }

    pub(super) fn rotation(&self, name: &str) -> Rotation<'_> {
        Rotation::of(&self.model, &self.inventory, name, self.now).unwrap()
    }

    /// The hosts as nginx validates clients for them.
    fn doors(&self) -> Doors<'_> {
        let mut doors = Doors::default();
        let mut known = BTreeMap::new();
        for exposure in &self.model.exposures {
            let Some(auth) = &exposure.client_auth else { continue };
            let bundle = chains::trust_bundle(&self.model, &self.inventory, &auth.authorities);
            let bundle = bundle.unwrap().into_iter().cloned().collect();
            let validation = *known.entry(&auth.authorities).or_insert_with(|| {
                doors.add_validation(ClientValidation {
                    certificates: Fact::Known(bundle),
                    library: Library::OpenSsl,
                    pins: Pins::default(),
                    depth: Some(5),
                    revocation: Fact::Known(Revocation::None),
                    tolerates: std::collections::BTreeSet::new(),
                    refusal: Refusal::Later,
                })
            });
            doors.add(Door { exposure, validation, subjects: None, pins: None });
        }
        doors
    }

    fn cut_off(&self, name: &str, known: &[Known], gone: &[&Certificate]) -> Vec<CutOff> {
        CutOffs::of(self.rotation(name), &self.doors(), known).without(gone)
    }

    pub(super) fn retirement(
        &self,
        name: &str,
        known: &[Known],
        forced: bool,
    ) -> Result<Retirement, Vec<Diagnostic>> {
        let losing = |gone: &[&Certificate]| self.cut_off(name, known, gone);
        self.rotation(name).retirement(known, &losing, forced)
    }

    pub(super) fn schedule(&self, name: &str, known: &[Known]) -> Schedule {
        let losing = |gone: &[&Certificate]| self.cut_off(name, known, gone);
        self.rotation(name).schedule(known, &losing)
    }

    /// Takes a step if it can be taken; the code of the refusal otherwise.
    pub(super) fn step(&mut self, name: &str, step: Command) -> Result<(), &'static str> {
        let rotation = self.rotation(name);
        match step {
            Command::Introduce => {
                let plan = rotation.introduction().map_err(|error| error.code)?.plan;
                let mut issued = self.issue(&plan);
                let made = issued.certificates.remove(0);
                self.enter(&made);
                let held = HeldCertificate { chain: made.chain, has_key: true };
                self.keyring.insert_generation(made.key.unwrap());
                self.inventory.generations.entry(name.to_owned()).or_default().next = Some(held);
            }
            Command::Activate => {
                rotation.activation().map_err(|error| error.code)?;
                let holder = Holder::Authority(name.to_owned());
                let generations = self.inventory.generations.get_mut(name).unwrap();
                let next = generations.next.take().unwrap();
                let key = self.keyring.of_generation(&next.certificate().spki_hash).unwrap();
                let key = PrivateKey::from_pem(key.to_pem().as_bytes()).unwrap();
                self.keyring.insert(holder.clone(), key);
                let old = self.inventory.held.insert(holder, next).unwrap();
                generations.retiring.insert(old.certificate().serial.clone(), old);
            }
            Command::Abandon => {
                rotation.abandonment().map_err(|error| error.code)?;
                self.inventory.generations.get_mut(name).unwrap().next = None;
            }
            Command::Retire { forced } => {
                let known = Known::all(&self.inventory.ledger).unwrap();
                let outcome = self.retirement(name, &known, forced);
                let outcome = outcome.map_err(|errors| errors[0].code)?;
                let generations = self.inventory.generations.get_mut(name).unwrap();
                generations.retiring.retain(|serial, _| !outcome.retired.contains(serial));
            }
        }
        Ok(())
    }

    /// Valid leaves of clients that no host takes with the chain that they were given.
    pub(super) fn refused(&self) -> Vec<String> {
        let doors = self.doors();
        let is_client = |leaf: &Certificate| leaf.allows(&ExtendedKeyUsage::ClientAuth);
        let valid = self.leaves.iter().filter(|chain| chain[0].not_after > self.now);
        let clients = valid.filter(|chain| is_client(&chain[0]));
        let refused = clients.filter(|chain| doors.reached(chain, self.now).is_empty());
        refused.map(|chain| chain[0].subject.rfc2253()).collect()
    }

    /// Valid leaves that a verifier with the bundle of `listed` refuses.
    pub(super) fn locked_out(&self, listed: &[&str]) -> Vec<String> {
        let listed: Vec<String> = listed.iter().map(ToString::to_string).collect();
        let bundle = chains::trust_bundle(&self.model, &self.inventory, &listed).unwrap();
        let valid = self.leaves.iter().filter(|chain| chain[0].not_after >= self.now);
        let accepted = |chain: &&Vec<Certificate>| {
            let shown = &chain[1..];
            climbs(&chain[0], &bundle, shown, self.now, 5)
        };
        valid.filter(|chain| !accepted(chain)).map(|chain| chain[0].subject.rfc2253()).collect()
    }
}

/// Whether a path of valid certificates leads to a root of the bundle.
fn climbs(
    below: &Certificate,
    bundle: &[&Certificate],
    shown: &[Certificate],
    now: Timestamp,
    left: usize,
) -> bool {
    let valid = |one: &&Certificate| one.not_after >= now && below.is_signed_by(one);
    let trusted = bundle.iter().copied().filter(valid);
    let all: Vec<&Certificate> = trusted.chain(shown.iter().filter(valid)).collect();
    all.iter().any(|one| {
        (one.is_self_signed() && bundle.contains(one))
            || left > 0 && !one.is_self_signed() && climbs(one, bundle, shown, now, left - 1)
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Introduce,
    Activate,
    Retire { forced: bool },
    Abandon,
}
