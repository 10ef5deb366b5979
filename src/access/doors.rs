//! Hosts that request certificates, and the clients that they admit by their validation.

use std::sync::Arc;

use crate::enforcement::{ClientValidation, Pins, Presented, Revocation, fault};
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
#[derive(Clone, Debug)]
pub struct Door<'a> {
    /// The host.
    pub exposure: &'a Exposure,
    /// How it validates them: what [`Doors::add_validation`] gave.
    pub validation: usize,
    /// The only subjects that are admitted, as RFC 2253 prints them; `None`: all.
    pub subjects: Option<&'a [String]>,
    /// What a client's certificate has to have beside that, where there is a list of names or hashes.
    pub pins: Option<Arc<Pins>>,
}

/// What decides whether a client with a valid certificate is on a list.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// Its subject, as RFC 2253 prints it.
    pub subject: &'a str,
    /// The certificate; `None`: it cannot be read, and every list of names or hashes may have it.
    pub certificate: Option<&'a Certificate>,
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

    /// Whether a host has a list of subjects: otherwise, they decide nothing.
    #[must_use]
    pub fn ask_for_subjects(&self) -> bool {
        self.doors.iter().any(|door| door.subjects.is_some())
    }

    /// Whether a host has a list of names or hashes: otherwise, no certificate differs from another one of its signer.
    #[must_use]
    pub fn ask_for_pins(&self) -> bool {
        self.doors.iter().any(|door| door.pins.is_some())
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

    /// The hosts whose validation is passed, and that have this client on their list if they have one.
    pub fn behind<'b>(
        &'b self,
        passed: &'b [bool],
        client: Listed<'b>,
    ) -> impl Iterator<Item = &'a Exposure> + 'b {
        let admits = move |door: &&Door<'_>| passed[door.validation] && door.has(client);
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
        let subject = leaf.subject.rfc2253();
        self.behind(&passed, Listed { subject: &subject, certificate: Some(leaf) }).collect()
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
    /// Whether that client is on its list, or it has none.
    #[must_use]
    pub fn has(&self, client: Listed<'_>) -> bool {
        // A list whose clients have no certificates admits no one.
        let has_pins = |pins: &Arc<Pins>| {
            !pins.is_empty() && client.certificate.is_none_or(|one| pins.fit(one))
        };
        self.subjects.is_none_or(|all| all.iter().any(|one| one == client.subject))
            && self.pins.as_ref().is_none_or(has_pins)
    }
}
