//! `mtlsgen init`: a first spec, from flags or from a few questions.

mod answers;
mod questions;
mod starter;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;

use super::globals::Globals;
use super::report::{CommandError, ExitStatus, print};
use super::schema;
use crate::diagnostic::{Deed, Source, has_errors, shown};
use crate::io::{input, new_files};
use crate::kustomize::doctor::command::quoted;
use crate::specification::document;
use crate::specification::value::{HostName, ImageName, ObjectName};
use answers::{Answers, ServerCertificate};

/// Name of the schema's file beside a spec.
const SCHEMA: &str = "mtls.schema.json";
/// Name of the file that names the generator.
const KUSTOMIZATION: &str = "kustomization.yaml";

/// Write a first spec with comments, from flags or from a few questions
///
/// Questions are asked on a terminal, where no flag says what the spec is to hold. Nothing is ever overwritten.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Args {
    /// Folder to write `mtls.toml` or `mtls.yaml` to, as with `-o`; defaults to the working directory
    #[arg(conflicts_with_all = ["output", "stdout"])]
    dir: Option<PathBuf>,
    /// Host that clients call; defaults to `test.localdev.me`
    #[arg(long)]
    host: Option<HostName>,
    /// Namespace of all objects; defaults to `default`
    #[arg(long)]
    namespace: Option<ObjectName>,
    /// Service behind the host; without `--image`, one that exists in the cluster already
    #[arg(long)]
    service: Option<ObjectName>,
    /// Container image that the service runs
    #[arg(long)]
    image: Option<ImageName>,
    /// Port of the service; defaults to 80
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Server certificate: `self-signed`, `ca=NAME`, `cert-manager=CLUSTERISSUER`, `secret=NAME`, or `none` for HTTP only
    #[arg(long, value_name = "SOURCE")]
    tls: Option<ServerCertificate>,
    /// Authority that signs clients; defaults to `clients`; with `--tls none`, there is no client authentication
    #[arg(long, value_name = "NAME")]
    ca: Option<ObjectName>,
    /// Name of a client; defaults to `alice`; may be repeated, or several with commas between them
    #[arg(long = "client", value_name = "NAME", value_delimiter = ',', value_parser = clap::builder::NonEmptyStringValueParser::new())]
    clients: Vec<String>,
    /// TLS without client authentication
    #[arg(long, conflicts_with_all = ["ca", "clients"])]
    no_client_auth: bool,
    /// Folder to write to, `-` for the spec alone to standard output
    #[arg(short, long, value_name = "DIR", help_heading = "Output", conflicts_with = "stdout")]
    output: Option<PathBuf>,
    /// Language of the spec; defaults to `toml`, with `--kustomize` to `yaml`
    #[arg(long = "as", value_name = "FORM", help_heading = "Output")]
    form: Option<SpecFormat>,
    /// Write `mtls.yaml` as the configuration of a Kustomize generator, and a `kustomization.yaml` that names it
    #[arg(long, help_heading = "Output", conflicts_with = "stdout")]
    kustomize: bool,
    /// Write no `mtls.schema.json` beside the spec, and no line that has editors read it
    #[arg(long, help_heading = "Output")]
    no_schema: bool,
    /// What is written anyway
    #[arg(long, hide = true, conflicts_with_all = ["stdout", "no_schema"])]
    with_schema: bool,
    /// The former name of `-o -`
    #[arg(long, hide = true)]
    stdout: bool,
}

/// Language of a spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SpecFormat {
    /// `mtls.toml`
    Toml,
    /// `mtls.yaml`
    Yaml,
}

/// Writes a first spec.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let form = args.form()?;
    let to_stdout = args.stdout || args.output.as_deref() == Some(Path::new("-"));
    let directory = args.output.as_ref().or(args.dir.as_ref()).cloned().unwrap_or_default();
    if !to_stdout {
        refuse_existing(&directory)?;
    }
    let answers = if args.says_nothing() && is_interactive() { ask()? } else { args.answers()? };
    let schema = (!args.no_schema && !to_stdout).then_some(SCHEMA);
    let text = starter::starter(&answers, form, schema);
    validate(form, &text)?;
    if to_stdout {
        print(text)?;
        return Ok(ExitStatus::Done);
    }
    let schema_text = schema.map(|_| schema::text());
    let mut files = vec![(form.file_name(), text.as_bytes())];
    files.extend(schema_text.iter().map(|text| (SCHEMA, text.as_bytes())));
    let existing = input::kustomization_in(&directory);
    if form == Form::Generator && existing.is_none() {
        files.push((KUSTOMIZATION, starter::KUSTOMIZATION.as_bytes()));
    }
    new_files::write_new(&directory, &files)?;
    let report = globals.report();
    for (name, _) in files {
        let path = directory.join(name).display().to_string();
        report.did(Deed::to_path("wrote", &path), &format!("wrote `{path}`"));
    }
    report.say_lines(&match form {
        Form::Generator => next_builds(&directory, existing.as_deref()),
        Form::Spec(_) => next_steps(&directory, form),
    });
    Ok(ExitStatus::Done)
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A spec.
    Spec(SpecFormat),
    /// The spec as the configuration of a Kustomize generator.
    Generator,
}

impl Form {
    fn file_name(self) -> &'static str {
        match self {
            Self::Spec(format) => format.file_name(),
            Self::Generator => SpecFormat::Yaml.file_name(),
        }
    }
}

impl SpecFormat {
    fn file_name(self) -> &'static str {
        match self {
            Self::Toml => "mtls.toml",
            Self::Yaml => "mtls.yaml",
        }
    }
}

impl Args {
    fn form(&self) -> Result<Form, CommandError> {
        match (self.kustomize, self.form) {
            (true, Some(SpecFormat::Toml)) => {
                let what = "a Kustomize generator is YAML, and `--as toml` is TOML";
                let hint = "leave `--as` out".to_owned();
                Err(CommandError::world("arguments", what, Some(hint)))
            }
            (true, _) => Ok(Form::Generator),
            (false, format) => Ok(Form::Spec(format.unwrap_or(SpecFormat::Toml))),
        }
    }

    /// Whether no flag says what the spec is to hold.
    fn says_nothing(&self) -> bool {
        self.host.is_none()
            && self.namespace.is_none()
            && self.service.is_none()
            && self.image.is_none()
            && self.port.is_none()
            && self.tls.is_none()
            && self.ca.is_none()
            && self.clients.is_empty()
            && !self.no_client_auth
    }

    /// What the flags say, and defaults for the rest.
    fn answers(&self) -> Result<Answers, CommandError> {
        let defaults = Answers::default();
        let tls = self.tls.clone().unwrap_or(defaults.tls);
        let authenticates = !self.no_client_auth && tls != ServerCertificate::None;
        if !authenticates && (self.ca.is_some() || !self.clients.is_empty()) {
            let hint = "choose another `--tls`, or leave out `--ca` and `--client`".to_owned();
            let what = "client certificates need TLS, and `--tls none` is HTTP only";
            return Err(CommandError::world("client-auth-without-tls", what, Some(hint)));
        }
        let clients = if self.clients.is_empty() { defaults.clients } else { self.clients.clone() };
        Ok(Answers {
            host: self.host.as_ref().map_or(defaults.host, ToString::to_string),
            namespace: self.namespace.as_ref().map_or(defaults.namespace, ToString::to_string),
            image: match (&self.image, &self.service) {
                (Some(image), _) => Some(image.to_string()),
                (None, Some(_)) => None,
                (None, None) => defaults.image,
            },
            service: self.service.as_ref().map_or(defaults.service, ToString::to_string),
            port: self.port.unwrap_or(defaults.port),
            tls,
            ca: authenticates.then(|| match &self.ca {
                Some(ca) => ca.to_string(),
                None => defaults.ca.unwrap_or_default(),
            }),
            clients: if authenticates { clients } else { Vec::new() },
        })
    }
}

fn refuse_existing(directory: &Path) -> Result<(), CommandError> {
    let Some(existing) = input::specs_in(directory).into_iter().next() else { return Ok(()) };
    let hint = "edit that file, or name another folder".to_owned();
    Err(CommandError::world(
        "spec-exists",
        &format!("`{}` exists already, and `init` overwrites nothing", existing.display()),
        Some(hint),
    ))
}

#[expect(clippy::disallowed_methods, reason = "questions are for terminals only")]
fn is_interactive() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

#[expect(clippy::disallowed_methods, reason = "questions go to the terminal")]
fn ask() -> Result<Answers, CommandError> {
    let asked = questions::ask(&mut std::io::stdin().lock(), &mut std::io::stderr().lock());
    let failed = |error| CommandError::world("terminal", &format!("cannot ask: {error}"), None);
    asked.map_err(failed)?.ok_or_else(|| {
        CommandError::world("aborted", "the questions were broken off, nothing is written", None)
    })
}

/// Reads the text as any command would.
fn validate(form: Form, text: &str) -> Result<(), CommandError> {
    let source = Source {
        name: form.file_name().to_owned(),
        directory: PathBuf::new(),
        text: text.to_owned(),
    };
    let (document, mut diagnostics) = document::read(&[Arc::new(source)]);
    diagnostics.extend(document.deserialize().1);
    if has_errors(&diagnostics) { Err(CommandError::Input(diagnostics)) } else { Ok(()) }
}

/// How a kustomization with the generator is built.
fn next_builds(directory: &Path, kustomization: Option<&Path>) -> String {
    let here = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let spec = directory.join(Form::Generator.file_name());
    let generators = kustomization.map_or_else(String::new, |existing| {
        let existing = shown(&existing.display().to_string());
        format!("add `mtls.yaml` to `generators` of `{existing}`,\n      ")
    });
    let quoted = |path: &Path| quoted(&path.display().to_string());
    format!(
        "next: {generators}`mtlsgen kustomize install` puts the plugin where Kustomize looks for it,\n      \
         `mtlsgen issue -f {spec}` issues what is missing,\n      \
         `kustomize build --enable-alpha-plugins {here}` prints the manifests",
        spec = quoted(&spec),
        here = quoted(here),
    )
}

fn next_steps(directory: &Path, form: Form) -> String {
    let path = directory.join(form.file_name());
    let flag = if directory.as_os_str().is_empty() {
        String::new()
    } else {
        format!(" -f {}", quoted(&path.display().to_string()))
    };
    format!(
        "next: `mtlsgen render{flag} --dry-run` shows what would be issued,\n      \
         `mtlsgen render{flag} | kubectl apply -f -` issues it and sets it up"
    )
}
