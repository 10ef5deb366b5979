//! `mtlsgen cert show`: the contents of a certificate, in plain words.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{choice, holder, password};
use crate::cli::existing_arguments::ExistingArguments;
use crate::cli::format::{Format, FormatArgument};
use crate::cli::globals::{Globals, MessageFormat};
use crate::cli::report::{
    CommandError, ExitStatus, Report, print_json, show, standard_output_colour,
};
use crate::cli::session::{Session, Source};
use crate::cli::spec_arguments::SpecArguments;
use crate::derive::Extent;
use crate::diagnostic::{Diagnostic, Nature};
use crate::inspect::reading::Reading;
use crate::inspect::{self, Content, Item, KeyFacts, Origin, ReadError, human, json};
use crate::io::foreign;
use crate::io::input;
use crate::io::input_error::InputError;
use crate::io::store::{Store, StoreError};
use crate::model::{self, AuthoritySource, Model};
use crate::pki::certificate::Certificate;
use crate::pki::chain;
use crate::pki::request::Holder;
use crate::specification::StoreKind;
use crate::store::{Inventory, Keyring};
use crate::time::Timestamp;

/// Show what certificates, revocation lists and PKCS#12 files say, and what is wrong with them
///
/// Reads PEM, DER, PKCS#12 and Kubernetes Secrets (YAML or JSON, lists of them too). Draws the chains, roots on top.
/// Private keys are only named, with their kind and whether they belong to a certificate. Several files are judged
/// together: a chain may be spread over them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// File or folder, `-` for standard input, the name of a holder in the store (`alice`, `clients/alice`, `hosts/NAME`, `cas/NAME`), or a
    /// serial number, hexadecimal or decimal
    ///
    /// Of a folder, files are read at all depths; those that hold nothing to be shown are passed over. A serial number is looked for in the
    /// ledgers of the store, which know what was replaced, too.
    #[arg(required = true, value_name = "FILE|DIR|NAME|SERIAL|-")]
    targets: Vec<PathBuf>,
    #[command(flatten)]
    format: FormatArgument,
    /// Exit with status 1 if anything is wrong (errors and warnings, not notices)
    #[arg(long)]
    check: bool,
    /// File whose first line is the password of PKCS#12 files and encrypted keys, `-` for standard input
    ///
    /// Without it, the environment variable `MTLSGEN_PKCS12_PASSWORD`; without that, a terminal is asked for those of PKCS#12 files.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    existing: ExistingArguments,
    #[command(flatten)]
    spec: SpecArguments,
}

/// What was found for the arguments, and what the store knows besides.
#[derive(Default)]
struct Found {
    items: Vec<Item>,
    known: Vec<Certificate>,
    /// What cannot be shown, which hides nothing else.
    unreadable: Vec<Diagnostic>,
    /// Secrets in the place of the store's folder.
    existing: Option<(Model, Source)>,
}

/// Shows.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let now = args.spec.now()?;
    refuse_standard_input_twice(args)?;
    let mut found = Found { existing: existing(args, now)?, ..Found::default() };
    let passwords = password::Given::of(args.password_file.as_deref());
    for target in &args.targets {
        match found.add(target, args, (now, &passwords), globals.report()) {
            Err(error) if args.targets.len() == 1 => return Err(error),
            Err(error) => found.unreadable.extend_from_slice(error.diagnostics()),
            Ok(()) => {}
        }
    }
    if found.items.is_empty() {
        return Err(CommandError::Input(found.unreadable));
    }
    let inspection = inspect::examine(found.items, found.known, now);
    let colour = standard_output_colour(globals);
    match args.format.format {
        Format::Text => show(&human::render(&inspection, colour), colour)?,
        Format::Json => print_json(&json::Shown::of(&inspection))?,
    }
    if !found.unreadable.is_empty() {
        return Err(CommandError::Input(found.unreadable));
    }
    let is_wrong = args.check && inspection.has_findings();
    Ok(if is_wrong { ExitStatus::Findings } else { ExitStatus::Done })
}

fn refuse_standard_input_twice(args: &Args) -> Result<(), CommandError> {
    let all = args.targets.iter().chain(&args.password_file).chain(&args.spec.files);
    let all = all.chain(args.existing.files());
    if all.filter(|path| is_standard_input(path)).count() > 1 {
        let what = InputError::StandardInputTwice;
        let hint = "let one of the arguments that are `-` be a file";
        return Err(CommandError::world("input", &what, Some(hint.to_owned())));
    }
    Ok(())
}

fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

impl Found {
    fn add(
        &mut self,
        target: &Path,
        args: &Args,
        (now, passwords): (Timestamp, &password::Given<'_>),
        report: Report,
    ) -> Result<(), CommandError> {
        let octets = if is_standard_input(target) {
            input::standard_input_bytes()?
        } else if input::is_there(target) {
            input::read_large(target)?
        } else {
            // A holder may be called as a folder is.
            return match self.add_holder(target, args, now) {
                Err(_) if target.is_dir() => self.add_folder(target, passwords, report),
                found => found,
            };
        };
        let name = if is_standard_input(target) {
            input::STANDARD_INPUT.to_owned()
        } else {
            target.display().to_string()
        };
        let Reading { items, damaged } = inspect::read(&name, &octets, passwords)
            .map_err(|error| CommandError::world("unreadable", &error.problem, error.help))?;
        self.items.extend(items);
        let error = |one: ReadError| Diagnostic::error("unreadable", one.problem);
        self.unreadable.extend(damaged.into_iter().map(error));
        Ok(())
    }

    /// A folder: all that its files hold; those that hold nothing to be shown are passed over with a notice.
    fn add_folder(
        &mut self,
        folder: &Path,
        passwords: &password::Given<'_>,
        report: Report,
    ) -> Result<(), CommandError> {
        let (before, mut passed_over) = (self.items.len(), Vec::new());
        foreign::read(folder, |file| {
            let read = file.content.as_ref().map_err(Clone::clone).and_then(|octets| {
                inspect::read(&file.name, octets, passwords).map_err(|error| error.problem)
            });
            match read {
                Ok(Reading { items, damaged }) => {
                    self.items.extend(items);
                    let notice = |one: ReadError| Diagnostic::notice("unreadable", one.problem);
                    passed_over.extend(damaged.into_iter().map(notice));
                }
                Err(problem) => passed_over.push(Diagnostic::notice("unreadable", problem)),
            }
        })?;
        if self.items.len() == before {
            let what = format!("the folder `{}` holds nothing that can be shown", folder.display());
            return Err(CommandError::world("unreadable", &what, None));
        }
        report.diagnostics(&passed_over);
        Ok(())
    }

    /// A serial number: each certificate that has it, in the ledgers of a store or among what it holds now.
    fn add_serial(&mut self, written: &str, entries: Vec<(Holder, Certificate)>) -> bool {
        let serials = choice::serials(written);
        let found = entries.into_iter().filter(|(_, one)| serials.contains(&one.serial));
        let items = found.map(|(holder, one)| {
            let origin = Origin { file: holder.full_name(), ..Origin::default() };
            Item { origin, content: Content::Certificate(Box::new(one)) }
        });
        let before = self.items.len();
        self.items.extend(items);
        self.items.len() > before
    }

    /// A name: its certificate and key in the store, and the authorities above it.
    fn add_holder(
        &mut self,
        target: &Path,
        args: &Args,
        now: Timestamp,
    ) -> Result<(), CommandError> {
        let name = target.display().to_string();
        if let Some((model, source)) = self.existing.take() {
            self.add_existing(target, &model, &source)?;
            self.existing = Some((model, source));
            return Ok(());
        }
        let session = silent(args, now).map_err(|error| without_spec(error, target))?;
        if !session.document.is_whole() {
            return Err(CommandError::Input(session.findings));
        }
        // Errors of the spec do not matter for what was issued.
        let has_supplied = model::supplied::has_certificates(&session.spec);
        let resolved = has_supplied.then(|| session.unjudged()?.at_any_time());
        let (model, wrong) = match resolved {
            Some(Ok(resolved)) => (Some(resolved.model), None),
            Some(Err(error)) => (None, Some(error)),
            None => (None, None),
        };
        if session.spec.store.kind == Some(StoreKind::Derived) {
            return self.add_derived(target, &session);
        }
        let store = session.store()?;
        let stored = store.holders_called(&name)?;
        let mut known: BTreeSet<Holder> = model.iter().flat_map(supplied).collect();
        known.extend(stored.iter().cloned());
        if holder::named(&name, &known)?.is_none() && self.add_ledger(&name, &store)? {
            return Ok(());
        }
        let holder = holder::find(&name, &known, || Ok(store.holders()?))
            // It may be one that the spec supplies, which failed.
            .map_err(|error| wrong.unwrap_or_else(|| no_file(error)))?;
        let mut wanted = store.authorities()?;
        if stored.contains(&holder) {
            wanted.insert(holder.clone());
        }
        let (inventory, _) = store.held(&wanted)?;
        if let Some(path) = inventory.lost.get(&holder) {
            return Err(StoreError::Missing { files: vec![(holder, path.clone())] }.into());
        }
        let key = inventory.held.get(&holder).filter(|held| held.has_key).map(|_| {
            match store.keyring(&inventory, &BTreeSet::from([holder.clone()])) {
                Ok(keyring) => key_facts(&keyring, &holder),
                Err(error) => Some(KeyFacts::Unknown(error.to_string())),
            }
        });
        self.add_chain(&holder, &inventory, model.as_ref(), key.flatten());
        Ok(())
    }

    /// A serial number in the ledgers of a store, with the authorities of now beside it.
    fn add_ledger(&mut self, written: &str, store: &Store) -> Result<bool, CommandError> {
        if choice::serials(written).is_empty() {
            return Ok(false);
        }
        let entries = store.ledger()?.entries.into_iter();
        let entries =
            entries.filter_map(|entry| Some((entry.holder.clone(), entry.parsed().ok()?)));
        let is_found = self.add_serial(written, entries.collect());
        if is_found {
            let (inventory, _) = store.held(&store.authorities()?)?;
            self.known.extend(inventory.held.into_values().flat_map(|held| held.chain));
        }
        Ok(is_found)
    }

    /// A name: its certificate and key in Secrets, and the authorities above it.
    fn add_existing(
        &mut self,
        target: &Path,
        model: &Model,
        source: &Source,
    ) -> Result<(), CommandError> {
        let name = target.display().to_string();
        let (inventory, _) = source.held(&BTreeSet::new())?;
        let known = inventory.held.keys().cloned().chain(supplied(model)).collect();
        if holder::named(&name, &known)?.is_none() && self.add_serial(&name, shown(&inventory)) {
            return Ok(());
        }
        let holder = holder::find(&name, &known, || Ok(BTreeSet::new())).map_err(no_file)?;
        let key = match source.keyring(&inventory, &BTreeSet::from([holder.clone()])) {
            Ok(keyring) => key_facts(&keyring, &holder),
            Err(error) => {
                let title = error.diagnostics().first().map(|found| found.title.clone());
                title.map(KeyFacts::Unknown)
            }
        };
        self.add_chain(&holder, &inventory, Some(model), key);
        Ok(())
    }

    /// A name, where nothing is stored: what the spec and the seed give.
    fn add_derived(&mut self, target: &Path, session: &Session) -> Result<(), CommandError> {
        let resolved = session.unjudged()?.at_any_time()?;
        let model = &resolved.model;
        let issued = model.requests().map(|request| request.holder.clone());
        let known = issued.chain(supplied(model)).collect();
        let holder = holder::find(&target.display().to_string(), &known, || Ok(BTreeSet::new()))
            .map_err(no_file)?;
        let only = BTreeSet::from([holder.clone()]);
        let source = session.source(&resolved, Extent::Of(&only))?;
        let (inventory, _) = source.held(&only)?;
        let key = key_facts(&source.keyring(&inventory, &only)?, &holder);
        self.add_chain(&holder, &inventory, Some(model), key);
        Ok(())
    }

    fn add_chain(
        &mut self,
        holder: &Holder,
        inventory: &Inventory,
        model: Option<&Model>,
        key: Option<KeyFacts>,
    ) {
        let origin = Origin { file: holder.full_name(), ..Origin::default() };
        let chain = match inventory.held.get(holder) {
            Some(held) => held.chain.clone(),
            None => model.and_then(|model| supplied_chain(model, holder)).unwrap_or_default(),
        };
        let mut pool: Vec<Certificate> =
            inventory.held.values().flat_map(|held| held.chain.iter().cloned()).collect();
        let authorities = model.iter().flat_map(|model| model.authorities.keys());
        for name in authorities {
            let supplied =
                model.and_then(|model| supplied_chain(model, &Holder::Authority(name.clone())));
            pool.extend(supplied.into_iter().flatten());
        }
        self.known.extend(chain.iter().flat_map(|one| chain::order(one, &pool).certificates));
        let item = |content| Item { origin: origin.clone(), content };
        self.items.extend(chain.into_iter().map(|one| item(Content::Certificate(Box::new(one)))));
        self.items.extend(key.map(|facts| item(Content::Key(facts))));
    }
}

/// The certificates that holders show.
fn shown(inventory: &Inventory) -> Vec<(Holder, Certificate)> {
    let held = inventory.held.iter();
    held.map(|(holder, held)| (holder.clone(), held.certificate().clone())).collect()
}

/// What the arguments say of a spec, which says nothing of itself.
fn silent(args: &Args, now: Timestamp) -> Result<Session, CommandError> {
    let mut session = Session::open(&args.spec, silence())?;
    session.now = now;
    Ok(session)
}

fn silence() -> Report {
    Report::new(true, MessageFormat::Text, false)
}

/// Secrets in the place of the store's folder, where the arguments name any.
fn existing(args: &Args, now: Timestamp) -> Result<Option<(Model, Source)>, CommandError> {
    let Some(secrets) = args.existing.read(&args.spec, silence())? else { return Ok(None) };
    let session = silent(args, now)?;
    let resolved = session.unjudged()?.at_any_time()?;
    let source = session.beside(Some(secrets)).source(&resolved, Extent::Current)?;
    Ok(Some((resolved.model, source)))
}

fn key_facts(keyring: &Keyring, holder: &Holder) -> Option<KeyFacts> {
    let key = keyring.get(holder)?;
    Some(KeyFacts::Known { kind: key.description(), spki_hash: key.spki_hash() })
}

/// Holders whose certificates were supplied.
fn supplied(model: &Model) -> impl Iterator<Item = Holder> {
    let authorities = model.authorities.values().filter_map(|authority| match authority.source {
        AuthoritySource::Supplied(_) => Some(Holder::Authority(authority.name.clone())),
        AuthoritySource::Issued(_) => None,
    });
    model.supplied.keys().cloned().chain(authorities)
}

fn supplied_chain(model: &Model, holder: &Holder) -> Option<Vec<Certificate>> {
    if let Holder::Authority(name) = holder {
        return match &model.authorities.get(name)?.source {
            AuthoritySource::Supplied(chain) => Some(chain.clone()),
            AuthoritySource::Issued(_) => None,
        };
    }
    model.supplied.get(holder).cloned()
}

/// Without a spec, a name can only be a file.
fn without_spec(error: CommandError, target: &Path) -> CommandError {
    let is_missing =
        error.diagnostics().iter().any(|diagnostic| diagnostic.nature == Nature::Unread);
    if !is_missing {
        return error;
    }
    let what =
        format!("there is no file `{}`, and no spec with a holder of that name", target.display());
    let hint = "check the path; or name the spec with `-f`, to look for the holder in its store";
    CommandError::world("input", &what, Some(hint.to_owned()))
}

/// The name may be a file.
fn no_file(error: CommandError) -> CommandError {
    let CommandError::Input(mut diagnostics) = error else { return error };
    for diagnostic in diagnostics.iter_mut().filter(|found| found.nature == Nature::NoHolder) {
        diagnostic.title = format!("there is no such file, and {}", diagnostic.title);
    }
    CommandError::Input(diagnostics)
}
