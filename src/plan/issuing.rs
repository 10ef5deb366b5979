//! Carries a plan out: keys, serials and signatures; nothing is written yet.

use std::collections::BTreeMap;
use std::fmt;

use super::chains;
use super::listing::ListAction;
use super::planning::{Action, IssuancePlan};
use super::reason::Reason;
use crate::model::Model;
use crate::parallel;
use crate::pki::certificate::Certificate;
use crate::pki::crl::RevocationList;
use crate::pki::issue::{self, CertificateMaker, Entropy, Signer};
use crate::pki::key::{PrivateKey, PublicKey, SpkiHash};
use crate::pki::request::{CertificateRequest, Holder, Issuer, SerialNumber};
use crate::store::{HeldCertificate, Inventory, Issued, IssuedCertificate, Keyring};

/// Why a certificate could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueError {
    /// Whose certificate.
    pub holder: Holder,
    /// What went wrong.
    pub cause: String,
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot issue for {}: {}", self.holder, self.cause)
    }
}

impl std::error::Error for IssueError {}

impl IssuancePlan {
    /// The holders whose keys the plan needs from the store: of [`IssuancePlan::keys_used`], those whose keys no file
    /// of the spec holds.
    #[must_use]
    pub fn keys_needed(&self, model: &Model) -> Vec<Holder> {
        let mut holders = self.keys_used();
        holders.retain(|holder| model.request(holder).is_some());
        holders
    }

    /// The holders whose keys the plan needs: issuers that exist already, signers of revocation lists,
    /// and those who keep their keys.
    #[must_use]
    pub fn keys_used(&self) -> Vec<Holder> {
        let made_now: Vec<&Holder> = self
            .actions
            .iter()
            .filter(|action| !action.keeps_key)
            .map(|action| &action.request.holder)
            .collect();
        let issuers = self.actions.iter().filter_map(|action| match &action.request.issuer {
            Issuer::Authority(name) => Some(Holder::Authority(name.clone())),
            Issuer::SelfSigned => None,
        });
        let own = self
            .actions
            .iter()
            .filter(|action| action.keeps_key)
            .map(|action| action.request.holder.clone());
        let by_current = self.lists.iter().filter(|list| list.generation.is_none());
        let lists = by_current.map(|list| Holder::Authority(list.authority.clone()));
        let mut holders: Vec<Holder> = issuers.chain(own).chain(lists).collect();
        holders.sort();
        holders.dedup();
        holders.retain(|holder| !made_now.contains(&holder));
        holders
    }

    /// The generations beside the current ones whose keys the plan needs, by authority and key.
    pub fn generations_needed(&self) -> impl Iterator<Item = (&str, SpkiHash)> {
        self.lists.iter().filter_map(|list| Some((list.authority.as_str(), list.generation?)))
    }
}

/// Makes every certificate of the plan. `keyring` holds the keys of [`IssuancePlan::keys_needed`]
/// and those that were supplied. `on_step` is called for each certificate that is made; leaves
/// are made on all processors, and keep the plan's order.
///
/// # Errors
///
/// If a key is missing or does not sign; nothing was changed.
pub fn issue(
    plan: &IssuancePlan,
    model: &Model,
    inventory: &Inventory,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    on_step: &mut dyn FnMut(),
) -> Result<Issued, IssueError> {
    let known = inventory.held.iter().filter(|(holder, _)| matches!(holder, Holder::Authority(_)));
    let mut workshop = Workshop {
        model,
        authorities: Inventory {
            held: known.map(|(holder, held)| (holder.clone(), held.clone())).collect(),
            ..Inventory::default()
        },
        keyring,
        maker: CertificateMaker::default(),
        made: BTreeMap::new(),
        issued: Issued::default(),
    };
    for run in plan.actions.chunk_by(|one, next| is_leaf(one) && is_leaf(next)) {
        // Nothing depends on a leaf, so leaves are made in parallel.
        let made = parallel::counted(run, |action| workshop.make(action, entropy), on_step)?;
        workshop.issued.certificates.reserve(made.len());
        for made in made {
            workshop.keep(made);
        }
    }
    for holder in &plan.stale_chains {
        let chain = workshop.refreshed(holder, inventory);
        workshop.issued.chains.extend(chain.map(|chain| (holder.clone(), chain)));
    }
    for action in &plan.lists {
        let list = workshop.list(action, inventory).map_err(|cause| IssueError {
            holder: Holder::Authority(action.authority.clone()),
            cause,
        })?;
        workshop.issued.lists.push((action.authority.clone(), list));
    }
    workshop.issued.revocations.clone_from(&plan.revocations);
    Ok(workshop.issued)
}

fn is_leaf(action: &Action) -> bool {
    !matches!(action.request.holder, Holder::Authority(_))
}

struct Workshop<'a> {
    model: &'a Model,
    /// The authorities as they are by now.
    authorities: Inventory,
    keyring: &'a Keyring,
    maker: CertificateMaker,
    /// Positions in `issued` of the authorities made in this run.
    made: BTreeMap<Holder, usize>,
    issued: Issued,
}

impl Workshop<'_> {
    fn make(
        &self,
        action: &Action,
        entropy: &dyn Entropy,
    ) -> Result<IssuedCertificate, IssueError> {
        let holder = &action.request.holder;
        let made = match &action.request.public_key {
            Some(key) => self.sign(action, entropy, key, None),
            None => self.with_private_key(action, entropy),
        };
        made.map_err(|cause| IssueError { holder: holder.clone(), cause })
    }

    /// For a holder whose key is ours: made now, or kept.
    fn with_private_key(
        &self,
        action: &Action,
        entropy: &dyn Entropy,
    ) -> Result<IssuedCertificate, String> {
        let request = &action.request;
        if action.keeps_key {
            let key = self.key(&request.holder)?;
            return self.sign(action, entropy, key.public(), Some(key));
        }
        let mut key = entropy.private_key(request).map_err(|error| error.to_string())?;
        let made = self.sign(action, entropy, key.public(), Some(&key))?;
        if is_leaf(action) {
            key.rest();
        }
        Ok(IssuedCertificate { key: Some(key), ..made })
    }

    /// Signs for `public_key`; `own_key` is its private one, where it is at hand.
    fn sign(
        &self,
        action: &Action,
        entropy: &dyn Entropy,
        public_key: &PublicKey,
        own_key: Option<&PrivateKey>,
    ) -> Result<IssuedCertificate, String> {
        let request = &action.request;
        let serial = serial(action, entropy);
        let (mut above, signing_key) = match &request.issuer {
            Issuer::SelfSigned => {
                (Vec::new(), own_key.ok_or("a key that only its owner has cannot sign here")?)
            }
            Issuer::Authority(name) => (
                chains::authority(self.model, &self.authorities, name).ok_or_else(|| {
                    format!("the certificate of its issuer `{name}` is not available")
                })?,
                self.key(&Holder::Authority(name.clone()))?,
            ),
        };
        let signer = Signer { certificate: above.first().copied(), key: signing_key };
        let (maker, validity) = (&self.maker, action.validity);
        let certificate = match self.key_id(&request.holder, public_key) {
            Some(id) => {
                maker.sign_with_key_id(request, &serial, validity, (public_key, id), &signer)
            }
            None => maker.sign(request, &serial, validity, public_key, &signer),
        };
        let certificate = certificate.map_err(|error| error.to_string())?;
        above.pop();
        let chain = std::iter::once(certificate).chain(above.into_iter().cloned()).collect();
        Ok(IssuedCertificate { request: request.clone(), chain, key: None })
    }

    /// The key identifier that an authority with this key has been known by.
    fn key_id(&self, holder: &Holder, key: &PublicKey) -> Option<Vec<u8>> {
        let own = self.authorities.held.get(holder).map(HeldCertificate::certificate)?;
        own.subject_key_id.clone().filter(|_| own.spki_hash == key.spki_hash())
    }

    /// Puts a certificate to the others; an authority can sign from now on.
    fn keep(&mut self, made: IssuedCertificate) {
        let holder = &made.request.holder;
        if matches!(holder, Holder::Authority(_)) {
            self.made.insert(holder.clone(), self.issued.certificates.len());
            let held = HeldCertificate { chain: made.chain.clone(), has_key: true };
            self.authorities.held.insert(holder.clone(), held);
        }
        self.issued.certificates.push(made);
    }

    /// A revocation list, signed by the key that the authority has by now.
    fn list(&self, action: &ListAction, inventory: &Inventory) -> Result<RevocationList, String> {
        let name = &action.authority;
        if let Some(hash) = &action.generation {
            let missing =
                |what: &str| format!("the {what} of an older generation is not available");
            let generations = inventory.trusted(name);
            let certificate = generations.into_iter().find(|one| one.spki_hash == *hash);
            let certificate = Some(certificate.ok_or_else(|| missing("certificate"))?);
            let key = self.keyring.of_generation(hash).ok_or_else(|| missing("private key"))?;
            let signer = Signer { certificate, key };
            return issue::sign_revocation_list(&action.draft, &signer)
                .map_err(|error| error.to_string());
        }
        let chain = chains::authority(self.model, &self.authorities, name);
        let certificate = chain.and_then(|chain| chain.first().copied());
        let certificate =
            certificate.ok_or_else(|| format!("the certificate of `{name}` is not available"))?;
        let key = self.key(&Holder::Authority(name.clone()))?;
        let signer = Signer { certificate: Some(certificate), key };
        issue::sign_revocation_list(&action.draft, &signer).map_err(|error| error.to_string())
    }

    /// The chain of a holder who keeps the certificate, with the intermediates of now.
    fn refreshed(&self, holder: &Holder, inventory: &Inventory) -> Option<Vec<Certificate>> {
        let own = inventory.held.get(holder).map(HeldCertificate::certificate)?;
        let issuer = &self.model.request(holder)?.issuer;
        let above = chains::intermediates(self.model, &self.authorities, issuer)?;
        Some(std::iter::once(own).chain(above).cloned().collect())
    }

    /// The key of `holder`: made in this run, stored, or supplied.
    fn key(&self, holder: &Holder) -> Result<&PrivateKey, String> {
        let made = self.made.get(holder).and_then(|at| self.issued.certificates[*at].key.as_ref());
        made.or_else(|| self.keyring.get(holder))
            .ok_or_else(|| format!("the private key of {holder} is not available"))
    }
}

/// A fixed serial serves the first issue; an issuer never gives one twice.
fn serial(action: &Action, entropy: &dyn Entropy) -> SerialNumber {
    let request: &CertificateRequest = &action.request;
    match (&action.reason, &request.serial) {
        (Reason::NeverIssued, Some(fixed)) => fixed.clone(),
        _ => entropy.serial(request),
    }
}
