//! `mtlsgen import`: an existing PKI becomes a spec and a store.

use std::path::{Path, PathBuf};

use super::cert::password;
use super::format::{Format, FormatArgument};
use super::globals::Globals;
use super::report::{CommandError, ExitStatus, print_json, show};
use super::spec_arguments::time;
use crate::diagnostic::{Deed, Diagnostic};
use crate::import::{
    self, Altered, Found, Imported, Kind, LeftOut, Lost, Options, Outcome, Place, SPEC, STORE,
    Said, Service,
};
use crate::io::input_error::InputError;
use crate::io::store::{Before, Store, Unfinished, WAIT_LIMIT};
use crate::io::{clock, foreign, input, new_files};
use crate::kustomize::doctor::command::quoted;
use crate::specification::value::{ObjectName, SpecName};
use crate::time::Timestamp;

/// What is left out of a path that holds nothing.
const EVERYTHING: &str = "everything";

/// Import an existing PKI: write a spec and a store of it, without reissuing
///
/// Takes files and folders of PEM, DER and PKCS#12, of cfssl (requests, profiles, results), easy-rsa and `openssl ca`
/// (with what their databases call revoked), ekeca, mkcert, minica, certstrap, Kubernetes Secrets as kubectl prints
/// them (`-` for standard input), and stores of mtlsgen; all mixed. Keys find their certificates, certificates their
/// issuers; of each holder the newest certificate that works is the current one.
///
/// Afterwards `mtlsgen render --locked` keeps every certificate as it is. What no spec can say becomes a file that the
/// spec names; what cannot be taken over is listed with the reason, and the exit status is 1. Nothing is overwritten.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files and folders of the PKI, `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Folder to write `mtls.toml` and `pki` to; defaults to the working directory
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    output: Option<PathBuf>,
    /// What to read out of the files
    #[arg(long, value_name = "SOURCE", default_value = "auto")]
    from: Kind,
    /// Print what would be imported and how, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Service behind all hosts, which runs in the cluster already; its port defaults to 80
    ///
    /// Without it, each host's `service` is left to be written into the spec, and `render` refuses to run before.
    #[arg(long, value_name = "NAME[:PORT]", value_parser = service)]
    service: Option<Service>,
    /// Take the certificate with this common name or DNS name as a client's, where it could be a server's; may be repeated
    #[arg(long = "client", value_name = "NAME")]
    clients: Vec<String>,
    /// Take the certificate with this common name or DNS name as the one of that host, where it could be another's; may be
    /// repeated
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// Take the certificate with this common name as an authority's, where it could be a server's; may be repeated
    #[arg(long = "authority", value_name = "NAME")]
    authorities: Vec<String>,
    /// Write what can be taken over, although something that it needs is left out
    #[arg(long)]
    force: bool,
    /// The spec's `name`, which the store belongs to and each object has as a label; defaults to the name of the folder
    #[arg(long, value_name = "NAME")]
    name: Option<SpecName>,
    /// Authority that signs what cfssl's requests ask for, where there are several
    #[arg(long, value_name = "NAME")]
    issuer: Option<String>,
    /// cfssl's profile of those requests, where several fit
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// File whose first line is the password of PKCS#12 files and encrypted keys, `-` for standard input
    ///
    /// Without it, the environment variable `MTLSGEN_PKCS12_PASSWORD`; without that, a terminal is asked.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    format: FormatArgument,
    /// Time to work at, instead of now: RFC 3339, a date, or `@` and seconds since 1970
    ///
    /// Without it, `SOURCE_DATE_EPOCH` if that is set, else the system's clock.
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
}

fn service(text: &str) -> Result<Service, String> {
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, port.parse().ok().filter(|port| *port > 0)),
        None => (text, Some(80)),
    };
    let port = port.ok_or("a port is a number from 1 to 65535")?;
    let name = name.parse::<ObjectName>().map_err(|error| error.replace('\n', ": "))?;
    Ok(Service { name, port })
}

/// Imports.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let folder = args.output.clone().unwrap_or_default();
    let name = args.name.clone().or_else(|| name_of(&folder));
    let store = Store::open(folder.join(STORE), WAIT_LIMIT, {
        let report = globals.report();
        move |words| report.say(words)
    });
    let store = store.named(name.as_ref().map(ToString::to_string));
    let unfinished = if args.dry_run { None } else { unfinished(&folder, &store)? };
    // The same files at the same time become the same store.
    let now = unfinished.as_ref().map_or_else(|| clock::now(args.at), |begun| Ok(begun.at))?;
    refuse_standard_input_twice(args)?;
    let found = read(args)?;
    if found.is_empty() && found.left_out.iter().all(|one| one.what == EVERYTHING) {
        return Err(nothing(args));
    }
    let sources: Vec<String> = args.paths.iter().map(|path| path.display().to_string()).collect();
    let options = Options {
        name,
        issuer: args.issuer.clone(),
        profile: args.profile.clone(),
        clients: Said(args.clients.iter().cloned().collect()),
        hosts: Said(args.hosts.iter().cloned().collect()),
        authorities: Said(args.authorities.iter().cloned().collect()),
    };
    refuse_unmatched(&options, &found)?;
    let imported = import::import(&found, &options, args.service.as_ref(), &sources, now)
        .map_err(CommandError::Input)?;
    let outcome = &imported.outcome;
    let lacks = !args.force
        && (outcome.left_out.iter().any(|one| one.needed_by.is_some())
            || !outcome.altered.is_empty());
    let is_written = !args.dry_run && !imported.spec.is_empty() && !lacks;
    if let Some(begun) = unfinished {
        require_result(&store, &begun, &imported)?;
        finish(&folder, &store, &imported.spec)?;
        globals.report().say("finished an import that was interrupted");
    } else if is_written {
        write(&folder, &store, &imported, now)?;
    }
    match args.format.format {
        Format::Text => show(&outcome.human(), false)?,
        Format::Json => print_json(outcome)?,
    }
    if is_written {
        let report = globals.report();
        for path in [folder.join(SPEC), folder.join(STORE)] {
            let path = path.display().to_string();
            report.did(Deed::to_path("wrote", &path), &format!("wrote `{path}`"));
        }
        report.say_lines(&next_steps(&folder));
    }
    if lacks && !args.dry_run && !imported.spec.is_empty() {
        return Err(incomplete(outcome));
    }
    let whole = outcome.left_out.is_empty() && outcome.altered.is_empty();
    Ok(if whole { ExitStatus::Done } else { ExitStatus::Findings })
}

/// A `name` for a spec in that folder, if the folder's own name gives one.
fn name_of(folder: &Path) -> Option<SpecName> {
    new_files::name_of_folder(folder).and_then(|name| import::slug(&name).parse().ok())
}

/// Names of flags that no certificate has: a misspelling would be silently ignored.
fn refuse_unmatched(options: &Options, found: &Found) -> Result<(), CommandError> {
    let of = |(flag, name): (&str, &str)| {
        Diagnostic::error("unmatched-name", format!("no certificate that was found has the name `{name}`, which `{flag}` gives"))
            .help("it is a common name, or a DNS name of subjectAltName; `mtlsgen cert show PATH` shows them")
    };
    let unmatched: Vec<_> = options.unmatched(found).into_iter().map(of).collect();
    if unmatched.is_empty() { Ok(()) } else { Err(CommandError::Input(unmatched)) }
}

/// What was left out is needed: nothing is written, so that the command can be run again.
fn incomplete(outcome: &Outcome) -> CommandError {
    let of =
        |one: &LeftOut| {
            let needed_by = one.needed_by.as_ref()?;
            let title = format!(
                "{} in {} is left out, and may be needed by {needed_by}: nothing is written",
                one.what, one.place
            );
            Some(Diagnostic::error("import-incomplete", title).help(one.reason.clone()).help(
                "name what is missing, and import again; or write what there is with `--force`",
            ))
        };
    let altered = |Altered { host, path, client, before, after, is_weaker }: &Altered| {
        let title = format!(
            "{client} at `{host}{path}`: {before}; with this spec: {after}: nothing is written"
        );
        let code = if *is_weaker { "import-weaker" } else { "import-stricter" };
        Diagnostic::error(code, title).help(
            "take over what the answer rests on as well, or change the spec that `--force` writes",
        )
    };
    let left_out = outcome.left_out.iter().filter_map(of);
    CommandError::Input(left_out.chain(outcome.altered.iter().map(altered)).collect())
}

fn refuse_standard_input_twice(args: &Args) -> Result<(), CommandError> {
    let all = args.paths.iter().chain(&args.password_file);
    if all.filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(InputError::StandardInputTwice.into());
    }
    Ok(())
}

/// Everything in the files that were named.
fn read(args: &Args) -> Result<Found, CommandError> {
    let passwords = password::Given::of(args.password_file.as_deref());
    let mut found = Found::default();
    for path in &args.paths {
        let before = found.count();
        foreign::read(path, |file| {
            let place = Place::of(&file.name);
            match &file.content {
                Ok(octets) => import::read(&mut found, &place, octets, args.from, &passwords),
                Err(why) => {
                    found.left_out.push(LeftOut::new(&place, "a file", why).being(Lost::Anything));
                }
            }
        })?;
        if found.count() == before {
            let place = Place::of(&path.display().to_string());
            let why = "it holds nothing that can be imported";
            found.left_out.push(LeftOut::new(&place, EVERYTHING, why));
        }
    }
    Ok(found)
}

fn nothing(args: &Args) -> CommandError {
    let paths: Vec<String> = args.paths.iter().map(|p| format!("`{}`", p.display())).collect();
    let what = format!("nothing that can be imported was found in {}", paths.join(", "));
    let hint = "it takes PEM, DER, PKCS#12, cfssl's JSON, databases of `openssl ca` and Kubernetes Secrets";
    CommandError::world("nothing-found", &what, Some(hint.to_owned()))
}

/// An import that was interrupted between its store and its spec, if there was one.
///
/// # Errors
/// Another spec or store exists there.
fn unfinished(folder: &Path, store: &Store) -> Result<Option<Unfinished>, CommandError> {
    let existing = input::specs_in(folder).into_iter().next();
    let in_the_way = match (existing, store.before_import()?) {
        (None, Before::Nothing) => return Ok(None),
        (existing, Before::Unfinished(begun))
            if is_own(existing.as_deref(), folder, &begun.spec) =>
        {
            return Ok(Some(begun));
        }
        (Some(spec), _) => spec,
        (None, _) => folder.join(STORE),
    };
    let what =
        format!("`{}` exists already, and `import` overwrites nothing", in_the_way.display());
    let hint = "name another folder with `-o`, and merge by hand";
    Err(CommandError::world("exists", &what, Some(hint.to_owned())))
}

/// Makes sure that the store is what the files that are named now become: a repository may contain a store that looks like
/// that of an interrupted import.
fn require_result(
    store: &Store,
    begun: &Unfinished,
    imported: &Imported,
) -> Result<(), CommandError> {
    if begun.spec == imported.spec
        && store.is_result_of_import((&imported.contents, &imported.spec), begun.at)?
    {
        return Ok(());
    }
    let folder = store.path().display();
    let what = format!(
        "an import into `{folder}` was interrupted, and its contents are not those of these files"
    );
    let hint = format!(
        "run the command that was interrupted, with the same files, or remove `{folder}` and start again"
    );
    Err(CommandError::world("interrupted-import", &what, Some(hint)))
}

/// Whether a spec that is there, if there is one, is that of the interrupted import.
fn is_own(existing: Option<&Path>, folder: &Path, spec: &str) -> bool {
    existing.is_none_or(|existing| {
        existing == folder.join(SPEC) && new_files::holds(existing, spec.as_bytes())
    })
}

/// The store with the spec in it first, in one transaction, then the spec to its place: an import that is interrupted
/// between both goes on from there.
fn write(
    folder: &Path,
    store: &Store,
    imported: &Imported,
    now: Timestamp,
) -> Result<(), CommandError> {
    let lock = store.lock()?;
    store.import(&lock, (&imported.contents, &imported.spec), now)?;
    drop(lock);
    finish(folder, store, &imported.spec)
}

fn finish(folder: &Path, store: &Store, spec: &str) -> Result<(), CommandError> {
    let lock = store.lock()?;
    new_files::write_new(folder, &[(SPEC, spec.as_bytes())]).map_err(|error| {
        let mut failure = CommandError::from(error);
        if let CommandError::World(diagnostic) = &mut failure {
            diagnostic.help.push("run `mtlsgen import` again: it goes on from here".to_owned());
        }
        failure
    })?;
    Ok(store.end_import(&lock)?)
}

fn next_steps(folder: &Path) -> String {
    let path = folder.join(SPEC);
    let flag = if folder.as_os_str().is_empty() {
        String::new()
    } else {
        format!(" -f {}", quoted(&path.display().to_string()))
    };
    format!(
        "next: read the spec, then `mtlsgen status{flag}` and `mtlsgen render{flag} --locked`, which issues nothing"
    )
}
