//! `mtlsgen cert show`: what a certificate says, in words people understand.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::{holder, password};
use crate::cli::globals::{Globals, MessageFormat};
use crate::cli::phases::{self, Read};
use crate::cli::report::{CommandError, ExitStatus, Report, print, standard_output_colour};
use crate::cli::spec_arguments::SpecArguments;
use crate::derive::Extent;
use crate::inspect::{self, Content, Item, KeyFacts, Origin, human, json};
use crate::io::input;
use crate::io::input_error::InputError;
use crate::io::store::StoreError;
use crate::model::{self, AuthoritySource, Model};
use crate::pki::certificate::Certificate;
use crate::pki::chain;
use crate::pki::request::Holder;
use crate::plan::Inventory;
use crate::spec::StoreKind;
use crate::time::Timestamp;

/// Show what certificates, revocation lists and PKCS#12 files say, and what is wrong with them
///
/// Reads PEM, DER, PKCS#12 and Kubernetes Secrets (YAML or JSON, lists of them too). Draws who signed whom, roots on top.
/// Private keys are only named, with their kind and whether they belong to a certificate. Several files are judged
/// together: a chain may be spread over them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// File, `-` for standard input, or the name of a holder in the store: `alice`, `clients/alice`, `hosts/NAME`, `cas/NAME`
    #[arg(required = true, value_name = "FILE|NAME|-")]
    targets: Vec<PathBuf>,
    /// How to show it
    #[arg(long, default_value = "human")]
    format: Format,
    /// Exit with status 1 if anything is wrong (errors and warnings, not notices)
    #[arg(long)]
    check: bool,
    /// File whose first line is the password of PKCS#12 files, `-` for standard input
    ///
    /// Without it, the environment variable `MTLSGEN_PKCS12_PASSWORD`; without that, a terminal is asked.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    spec: SpecArguments,
}

/// How to show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// For programs
    Json,
}

/// What was found for the arguments, and what the store knows besides.
#[derive(Default)]
struct Found {
    items: Vec<Item>,
    known: Vec<Certificate>,
}

/// Shows.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let now = args.spec.now()?;
    refuse_standard_input_twice(args)?;
    let mut found = Found::default();
    for target in &args.targets {
        found.add(target, args, now)?;
    }
    let inspection = inspect::examine(found.items, found.known, now);
    print(match args.format {
        Format::Human => human::render(&inspection, standard_output_colour(globals)),
        Format::Json => json::render(&inspection),
    })?;
    let is_wrong = args.check && inspection.has_findings();
    Ok(if is_wrong { ExitStatus::Findings } else { ExitStatus::Done })
}

fn refuse_standard_input_twice(args: &Args) -> Result<(), CommandError> {
    let all = args.targets.iter().chain(&args.password_file).chain(&args.spec.files);
    if all.filter(|path| is_standard_input(path)).count() > 1 {
        return Err(InputError::StandardInputTwice.into());
    }
    Ok(())
}

fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

impl Found {
    fn add(&mut self, target: &Path, args: &Args, now: Timestamp) -> Result<(), CommandError> {
        let passwords = password::Given { file: args.password_file.as_deref() };
        let octets = if is_standard_input(target) {
            input::standard_input_bytes()?
        } else if input::is_there(target) {
            input::read_large(target)?
        } else {
            return self.add_holder(target, args, now);
        };
        let name = if is_standard_input(target) {
            input::STANDARD_INPUT.to_owned()
        } else {
            target.display().to_string()
        };
        let items = inspect::read(&name, &octets, &passwords)
            .map_err(|error| CommandError::world("unreadable", &error.problem, error.help))?;
        self.items.extend(items);
        Ok(())
    }

    /// A name: its certificate and key in the store, and the authorities above it.
    fn add_holder(
        &mut self,
        target: &Path,
        args: &Args,
        now: Timestamp,
    ) -> Result<(), CommandError> {
        let name = target.display().to_string();
        let read = phases::read(&args.spec).map_err(|error| without_spec(error, &name))?;
        if !read.document.is_whole() {
            return Err(CommandError::Input(read.findings));
        }
        // What is wrong with the spec does not matter to who looks at what was issued.
        let silent = Report::new(true, MessageFormat::Human, false);
        let has_brought = !model::brought::files(&read.document, &read.spec).is_empty();
        let resolved = has_brought.then(|| phases::resolve(&read, now, silent).ok()).flatten();
        let model = resolved.map(|resolved| resolved.model);
        if read.spec.store.kind == Some(StoreKind::Derived) {
            return self.add_derived(&name, &read, now);
        }
        let store = phases::store(&read, silent);
        let stored = store.holders()?;
        let known = stored.iter().cloned().chain(model.iter().flat_map(brought)).collect();
        let holder = holder::find(&name, &known).map_err(no_file)?;
        let is_authority = |holder: &&Holder| matches!(holder, Holder::Authority(_));
        let mut wanted: BTreeSet<Holder> = stored.iter().filter(is_authority).cloned().collect();
        if stored.contains(&holder) {
            wanted.insert(holder.clone());
        }
        let (inventory, _) = store.inventory(&wanted)?;
        if let Some(path) = inventory.lost.get(&holder) {
            return Err(StoreError::Missing { files: vec![(holder, path.clone())] }.into());
        }
        let key = inventory.held.get(&holder).filter(|held| held.has_key).map(|_| {
            match store.keyring(&inventory, &BTreeSet::from([holder.clone()])) {
                Ok(keyring) => keyring.get(&holder).map(|key| KeyFacts::Known {
                    kind: key.description(),
                    spki_hash: key.spki_hash(),
                }),
                Err(error) => Some(KeyFacts::Unknown(error.to_string())),
            }
        });
        self.add_chain(&holder, &inventory, model.as_ref(), key.flatten());
        Ok(())
    }

    /// A name, where nothing is stored: what the spec and the seed give.
    fn add_derived(&mut self, name: &str, read: &Read, now: Timestamp) -> Result<(), CommandError> {
        let silent = Report::new(true, MessageFormat::Human, false);
        let resolved = phases::resolve(read, now, silent)?;
        let model = &resolved.model;
        let issued = model.requests().map(|request| request.holder.clone());
        let known = issued.chain(brought(model)).collect();
        let holder = holder::find(name, &known).map_err(no_file)?;
        let only = BTreeSet::from([holder.clone()]);
        let source = phases::source_for(read, &resolved, now, Extent::Of(&only), silent)?;
        let (inventory, _) = source.held(&only)?;
        let key = source
            .keyring(&inventory, &only)?
            .get(&holder)
            .map(|key| KeyFacts::Known { kind: key.description(), spki_hash: key.spki_hash() });
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
        let origin = Origin { file: holder::full_name(holder), ..Origin::default() };
        let chain = match inventory.held.get(holder) {
            Some(held) => held.chain.clone(),
            None => model.and_then(|model| brought_chain(model, holder)).unwrap_or_default(),
        };
        let mut pool: Vec<Certificate> =
            inventory.held.values().flat_map(|held| held.chain.iter().cloned()).collect();
        let authorities = model.iter().flat_map(|model| model.authorities.keys());
        for name in authorities {
            let brought =
                model.and_then(|model| brought_chain(model, &Holder::Authority(name.clone())));
            pool.extend(brought.into_iter().flatten());
        }
        self.known.extend(chain.iter().flat_map(|one| chain::order(one, &pool).certificates));
        let item = |content| Item { origin: origin.clone(), content };
        self.items.extend(chain.into_iter().map(|one| item(Content::Certificate(Box::new(one)))));
        self.items.extend(key.map(|facts| item(Content::Key(facts))));
    }
}

/// Holders whose certificates were brought along.
fn brought(model: &Model) -> impl Iterator<Item = Holder> {
    let authorities = model.authorities.values().filter_map(|authority| match authority.source {
        AuthoritySource::Brought(_) => Some(Holder::Authority(authority.name.clone())),
        AuthoritySource::Issued(_) => None,
    });
    model.brought.keys().cloned().chain(authorities)
}

fn brought_chain(model: &Model, holder: &Holder) -> Option<Vec<Certificate>> {
    if let Holder::Authority(name) = holder {
        return match &model.authorities.get(name)?.source {
            AuthoritySource::Brought(chain) => Some(chain.clone()),
            AuthoritySource::Issued(_) => None,
        };
    }
    model.brought.get(holder).cloned()
}

/// Without a spec, a name can only have been meant as a file.
fn without_spec(error: CommandError, name: &str) -> CommandError {
    let is_missing = error.diagnostics().iter().any(|diagnostic| diagnostic.code == "input");
    if !is_missing {
        return error;
    }
    let what = format!("there is no file `{name}`, and no spec to look for a holder of that name");
    let hint =
        "check the path; or name the spec with `-f`, in whose store the holder is looked for";
    CommandError::world("input", &what, Some(hint.to_owned()))
}

/// Whoever wrote the name may have meant a file.
fn no_file(error: CommandError) -> CommandError {
    let CommandError::Input(mut diagnostics) = error else { return error };
    for diagnostic in diagnostics.iter_mut().filter(|found| found.code == "unknown-holder") {
        diagnostic.title = format!("there is no such file, and {}", diagnostic.title);
    }
    CommandError::Input(diagnostics)
}
