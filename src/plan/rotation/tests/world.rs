//! A store without files, whose authorities are rolled over.

use std::sync::atomic::{AtomicU32, Ordering};

use super::super::*;
use crate::model::tests::model;
use crate::pki::issue::Entropy;
use crate::pki::key::{KeyError, KeyKind, PrivateKey};
use crate::plan::{issue, plan};
use crate::store::{Issued, IssuedCertificate, Keyring};

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
                let outcome =
                    rotation.retirement(&known, forced).map_err(|errors| errors[0].code)?;
                let generations = self.inventory.generations.get_mut(name).unwrap();
                generations.retiring.retain(|serial, _| !outcome.retired.contains(serial));
            }
        }
        Ok(())
    }

    /// Leaves that are valid and that nobody accepts who trusts the bundle of `listed`.
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
