//! `mtlsgen access`: who reaches what.

mod clients;
mod objects;

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;

use self::clients::NamedFile;
use self::objects::Objects;
use super::existing_arguments::ExistingArguments;
use super::format::{Format, FormatArgument};
use super::globals::Globals;
use super::report::{CommandError, ExitStatus, print_json, show};
use super::session::{Planned, Session, report_plan, urgency};
use super::spec_arguments::SpecArguments;
use crate::access::{self, Access, Asked, Client, readers};
use crate::controllers::{self, CONTROLLERS, Controller, Declared, Settings};
use crate::diagnostic::Diagnostic;
use crate::enforcement::Observed;
use crate::identity::DEFAULT_NAMESPACE;
use crate::manifest::{Disclosure, Extent, Namespace, ObjectSet};
use crate::model::{Model, Touched};
use crate::plan::{Holdings, Scope};
use crate::render::Checked;
use crate::targets;
use crate::time::Timestamp;

/// Show who reaches what: every host and path by client, with the reason
///
/// Asked are a client without a certificate, one of an authority that nothing trusts, one below each authority that a host
/// trusts, those of `--client`, and any client by plain HTTP. Without FILE, the objects are those that `render` would print, and
/// the clients of the spec are asked about too. The answers are what ingress-nginx does with the objects once it has read them; what cannot
/// be known is `unknown`, with what is missing. Issues nothing.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Manifests, a folder of them, or objects as `kubectl get -A -o yaml` prints them (`-` for standard input)
    ///
    /// Those that matter: ingress, ingressclass, secret, service, namespace, and the controller's deployment or daemonset and configmap; for Traefik
    /// also ingressroute, ingressroutetcp and tlsoption.
    #[arg(value_name = "FILE")]
    objects: Vec<PathBuf>,
    #[command(flatten)]
    spec: SpecArguments,
    #[command(flatten)]
    existing: ExistingArguments,
    /// Show only the answers that differ between two FILEs, and exit with 1 if there are any
    #[arg(long, requires = "objects", help_heading = "Questions")]
    diff: bool,
    /// Certificate of a client to ask about, with the certificates that it sends along; may be repeated
    #[arg(long = "client", value_name = "NAME=FILE", value_parser = clients::named_file, help_heading = "Questions")]
    clients: Vec<NamedFile>,
    /// Host to ask about, instead of all; may be repeated
    #[arg(long = "host", value_name = "HOST", value_parser = host_name, help_heading = "Questions")]
    hosts: Vec<String>,
    /// Path to ask about beside those of the routes; may be repeated
    #[arg(long = "path", value_name = "PATH", value_parser = path, help_heading = "Questions")]
    paths: Vec<String>,
    /// The objects of FILE are all of a cluster's, of the kinds among them: what is not there does not exist
    #[arg(long, requires = "objects", help_heading = "Controller")]
    whole_cluster: bool,
    /// The controller that reads the objects; defaults to all that the spec names
    #[arg(long, value_name = "NAME", value_parser = controller_names(), help_heading = "Controller")]
    controller: Option<String>,
    /// Version of the controller
    ///
    /// Without it, that of the Deployment or `DaemonSet` among the objects that runs it, else the last one that is known.
    #[arg(long, value_name = "VERSION", help_heading = "Controller")]
    controller_version: Option<String>,
    /// Option of the controller, as the spec has it under `controllers`, such as `controllerClass=acme.io/internal`; may be repeated
    #[arg(long = "controller-option", value_name = "NAME=VALUE", value_parser = option, help_heading = "Controller")]
    options: Vec<(String, String)>,
    /// Ingress class of the controller, instead of `nginx`; may be repeated
    ///
    /// Classes whose `IngressClass` among the objects says so are its own in any case. Of several controllers among the objects, the one
    /// that serves the class is asked about.
    #[arg(long = "ingress-class", value_name = "CLASS", help_heading = "Controller")]
    classes: Vec<String>,
    /// `ConfigMap` of the controller's settings
    ///
    /// Without it, the one that the flags of the object name which runs it; without such an object, the only one that has any of its
    /// settings.
    #[arg(long, value_name = "NAMESPACE/NAME", value_parser = namespace_and_name, requires = "objects", help_heading = "Controller")]
    configmap: Option<(String, String)>,
    #[command(flatten)]
    format: FormatArgument,
}

/// A controller, and what is said of it.
type Reader = (&'static dyn Controller, Declared);

fn namespace_and_name(text: &str) -> Result<(String, String), String> {
    let (namespace, name) = text.split_once('/').ok_or("write `NAMESPACE/NAME`")?;
    Ok((namespace.to_owned(), name.to_owned()))
}

/// A name as a request has it: in lower case, without port and final dot.
fn host_name(text: &str) -> Result<String, String> {
    let name = text.strip_suffix('.').unwrap_or(text).to_lowercase();
    if name.is_empty() || name.contains([':', '/', ' ']) {
        return Err("write the name alone, without scheme, port and path".to_owned());
    }
    Ok(name)
}

/// A path as controllers compare it: decoded, normalized and without a query.
fn path(text: &str) -> Result<String, String> {
    let is_odd = ["?", "#", "%", "//", "/./", "/../"].iter().any(|part| text.contains(part))
        || text.ends_with("/.")
        || text.ends_with("/..");
    if !text.starts_with('/') || is_odd {
        return Err("write it as controllers compare it: beginning with `/`, decoded, without a query, `.`, `..` and double slashes".to_owned());
    }
    Ok(text.to_owned())
}

fn controller_names() -> PossibleValuesParser {
    PossibleValuesParser::new(CONTROLLERS.iter().map(|controller| controller.name()))
}

fn option(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write `NAME=VALUE`")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Asks.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let mut asked = Asked {
        hosts: args.hosts.clone(),
        paths: args.paths.clone(),
        clients: args.clients.iter().map(NamedFile::read).collect::<Result<_, _>>()?,
    };
    if args.objects.is_empty() {
        return of_spec(args, globals, &mut asked);
    }
    if !args.spec.files.is_empty() || !args.spec.values.is_empty() || args.existing.is_given() {
        return Err(CommandError::Input(vec![two_sources()]));
    }
    let now = args.spec.now()?;
    if args.diff {
        return difference(args, &asked, now);
    }
    let objects = Objects::read(&args.objects)?;
    answer(args, globals, (&args.set(&objects), &[args.reader()?]), &asked, now)
}

/// What differs between two files of objects.
fn difference(args: &Args, asked: &Asked, now: Timestamp) -> Result<ExitStatus, CommandError> {
    let [before, after] = args.objects.as_slice() else {
        let title = format!("`--diff` compares two FILEs, and there are {}", args.objects.len());
        let help = "name the objects of before, then those of now; each may be a folder, one `-`";
        return Err(CommandError::Input(vec![Diagnostic::error("arguments", title).help(help)]));
    };
    let reader = args.reader()?;
    let observed = |file: &PathBuf| {
        let objects = Objects::read(std::slice::from_ref(file))?;
        observed(&args.set(&objects), &reader, now).map(|(_, observed)| observed)
    };
    let changes = access::changes(&observed(before)?, &observed(after)?, asked, now);
    match args.format.format {
        Format::Text if changes.is_empty() => {}
        Format::Text => show(&access::changes_table(&changes), false)?,
        Format::Json => print_json(&access::json::AccessChanges::of(&changes))?,
    }
    Ok(if changes.is_empty() { ExitStatus::Done } else { ExitStatus::Findings })
}

/// What the controller makes of objects, and its settings.
fn observed(
    objects: &ObjectSet<'_>,
    (controller, declared): &Reader,
    now: Timestamp,
) -> Result<(Settings, Observed), CommandError> {
    let settings = Settings { at: Some(now), ..controller.settings(objects, declared) };
    let mut observed = controller.observe(objects, &settings);
    let misread = targets::misread(std::mem::take(&mut observed.unread));
    if misread.is_empty() { Ok((settings, observed)) } else { Err(CommandError::Input(misread)) }
}

/// Of the objects that `render` would print.
fn of_spec(args: &Args, globals: &Globals, asked: &mut Asked) -> Result<ExitStatus, CommandError> {
    let report = globals.report();
    let session = Session::open(&args.spec, report)?;
    let session = session.beside(args.existing.read(&args.spec, report)?);
    let now = session.now;
    let resolved = session.unjudged()?.judge_all()?;
    let rendering = session.rendering(None)?.apart(true);
    let setup = session.setup(resolved)?;
    let planned = setup.plan(&Scope::default());
    let planned = planned.map_err(|error| error.located(&setup.document))?;
    if planned.plan.is_urgent() {
        report_plan(&planned.plan, report, urgency);
        return Err(CommandError::Input(vec![unissued()]));
    }
    let (model, Planned { inventory, .. }) = (setup.model(), &planned);
    let keyring = &setup.keys(inventory, &Touched::everything()).ring_of_names()?;
    let holdings = Holdings { model, inventory, keyring };
    let Checked { manifests, entrusted, warnings } =
        rendering.manifests(model, &holdings, Disclosure::Fingerprint)?;
    report.diagnostics(&warnings);
    let mut clients: Vec<Client> =
        model.clients.keys().filter_map(|name| clients::of_spec(name, &holdings)).collect();
    clients.append(&mut asked.clients);
    asked.clients = clients;
    let mut set = ObjectSet::within(Namespace::Known(DEFAULT_NAMESPACE), Extent::Complete);
    for object in manifests.iter().chain(&entrusted) {
        set.add(object);
    }
    answer(args, globals, (&set, &args.readers_of(model)?), asked, now)
}

fn answer(
    args: &Args,
    globals: &Globals,
    (objects, readers): (&ObjectSet<'_>, &[Reader]),
    asked: &Asked,
    now: Timestamp,
) -> Result<ExitStatus, CommandError> {
    let observed: Vec<(Settings, Observed)> =
        readers.iter().map(|reader| observed(objects, reader, now)).collect::<Result<_, _>>()?;
    let all: Vec<Access<'_>> = observed
        .iter()
        .map(|(settings, observed)| {
            let name = (settings.controller, settings.version.as_str());
            access::access(name, observed, asked, now)
        })
        .collect();
    let mut hosts = all.iter().flat_map(|access| &access.hosts);
    if hosts.all(|host| host.host == "*" || host.is_not_served()) {
        globals.report().diagnostics(&[without_hosts(args)]);
    }
    match args.format.format {
        Format::Text => show(&access::table(&all), false)?,
        Format::Json => print_json(&access::json::Answers::of(&all))?,
    }
    Ok(ExitStatus::Done)
}

impl Args {
    /// Objects that came in.
    fn set<'a>(&self, objects: &'a Objects) -> ObjectSet<'a> {
        // A cluster's objects say where they are.
        let (namespace, extent) = if self.whole_cluster {
            (Namespace::Known(DEFAULT_NAMESPACE), Extent::Cluster)
        } else {
            (Namespace::Assumed(DEFAULT_NAMESPACE), Extent::Part)
        };
        let mut set = ObjectSet::within(namespace, extent);
        objects.add_to(&mut set);
        set
    }

    /// The controller that is asked about, of objects that came in.
    fn reader(&self) -> Result<Reader, CommandError> {
        let named = self.controller.as_deref().and_then(controllers::find);
        self.declaring((named.unwrap_or(CONTROLLERS[0]), Declared::default()))
    }

    /// The controllers that are asked about, of a spec: all that it names, unless the arguments are about one.
    fn readers_of(&self, model: &Model) -> Result<Vec<Reader>, CommandError> {
        let mut readers = readers::readers(model);
        if let Some(name) = &self.controller {
            let is_named = |(one, _): &Reader| one.name() == name;
            if readers.iter().any(is_named) {
                readers.retain(is_named);
                return readers.into_iter().map(|reader| self.declaring(reader)).collect();
            }
            let (controller, declared) = self.reader()?;
            let of_spec = readers.into_iter().next().map(|(_, declared)| declared);
            let Declared { classes, default_class, .. } = of_spec.unwrap_or_default();
            let declared = Declared { classes, default_class, ..declared };
            return Ok(vec![(controller, declared)]);
        }
        if self.controller_version.is_some() || !self.options.is_empty() {
            readers.truncate(1);
        }
        readers.into_iter().map(|reader| self.declaring(reader)).collect()
    }

    /// With what the arguments say of it.
    fn declaring(&self, (controller, declared): Reader) -> Result<Reader, CommandError> {
        let refused = |title: String, help: String| {
            CommandError::Input(vec![Diagnostic::error("arguments", title).help(help)])
        };
        let version = self.controller_version.as_deref().map(|text| controller.version(text));
        let version = version.transpose().map_err(|problem| {
            refused(
                problem,
                "leave `--controller-version` out: the last one is the default".to_owned(),
            )
        })?;
        for (name, value) in &self.options {
            controllers::checked(controller, name, value)
                .map_err(|(title, help)| refused(title, help))?;
        }
        let declared = Declared {
            version: version.or(declared.version),
            classes: self.classes.iter().cloned().chain(declared.classes).collect(),
            other_classes: declared.other_classes,
            default_class: declared.default_class,
            config_map: self.configmap.clone(),
            accepted: declared.accepted,
            options: declared.options.into_iter().chain(self.options.iter().cloned()).collect(),
        };
        Ok((controller, declared))
    }
}

/// The spec is not read beside objects that are given.
fn two_sources() -> Diagnostic {
    let title =
        "FILE names the objects, and `-f`, `--set` or `--existing` a spec that would give others";
    Diagnostic::error("arguments", title)
        .help("name one of both; `--client NAME=FILE` asks about a client of the spec")
}

fn unissued() -> Diagnostic {
    Diagnostic::error(
        "unissued",
        "certificates must be issued first: they decide which clients are admitted",
    )
    .help("run `mtlsgen render`")
}

fn without_hosts(args: &Args) -> Diagnostic {
    let title = if args.hosts.is_empty() {
        "no object of the controller has a host".to_owned()
    } else {
        format!("there is no host `{}`", args.hosts.join("`, `"))
    };
    Diagnostic::warning("no-hosts", title)
        .help("if the Ingresses or Gateways have another class, name it: `--ingress-class CLASS`")
}
