//! Hosts that request certificates, and the clients that they admit by their validation.

use crate::enforcement::{ClientValidation, Presented, Revocation, fault};
use crate::model::Exposure;
use crate::pki::certificate::Certificate;
use crate::time::{Seconds, Timestamp};

/// The hosts of a model that ask for certificates, in its order.
#[derive(Debug, Default)]
pub struct Doors<'a> {
    doors: Vec<Door<'a>>,
    /// How they validate certificates; thousands of hosts share a few.
    validations: Vec<ClientValidation>,
}

/// A host that asks for certificates.
#[derive(Clone, Copy, Debug)]
pub struct Door<'a> {
    /// The host.
    pub exposure: &'a Exposure,
    /// How it validates them: what [`Doors::add_validation`] gave.
    pub validation: usize,
    /// The only subjects that are admitted, as RFC 2253 prints them; `None`: all.
    pub subjects: Option<&'a [String]>,
}

impl<'a> Doors<'a> {
    /// Adds a way of validation, for doors that have it.
    pub fn add_validation(&mut self, validation: ClientValidation) -> usize {
        self.validations.push(validation);
        self.validations.len() - 1
    }

    /// Adds a host.
    pub fn add(&mut self, door: Door<'a>) {
        self.doors.push(door);
    }

    /// Whether a host has a list of clients: otherwise, subjects decide nothing.
    #[must_use]
    pub fn ask_for_subjects(&self) -> bool {
        self.doors.iter().any(|door| door.subjects.is_some())
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Door<'a>> {
        self.doors.iter()
    }

    /// Of each way of validation, what is asked of it with the certificates that it is done with; `false` where those are
    /// not known.
    #[must_use]
    pub fn ask(&self, of: impl Fn(&ClientValidation, &[Certificate]) -> bool) -> Vec<bool> {
        let ask = |validation: &ClientValidation| {
            validation.certificates.known().is_some_and(|certificates| of(validation, certificates))
        };
        self.validations.iter().map(ask).collect()
    }

    /// The ways of validation.
    pub fn validations(&self) -> impl Iterator<Item = &ClientValidation> {
        self.validations.iter()
    }

    /// As [`Doors::ask`], where all of them are passed.
    #[must_use]
    pub fn all(&self) -> Vec<bool> {
        vec![true; self.validations.len()]
    }

    /// The hosts whose validation is passed, and that have this subject on their list if they have one.
    pub fn behind<'b>(
        &'b self,
        passed: &'b [bool],
        subject: &'b str,
    ) -> impl Iterator<Item = &'a Exposure> + 'b {
        let admits = |door: &&Door<'_>| passed[door.validation] && door.has(subject);
        self.doors.iter().filter(admits).map(|door| door.exposure)
    }

    /// The hosts that take the certificate of a client with the chain that it shows, as long as that is valid. Those
    /// whose trust bundle is not known are not among them.
    #[must_use]
    pub fn reached(&self, chain: &[Certificate], now: Timestamp) -> Vec<&'a Exposure> {
        let Some(leaf) = chain.first() else { return Vec::new() };
        let shows = Presented::Chain(chain.to_vec());
        let now = now.min(leaf.not_after.before(Seconds(1))).max(leaf.not_before);
        let passed = self.ask(|validation, certificates| {
            let revocation = validation.revocation.known().unwrap_or(&Revocation::None);
            fault(&shows, validation, certificates, revocation, now).is_none()
        });
        self.behind(&passed, &leaf.subject.rfc2253()).collect()
    }

    /// Keys of the hosts whose admitted clients are not known, because of what their spec allows.
    #[must_use]
    pub fn unknown(&self) -> Vec<&'a str> {
        let unknown = self.doors.iter().filter(|door| door.exposure.is_unknown());
        unknown.map(|door| door.exposure.key.as_str()).collect()
    }
}

impl<'b, 'a> IntoIterator for &'b Doors<'a> {
    type Item = &'b Door<'a>;
    type IntoIter = std::slice::Iter<'b, Door<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Door<'_> {
    /// Whether that subject is on its list, or it has none.
    #[must_use]
    pub fn has(&self, subject: &str) -> bool {
        self.subjects.is_none_or(|all| all.iter().any(|one| one == subject))
    }
}
