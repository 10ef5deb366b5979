//! What the Secrets of a model hold, as a store: an inventory, and the keys behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::authorities::{self, issued};
use super::reading::{Secret, Secrets};
use super::{holders, revocation};
use crate::diagnostic::{Diagnostic, has_errors};
use crate::model::context::listed;
use crate::model::{Model, Reference, SecretContent};
use crate::parallel;
use crate::pki::certificate::Certificate;
use crate::pki::request::{Holder, Issuer};
use crate::plan::chains;
use crate::store::{HeldCertificate, Inventory, Keyring};

/// What the Secrets of a model hold.
#[derive(Debug)]
pub struct Existing {
    /// Every Secret, mtlsgen's or not.
    pub secrets: Arc<Secrets>,
    inventory: Inventory,
    /// In which Secrets the keys are.
    keys: BTreeMap<Holder, Reference>,
    warnings: Vec<Diagnostic>,
}

impl Existing {
    /// Finds the Secrets of `model` among `secrets`, and reads the public part of what they hold.
    ///
    /// # Errors
    /// What is damaged or contradicts itself, and authorities that would have to be made anew.
    pub fn of(model: &Model, secrets: Arc<Secrets>) -> Result<Self, Vec<Diagnostic>> {
        if secrets.count() == 0 && !model.secrets.is_empty() {
            return Err(vec![nothing()]);
        }
        let mut findings = Vec::new();
        let leaves = holders::read(model, &secrets, &mut findings);
        let bundles = authorities::bundles(model, &secrets, &mut findings);
        let mut inventory = Inventory::default();
        authorities::enter(model, &bundles, &leaves, &mut inventory, &mut findings);
        let mut keys = BTreeMap::new();
        for (holder, found) in leaves {
            keys.insert(holder.clone(), found.reference);
            inventory.held.insert(holder, HeldCertificate { chain: found.chain, has_key: true });
        }
        inventory.unseen = unseen(model, &inventory);
        revocation::enter(model, &secrets, &bundles, &mut inventory, &mut findings);
        findings.extend(revocation::shut_out(model, &inventory));
        if !has_errors(&findings) {
            findings.extend(missing(model, &secrets, &inventory));
        }
        drop(bundles);
        if has_errors(&findings) {
            return Err(findings);
        }
        Ok(Self { secrets, inventory, keys, warnings: findings })
    }

    /// Public facts, and warnings about them.
    #[must_use]
    pub fn inventory(&self) -> (Inventory, Vec<Diagnostic>) {
        (self.inventory.clone(), self.warnings.clone())
    }

    /// The private keys of those of `holders` who have one in a Secret.
    ///
    /// # Errors
    /// Keys that are missing, damaged, or belong to other certificates.
    pub fn keyring(&self, holders: &BTreeSet<Holder>) -> Result<Keyring, Vec<Diagnostic>> {
        let jobs: Vec<_> = holders
            .iter()
            .filter_map(|holder| {
                let reference = self.keys.get(holder)?;
                let held = self.inventory.held.get(holder)?;
                Some((holder, reference, self.secrets.get(reference)?, held.certificate()))
            })
            .collect();
        let work = |job: &(&Holder, &Reference, &Secret, &Certificate)| {
            let (holder, reference, secret, own) = *job;
            let key = holders::private_key(reference, secret, own).map_err(|error| vec![error])?;
            Ok((holder.clone(), key))
        };
        parallel::map(&jobs, work).map(Keyring::from_iter)
    }
}

/// kubectl prints an empty list where it may read nothing.
fn nothing() -> Diagnostic {
    let title = "`--existing` names no Secrets: certificates that exist would be reissued";
    Diagnostic::error("existing-empty", title)
        .help("check the output of `kubectl get secret`: without permission to read, it prints an empty list")
        .help("for the first render, leave `--existing` out: keys and certificates, those of authorities included, are then kept in the store")
}

/// Holders whose certificates are in no Secret: authorities outside every bundle, and clients without one.
fn unseen(model: &Model, inventory: &Inventory) -> BTreeSet<Holder> {
    let in_secrets: BTreeSet<&Holder> = model.key_pairs().collect();
    let holders = model.requests().map(|request| &request.holder);
    holders
        .filter(|holder| !inventory.held.contains_key(*holder) && !in_secrets.contains(holder))
        .cloned()
        .collect()
}

/// Authorities that bundles need and no Secret has. They cannot be issued here: their keys
/// would be lost.
fn missing(model: &Model, secrets: &Secrets, inventory: &Inventory) -> Vec<Diagnostic> {
    let is_missing = |name: &&String| {
        issued(model, name).is_some_and(|request| !inventory.held.contains_key(&request.holder))
    };
    let mut found = Vec::new();
    for (name, authority) in model.authorities.iter().filter(|(name, _)| is_missing(name)) {
        let trusts = |listed: &[String]| {
            listed.iter().any(|listed| model.lineage.is_at_or_below(listed, &authority.name))
        };
        let bundle = model.secrets.iter().find(|secret| match &secret.content {
            SecretContent::TrustBundle(listed) => trusts(listed),
            SecretContent::KeyPair(_) => false,
        });
        found.extend(bundle.map(|bundle| unshown(name, &bundle.reference)));
    }
    found.extend(unserved(model, inventory));
    let any = |secret: &crate::model::Secret| {
        secrets.rendered(&secret.reference, model.name_suffix_hash).is_ok_and(|it| it.is_some())
    };
    if !found.is_empty() && !model.secrets.iter().any(any) {
        return vec![first_run(model, secrets)];
    }
    found
}

fn unshown(name: &str, bundle: &Reference) -> Diagnostic {
    let title = format!(
        "no Secret shows the certificate of authority `{name}`, which the Secret `{bundle}` is to trust: a new authority is not made here, as nothing would keep its key"
    );
    Diagnostic::error("existing-authority", title)
        .help("render where the folder of the store is, and apply that; or give all Secrets: `kubectl get secret -A -o yaml`")
}

/// Leaves whose intermediates nothing shows, so that their chains cannot be written.
fn unserved(model: &Model, inventory: &Inventory) -> Vec<Diagnostic> {
    let mut found = BTreeSet::new();
    for holder in model.key_pairs() {
        let Some(request) = model.request(holder) else { continue };
        let is_broken = inventory.held.contains_key(holder)
            && chains::intermediates(model, inventory, &request.issuer).is_none();
        if let Issuer::Authority(name) = &request.issuer
            && is_broken
        {
            found.insert(format!(
                "no Secret shows an intermediate authority above {holder}, which `{name}` signs: its chain would be broken"
            ));
        }
    }
    let diagnostic = |title| {
        Diagnostic::error("existing-authority", title)
            .help("render where the folder of the store is, and apply that")
    };
    found.into_iter().map(diagnostic).collect()
}

/// Nothing of the spec is in the cluster yet.
fn first_run(model: &Model, secrets: &Secrets) -> Diagnostic {
    let names: Vec<String> =
        model.secrets.iter().map(|secret| secret.reference.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let title = format!(
        "none of the Secrets of this spec is among the {} that `--existing` names: {}",
        secrets.count(),
        listed(&names)
    );
    Diagnostic::error("existing-first", title)
        .help("if this is the first render, leave `--existing` out: authorities are made in a folder, which keeps their keys")
        .help("if it is not, give the Secrets of all namespaces: `kubectl get secret -A -o yaml`")
}
