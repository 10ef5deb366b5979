//! `mtlsgen list`: the holders of a spec, by the names that other commands take.

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;

use super::format::{Format, FormatArgument};
use super::globals::Globals;
use super::report::{CommandError, ExitStatus, print_json, show};
use super::session::Session;
use super::spec_arguments::SpecArguments;
use crate::model::{AuthoritySource, Exposure, Model, ServerCertificateSource};
use crate::pki::request::{Holder, Issuer, Named};

/// List the holders of the spec: authorities, hosts and clients, each with its issuer
///
/// The names are those that other commands take, such as `mtlsgen cert export clients/alice`. Reads the spec alone: `mtlsgen status`
/// shows what was issued.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only those of this section of the spec; defaults to all
    #[arg(value_name = "SECTION")]
    sections: Vec<Section>,
    #[command(flatten)]
    spec: SpecArguments,
    #[command(flatten)]
    format: FormatArgument,
}

/// A section of the spec that declares holders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Section {
    /// Authorities
    Cas,
    /// Hosts
    Hosts,
    /// Clients
    Clients,
}

/// A holder, as it is listed.
struct Row {
    holder: Holder,
    /// Who signs its certificate, or fills its Secret; `None` for a host without TLS.
    issuer: Option<String>,
    /// The DNS name of a host.
    host: Option<String>,
    /// The authorities whose clients a host lets in.
    admits: Vec<String>,
}

/// The holders of a spec, for programs.
#[derive(Serialize, JsonSchema)]
pub struct Listing<'a> {
    /// Authorities, hosts and clients.
    holders: Vec<Listed<'a>>,
}

/// A holder of the spec.
#[derive(Serialize, JsonSchema)]
struct Listed<'a> {
    #[serde(flatten)]
    named: Named,
    /// Who signs its certificate or fills its Secret, in words or by its name in the spec; null: a host without TLS.
    issuer: Option<&'a str>,
    #[serde(flatten)]
    of_host: Option<OfHost<'a>>,
}

/// What hosts alone have.
#[derive(Serialize, JsonSchema)]
struct OfHost<'a> {
    /// The DNS name of a host.
    host: &'a str,
    /// Names of the authorities whose clients a host lets in.
    admits: &'a [String],
}

/// Lists.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let session = Session::open(&args.spec, globals.report())?;
    let model = session.unjudged()?.silently().model;
    let is_asked = |row: &Row| {
        args.sections.is_empty() || args.sections.iter().any(|section| section.has(&row.holder))
    };
    let rows: Vec<Row> = rows(&model).into_iter().filter(is_asked).collect();
    match args.format.format {
        Format::Text => show(&table(&rows), false)?,
        Format::Json => {
            let holders = rows.iter().map(Listed::of).collect();
            print_json(&Listing { holders })?;
        }
    }
    Ok(ExitStatus::Done)
}

impl Section {
    fn has(self, holder: &Holder) -> bool {
        match holder {
            Holder::Authority(_) => self == Self::Cas,
            Holder::Host(_) => self == Self::Hosts,
            Holder::Client(_) => self == Self::Clients,
        }
    }
}

fn rows(model: &Model) -> Vec<Row> {
    let plain =
        |holder, issuer| Row { holder, issuer: Some(issuer), host: None, admits: Vec::new() };
    let authorities = model.authorities.values().map(|one| {
        let issuer = match &one.source {
            AuthoritySource::Issued(request) => name_of(&request.issuer),
            AuthoritySource::Supplied(_) => "supplied".to_owned(),
        };
        plain(Holder::Authority(one.name.clone()), issuer)
    });
    let hosts = model.exposures.iter().map(|exposure| of_host(exposure, model));
    let clients = model
        .clients
        .values()
        .map(|client| plain(Holder::Client(client.name.clone()), name_of(&client.request.issuer)));
    authorities.chain(hosts).chain(clients).collect()
}

fn of_host(exposure: &Exposure, model: &Model) -> Row {
    let issuer = exposure.tls.as_ref().map(|tls| match &tls.source {
        ServerCertificateSource::Held(holder) => match model.request(holder) {
            Some(request) => name_of(&request.issuer),
            None => "supplied".to_owned(),
        },
        ServerCertificateSource::ClusterIssuer(_) | ServerCertificateSource::Issuer(_) => {
            "cert-manager".to_owned()
        }
        ServerCertificateSource::Existing => "existing Secret".to_owned(),
    });
    Row {
        holder: Holder::Host(exposure.key.clone()),
        issuer,
        host: Some(exposure.host.to_string()),
        admits: exposure.client_auth.iter().flat_map(|auth| auth.authorities.clone()).collect(),
    }
}

fn name_of(issuer: &Issuer) -> String {
    match issuer {
        Issuer::Authority(name) => name.clone(),
        Issuer::SelfSigned => "self-signed".to_owned(),
    }
}

impl<'a> Listed<'a> {
    fn of(Row { holder, issuer, host, admits }: &'a Row) -> Self {
        let of_host = host.as_deref().map(|host| OfHost { host, admits });
        Self { named: holder.into(), issuer: issuer.as_deref(), of_host }
    }
}

impl Row {
    fn cells(&self) -> [String; 3] {
        let admits = if self.admits.is_empty() { "-".to_owned() } else { self.admits.join(", ") };
        [self.holder.full_name(), self.issuer.clone().unwrap_or_else(|| "-".to_owned()), admits]
    }
}

/// Aligned columns under a header.
fn table(rows: &[Row]) -> String {
    let header = ["HOLDER", "ISSUER", "ADMITS CLIENTS OF"].map(str::to_owned);
    let lines: Vec<[String; 3]> =
        std::iter::once(header).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let [first, second] = [0, 1].map(|column| width(column).unwrap_or_default());
    let line = |[holder, issuer, admits]: &[String; 3]| {
        format!("{holder:first$}  {issuer:second$}  {admits}\n")
    };
    lines.iter().map(line).collect()
}
