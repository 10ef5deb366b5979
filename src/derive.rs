//! A store that keeps nothing: certificates, keys and revocation lists from one seed, the spec and the clock.
//!
//! The same three give the same bytes: everything unpredictable comes from the seed by HKDF, everything
//! that changes with time follows a [`schedule`], and signatures are deterministic.

mod context;
mod lists;
mod making;
mod refusals;
pub mod schedule;
mod seed;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::context::Root;
use self::making::{Authority, Made, Occasion};
use crate::diagnostic::Diagnostic;
use crate::model::derivation::Derivation;
use crate::model::{AuthoritySource, Model};
use crate::parallel;
use crate::pki::certificate::Certificate;
use crate::pki::issue::CertificateMaker;
use crate::pki::key::{PrivateKey, SpkiHash};
use crate::pki::request::{CertificateRequest, Holder, Issuer};
use crate::plan::{IssueError, chains, refuse_nameless};
use crate::store::{Generations, HeldCertificate, Inventory, Keyring};
use crate::time::Timestamp;

pub use refusals::{renewal, revocation, rotation};
pub use seed::{Seed, SeedError};

/// How many generations of an authority are looked at that are not trusted, so that a high number costs nothing.
const OTHER_GENERATIONS: u32 = 16;

/// What is derived: public facts, and the private keys of hosts and clients. Those of authorities are gone.
#[derive(Debug)]
pub struct Derived {
    /// Certificates, and revocation lists where something is revoked.
    pub inventory: Inventory,
    /// Keys of hosts and clients.
    pub keyring: Keyring,
}

/// Why nothing could be derived.
#[derive(Debug)]
pub enum Failure {
    /// The spec asks for what no derived store can give.
    Refused(Vec<Diagnostic>),
    /// A certificate could not be made.
    World(IssueError),
}

/// What is to be derived.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// What the spec says.
    pub model: &'a Model,
    /// Keys that were supplied.
    pub supplied: &'a Keyring,
    /// When.
    pub now: Timestamp,
    /// How much of it.
    pub extent: Extent<'a>,
}

/// How much is derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent<'a> {
    /// What is current, of every holder.
    Current,
    /// Also what is valid still: that of earlier windows and generations, as far as the spec gives it today. It
    /// is in the ledger.
    Valid,
    /// What is current, of authorities and of these hosts and clients.
    Of(&'a BTreeSet<Holder>),
}

impl Extent<'_> {
    fn has(self, holder: &Holder) -> bool {
        match self {
            Self::Current | Self::Valid => true,
            Self::Of(holders) => holders.contains(holder),
        }
    }
}

/// Derives certificates, keys and revocation lists. `on_step` is called for each certificate.
///
/// # Errors
/// The spec asks for something that cannot be derived, or a key does not sign.
pub fn derive(
    order: Order<'_>,
    seed: &Seed,
    on_step: &mut dyn FnMut(),
) -> Result<Derived, Failure> {
    let Order { model, supplied, now, extent } = order;
    if now.unix() < 0 {
        return Err(Failure::Refused(vec![refusals::before_the_schedule(now)]));
    }
    if now >= Timestamp::MAX {
        return Err(Failure::Refused(vec![refusals::behind_the_calendar(now)]));
    }
    let is_authority =
        |request: &&CertificateRequest| matches!(request.holder, Holder::Authority(_));
    let is_made =
        |request: &&CertificateRequest| is_authority(request) || extent.has(&request.holder);
    let nameless: Vec<_> = model.requests().filter(is_made).filter_map(refuse_nameless).collect();
    if !nameless.is_empty() {
        return Err(Failure::Refused(nameless));
    }
    let root = Root::of(seed);
    let derivation = model.derivation.clone().unwrap_or_default();
    let mut work = Work {
        model,
        now,
        root: &root,
        maker: CertificateMaker::default(),
        derivation: &derivation,
        inventory: Inventory::default(),
        authorities: signing_keys(supplied)?,
        beside: BTreeMap::new(),
        leaves: Keyring::default(),
    };
    for request in model.requests().filter(is_authority) {
        work.authority(request)?;
        on_step();
    }
    let is_wanted =
        |request: &&CertificateRequest| !is_authority(request) && extent.has(&request.holder);
    work.leaves(&model.requests().filter(is_wanted).collect::<Vec<_>>(), on_step)?;
    if extent == Extent::Valid {
        work.past()?;
    }
    let edges = work.revoke()?;
    let refused = refusals::revoked_now(model, &work.inventory, &derivation);
    if !refused.is_empty() {
        return Err(Failure::Refused(refused));
    }
    work.lists(&edges)?;
    Ok(Derived { inventory: work.inventory, keyring: work.leaves })
}

/// The keys of authorities that were supplied, so that they sign in the same way each time.
fn signing_keys(supplied: &Keyring) -> Result<BTreeMap<String, PrivateKey>, Failure> {
    let mut keys = BTreeMap::new();
    for (holder, key) in supplied.iter() {
        let Holder::Authority(name) = holder else { continue };
        let failed = |error: crate::pki::key::KeyError| {
            Failure::World(IssueError { holder: holder.clone(), cause: error.to_string() })
        };
        keys.insert(name.clone(), key.deterministic().map_err(failed)?);
    }
    Ok(keys)
}

/// What is there so far.
struct Work<'a> {
    model: &'a Model,
    now: Timestamp,
    root: &'a Root,
    maker: CertificateMaker,
    derivation: &'a Derivation,
    inventory: Inventory,
    /// Keys of the generations that sign, by the names of their authorities.
    authorities: BTreeMap<String, PrivateKey>,
    /// Keys of the generations beside them.
    beside: BTreeMap<SpkiHash, PrivateKey>,
    /// Keys of hosts and clients.
    leaves: Keyring,
}

impl<'a> Work<'a> {
    fn generation(&self, holder: &Holder) -> u32 {
        self.derivation.generation(holder)
    }

    /// Makes every generation of an authority that is trusted.
    fn authority(&mut self, request: &'a CertificateRequest) -> Result<(), Failure> {
        let holder = &request.holder;
        let window = schedule::window(self.model, request, self.now);
        let own = self.generation(holder);
        let mut generations = Generations::default();
        for generation in self.derivation.trusted(holder.name()) {
            let Made { certificate, key } = self.make(Occasion { request, generation, window })?;
            self.enter(holder, &request.issuer, window, &certificate);
            let Some(key) = key else { continue };
            let held = self.held(request, certificate.clone(), true);
            if generation == own {
                self.authorities.insert(holder.name().to_owned(), key);
                self.inventory.held.insert(holder.clone(), held);
                continue;
            }
            self.beside.insert(certificate.spki_hash, key);
            if generation > own {
                generations.next = Some(held);
            } else {
                generations.retiring.insert(certificate.serial.clone(), held);
            }
        }
        self.enter_other_keys(request, window)?;
        if generations != Generations::default() {
            self.inventory.generations.insert(holder.name().to_owned(), generations);
        }
        Ok(())
    }

    /// Enters the keys of generations of an authority that are not trusted, the next one included: what trusts them is from
    /// this seed all the same.
    fn enter_other_keys(
        &mut self,
        request: &'a CertificateRequest,
        window: schedule::Window,
    ) -> Result<(), Failure> {
        let holder = &request.holder;
        let trusted = self.derivation.trusted(holder.name());
        let newest = self.generation(holder).max(self.newest_trusted(holder)).saturating_add(1);
        let oldest = newest.saturating_sub(OTHER_GENERATIONS).max(1);
        for generation in (oldest..=newest).filter(|generation| !trusted.contains(generation)) {
            let key = Occasion { request, generation, window }.private_key(self.root);
            let failed = |error: crate::pki::key::KeyError| {
                Failure::World(IssueError { holder: holder.clone(), cause: error.to_string() })
            };
            self.inventory.other_keys.insert(key.map_err(failed)?.public().spki_hash());
        }
        Ok(())
    }

    /// Makes the certificates of hosts and clients, on all processors.
    fn leaves(
        &mut self,
        requests: &[&'a CertificateRequest],
        on_step: &mut dyn FnMut(),
    ) -> Result<(), Failure> {
        let work = |request: &&CertificateRequest| {
            let window = schedule::window(self.model, request, self.now);
            let generation = self.generation(&request.holder);
            let Made { certificate, key } = self.make(Occasion { request, generation, window })?;
            Ok((self.held(request, certificate, key.is_some()), key))
        };
        let made: Vec<_> = parallel::counted(requests, work, on_step)?;
        for (request, (held, key)) in requests.iter().zip(made) {
            if let Some(key) = key {
                self.leaves.insert(request.holder.clone(), key);
            }
            self.inventory.held.insert(request.holder.clone(), held);
        }
        Ok(())
    }

    /// Makes a certificate, signed by the generation of its issuer that signs.
    fn make(&self, occasion: Occasion<'_>) -> Result<Made, Failure> {
        let request = occasion.request;
        let failed = |cause| Failure::World(IssueError { holder: request.holder.clone(), cause });
        let made = match &request.issuer {
            Issuer::SelfSigned => occasion.make(self.root, &self.maker, None),
            Issuer::Authority(name) => match self.signer(name) {
                Some(authority) => occasion.make(self.root, &self.maker, Some(&authority)),
                None => Err(format!("its issuer `{name}` is not available")),
            },
        };
        made.map_err(failed)
    }

    /// Enters in the ledger what holders may have shown before, and can show still.
    fn past(&mut self) -> Result<(), Failure> {
        let mut found = Vec::new();
        let model = self.model;
        for request in model.requests() {
            let holder = &request.holder;
            let newest = self.generation(holder).max(self.newest_trusted(holder));
            let current = self.inventory.held.get(holder).map(HeldCertificate::certificate);
            for window in schedule::live_windows(model, request, self.now).live {
                for generation in 1..=newest {
                    for made in self.by_each_signer(Occasion { request, generation, window })? {
                        if current != Some(&made.certificate) {
                            found.push((request, window, made.certificate));
                        }
                    }
                }
            }
        }
        let known: BTreeSet<_> =
            self.inventory.ledger.entries.iter().map(|entry| entry.fingerprint).collect();
        for (request, window, certificate) in found {
            if !known.contains(&certificate.fingerprint()) {
                self.enter(&request.holder, &request.issuer, window, &certificate);
            }
        }
        Ok(())
    }

    fn newest_trusted(&self, holder: &Holder) -> u32 {
        match holder {
            Holder::Authority(name) => self.derivation.trusted(name).into_iter().max().unwrap_or(1),
            Holder::Host(_) | Holder::Client(_) => 1,
        }
    }

    /// Makes a certificate once for each generation of its issuer that is trusted.
    fn by_each_signer(&self, occasion: Occasion<'_>) -> Result<Vec<Made>, Failure> {
        let Occasion { request, .. } = occasion;
        let made: Result<Vec<Made>, String> = match &request.issuer {
            Issuer::SelfSigned => {
                occasion.make(self.root, &self.maker, None).map(|made| vec![made])
            }
            Issuer::Authority(name) => self
                .signers(name)
                .iter()
                .map(|authority| occasion.make(self.root, &self.maker, Some(authority)))
                .collect(),
        };
        made.map_err(|cause| Failure::World(IssueError { holder: request.holder.clone(), cause }))
    }

    fn held(
        &self,
        request: &CertificateRequest,
        certificate: Certificate,
        has_key: bool,
    ) -> HeldCertificate {
        let above = chains::intermediates(self.model, &self.inventory, &request.issuer);
        let above = above.unwrap_or_default().into_iter().cloned();
        HeldCertificate { chain: std::iter::once(certificate).chain(above).collect(), has_key }
    }

    /// The generation of an authority that signs.
    fn signer(&self, name: &str) -> Option<Authority<'_>> {
        let certificate = match &self.model.authorities.get(name)?.source {
            AuthoritySource::Supplied(chain) => chain.first()?,
            AuthoritySource::Issued(request) => {
                self.inventory.held.get(&request.holder).map(HeldCertificate::certificate)?
            }
        };
        Some(Authority { certificate, key: self.authorities.get(name)? })
    }

    /// Every generation of an authority that is trusted, the one that signs first.
    fn signers(&self, name: &str) -> Vec<Authority<'_>> {
        let beside = self.inventory.trusted(name).into_iter().skip(1);
        let beside = beside.filter_map(|certificate| {
            Some(Authority { certificate, key: self.beside.get(&certificate.spki_hash)? })
        });
        self.signer(name).into_iter().chain(beside).collect()
    }
}
