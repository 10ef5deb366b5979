//! Certificate, chain and key of a holder, from the store or supplied.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{file_name, refused};
use crate::access::present::Present;
use crate::cli::cert::holder;
use crate::cli::existing_arguments::ExistingArguments;
use crate::cli::report::{CommandError, Report};
use crate::cli::session::{Session, Source};
use crate::cli::spec_arguments::SpecArguments;
use crate::derive::Extent;
use crate::diagnostic::Diagnostic;
use crate::io::store::{Store, StoreError};
use crate::model::{AuthoritySource, Exposure, Model};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::request::{Holder, Issuer};
use crate::plan::chains;
use crate::store::{Inventory, Keyring};
use crate::targets;
use crate::time::Timestamp;

/// What can be handed out.
pub struct Credential {
    /// Whose it is.
    pub holder: Holder,
    /// The certificate, then its intermediates.
    pub chain: Vec<Certificate>,
    /// The root above them, if it is known.
    root: Option<Certificate>,
    /// The key, if it is at hand.
    keyring: Keyring,
    /// What the spec means.
    pub model: Model,
    /// Authorities of the spec, as far as they are there.
    inventory: Inventory,
    now: Timestamp,
    /// Where it comes from.
    source: Source,
}

impl Credential {
    /// The certificate and its issuers.
    pub fn certificates(&self, with_root: bool) -> Vec<&Certificate> {
        // An authority's chain is what others trust: it has its root already.
        let root = self.root.iter().filter(|root| with_root && !self.chain.contains(root));
        self.chain.iter().chain(root).collect()
    }

    /// The private key.
    ///
    /// # Errors
    /// It is not at hand, or is an authority's.
    pub fn key(&self) -> Result<&PrivateKey, CommandError> {
        if matches!(self.holder, Holder::Authority(_)) {
            let why = "the key of an authority is not exported: it signs any certificate";
            let hint = "use `--as pem-chain` for the certificates that verifiers trust";
            return Err(refused(&self.holder, why, hint));
        }
        self.keyring.require([&self.holder]).map_err(CommandError::Input)?;
        self.keyring.get(&self.holder).ok_or_else(|| {
            let (why, hint) = if self.is_by_request() {
                (
                    "its private key is its owner's, who sent a signing request",
                    "use `--as pem-chain` for the certificates, which the owner puts beside the key",
                )
            } else {
                (
                    "its private key is not in the store",
                    "run it where the key is; or use `--as pem-chain` for the certificates alone",
                )
            };
            refused(&self.holder, why, hint)
        })
    }

    /// Keys of the hosts that ask for a certificate and take that of the holder.
    ///
    /// # Errors
    /// The target cannot arrange what the spec asks for.
    pub fn reached(&self) -> Result<Vec<&Exposure>, CommandError> {
        let Self { model, inventory, chain, now, .. } = self;
        let arrangement = targets::arranged(model).map_err(CommandError::Input)?;
        let doors = arrangement.doors(model, &Present { model, inventory });
        let keys: BTreeSet<&str> =
            doors.reached(chain, *now).iter().map(|exposure| exposure.key.as_str()).collect();
        let is_reached = |exposure: &&Exposure| keys.contains(exposure.key.as_str());
        Ok(model.exposures.iter().filter(is_reached).collect())
    }

    /// Whether its owner made the key and sent a signing request.
    pub fn is_by_request(&self) -> bool {
        self.model.request(&self.holder).is_some_and(|request| request.public_key.is_some())
    }

    /// Whether files of holders lie in a store, where others can use them.
    pub fn has_files(&self) -> bool {
        matches!(self.source, Source::Folder(_))
    }

    /// Path of the key file of the holder, as [`Credential::path`].
    ///
    /// # Errors
    /// There are two.
    pub fn key_path(&self) -> Result<Option<PathBuf>, CommandError> {
        match &self.source {
            Source::Folder(store) => Ok(Some(store.key_path(&self.holder)?)),
            _ => Ok(self.path(&self.holder, "tls.key")),
        }
    }

    /// Folder of the holder in the store, where what is handed out stays out of Git; `None` if there is none.
    ///
    /// # Errors
    /// The store is damaged or cannot be written.
    pub fn folder(&self) -> Result<Option<PathBuf>, CommandError> {
        match &self.source {
            Source::Folder(store) => Ok(store.folder_beside(&self.holder)?),
            _ => Ok(None),
        }
    }

    /// Path of a file of `holder`, `tls.crt` or `tls.key`: in the folder of the store; of a derived one, that of a file
    /// which an export makes in the working directory; of Secrets, none.
    pub fn path(&self, holder: &Holder, file: &str) -> Option<PathBuf> {
        match &self.source {
            Source::Folder(store) => Some(store.path_of(holder, file)),
            Source::Derived(_) => {
                Some(PathBuf::from(file_name(holder, file.trim_start_matches("tls."))))
            }
            Source::Existing(_) => None,
        }
    }
}

/// Finds the holder and reads what belongs to it; its key too, if it is wanted and in the store.
///
/// # Errors
/// The spec or the store cannot be read, there is no such holder, or nothing was issued yet.
pub fn load(
    name: &str,
    arguments: &SpecArguments,
    existing: &ExistingArguments,
    with_key: bool,
    report: Report,
) -> Result<Credential, CommandError> {
    let session = Session::open(arguments, report)?;
    let now = session.now;
    let existing = existing.read(arguments, report)?;
    // Secrets that are managed elsewhere do not matter for an export.
    let resolved = session.unjudged()?.at_any_time()?;
    let has_folder = existing.is_none() && resolved.model.derivation.is_none();
    let store = has_folder.then(|| session.store()).transpose()?;
    let holder = find(name, store.as_ref(), &resolved.model)?;
    let only = BTreeSet::from([holder.clone()]);
    let source = session.beside(existing).source(&resolved, Extent::Of(&only))?;
    let model = resolved.model;
    let authorities = model.requests().map(|request| &request.holder);
    let mut wanted: BTreeSet<Holder> =
        authorities.filter(|holder| matches!(holder, Holder::Authority(_))).cloned().collect();
    wanted.insert(holder.clone());
    let (inventory, warnings) = source.held(&wanted)?;
    report.diagnostics(&warnings);
    if let Some(path) = inventory.lost.get(&holder) {
        return Err(StoreError::Missing { files: vec![(holder, path.clone())] }.into());
    }
    let Some(chain) = chain(&model, &inventory, &holder) else {
        if inventory.unseen.contains(&holder) {
            let hint = "leave `--existing` out where the store is";
            return Err(refused(&holder, "its certificate is in no Secret", hint));
        }
        let hint = "run `mtlsgen render`, which issues what is missing";
        return Err(refused(&holder, "it has no certificate yet", hint));
    };
    let own = inventory.held.get(&holder).filter(|held| held.has_key && with_key);
    let keyring = match own.filter(|_| !matches!(holder, Holder::Authority(_))) {
        Some(_) => source.keyring(&inventory, &only)?,
        None => resolved.keyring,
    };
    report_validity(&chain[0], &holder, now, report);
    let root = root(&model, &inventory, &holder);
    Ok(Credential { holder, chain, root, keyring, model, inventory, now, source })
}

/// The holder named `name`, of all whose certificate was issued, will be, or was supplied.
fn find(name: &str, store: Option<&Store>, model: &Model) -> Result<Holder, CommandError> {
    let mut known: BTreeSet<Holder> =
        model.requests().map(|request| request.holder.clone()).collect();
    known.extend(model.supplied.keys().cloned());
    known.extend(model.authorities.keys().cloned().map(Holder::Authority));
    let Some(store) = store else { return holder::find(name, &known, || Ok(BTreeSet::new())) };
    known.extend(store.holders_called(name)?);
    holder::find(name, &known, || Ok(store.holders()?))
}

/// The certificate and its intermediates, of an authority up to its root.
fn chain(model: &Model, inventory: &Inventory, holder: &Holder) -> Option<Vec<Certificate>> {
    let current = match holder {
        Holder::Authority(name) => chains::authority(model, inventory, name),
        _ => chains::served(model, inventory, holder),
    };
    // Who is not in the spec any more has what was issued last.
    let held = || inventory.held.get(holder).map(|held| held.chain.clone());
    current.map(|chain| chain.into_iter().cloned().collect()).or_else(held)
}

fn root(model: &Model, inventory: &Inventory, holder: &Holder) -> Option<Certificate> {
    let Issuer::Authority(name) = &model.request(holder)?.issuer else { return None };
    chains::authority(model, inventory, name)?.last().map(|root| (*root).clone())
}

fn report_validity(certificate: &Certificate, holder: &Holder, now: Timestamp, report: Report) {
    let (title, help) = if now > certificate.not_after {
        let title = format!("the certificate of {holder} expired at {}", certificate.not_after);
        (title, "run `mtlsgen render`, which renews what is due".to_owned())
    } else if now < certificate.not_before {
        let begins = certificate.not_before;
        let title =
            format!("the certificate of {holder} is valid from {begins} on; it is {now} now");
        // `render` keeps what a clock that was ahead made.
        let command = Holder::command("cert renew", [holder]);
        (title, format!("check the clock; if it is right, {command} reissues it"))
    } else {
        return;
    };
    report.diagnostics(&[Diagnostic::warning("not-valid", title).help(help)]);
}

/// The holder of the root above a server's certificate: an authority, or itself.
pub fn server_root(model: &Model, holder: &Holder) -> Option<Holder> {
    match &model.request(holder)?.issuer {
        Issuer::SelfSigned => Some(holder.clone()),
        Issuer::Authority(name) => issued_root(model, name).map(Holder::Authority),
    }
}

/// The root above an authority, if it is ours.
fn issued_root(model: &Model, name: &str) -> Option<String> {
    let mut current = name;
    for _ in 0..=model.authorities.len() {
        let AuthoritySource::Issued(request) = &model.authorities.get(current)?.source else {
            return None;
        };
        match &request.issuer {
            Issuer::SelfSigned => return Some(current.to_owned()),
            Issuer::Authority(issuer) => current = issuer,
        }
    }
    None
}
