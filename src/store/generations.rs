//! An authority while it is rolled over: what is stored beside the generation that signs.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{HeldCertificate, Inventory};
use crate::json::words;
use crate::pki::certificate::Certificate;
use crate::pki::request::{Holder, SerialNumber};

/// The generations of an authority beside the current one, which is the one that signs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generations {
    /// Introduced: trusted, and signs nothing yet.
    pub next: Option<HeldCertificate>,
    /// Has signed, is trusted still, and signs no certificate any more; by serial.
    pub retiring: BTreeMap<SerialNumber, HeldCertificate>,
}

/// How far the rollover of an authority has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// There is one generation.
    Settled,
    /// The next generation is trusted; the current one signs.
    Introduced,
    /// A new generation signs; older ones are trusted.
    Active,
}

words!(Phase::word {
    Settled => "settled",
    Introduced => "introduced",
    Active => "active",
});

impl Generations {
    /// How far the rollover has come. An introduction counts more than what is left of an earlier one.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self {
            Self { next: Some(_), .. } => Phase::Introduced,
            Self { next: None, retiring } if retiring.is_empty() => Phase::Settled,
            Self { .. } => Phase::Active,
        }
    }

    /// Those that retire, the youngest first.
    pub fn by_age(&self) -> impl Iterator<Item = &HeldCertificate> {
        let mut retiring: Vec<_> = self.retiring.iter().collect();
        retiring.sort_by_key(|(serial, held)| (Reverse(held.certificate().not_before), *serial));
        retiring.into_iter().map(|(_, held)| held)
    }
}

impl Inventory {
    /// Every certificate of authority `name` that is trusted: the current one, the next one, those that
    /// retire, the youngest first. Empty while it was never issued.
    pub fn trusted<'a>(&'a self, name: &str) -> Vec<&'a Certificate> {
        let Some(current) = self.held.get(&Holder::Authority(name.to_owned())) else {
            return Vec::new();
        };
        let others = self.generations.get(name).into_iter();
        let others = others.flat_map(|all| all.next.iter().chain(all.by_age()));
        std::iter::once(current).chain(others).map(HeldCertificate::certificate).collect()
    }

    /// Whether a certificate is that of a generation beside the current one of its authority.
    #[must_use]
    pub fn is_beside_current(&self, certificate: &Certificate) -> bool {
        let all = self.generations.values();
        let mut beside = all.flat_map(|all| all.next.iter().chain(all.retiring.values()));
        beside.any(|held| held.certificate() == certificate)
    }

    /// The generation of authority `name` that was introduced.
    #[must_use]
    pub fn next(&self, name: &str) -> Option<&HeldCertificate> {
        self.generations.get(name)?.next.as_ref()
    }
}
