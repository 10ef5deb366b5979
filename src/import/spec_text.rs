//! The spec of an imported PKI, as TOML that people read on: every value leaves as one quoted string.

mod authority;
mod leaf;
mod site;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use self::value::{inline_kind, key, quoted, subject_text, visible_line, written};
use super::found::SecretName;
use super::judge::{Entry, Pki, Source};
use super::names;
use crate::pki::key::KeyKind;
use crate::pki::request::Holder;
use crate::specification::subject::default_name;
use crate::specification::value::{NamespaceName, ObjectName, SpecName};
use crate::time::Seconds;

/// Longest validity of a server's certificate that a spec takes.
const LONGEST_SERVER: Seconds = Seconds::days(398);

/// File of a client's signing request.
pub(super) const REQUEST: &str = "request.csr";

/// The service behind all imported hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: ObjectName,
    /// Its port.
    pub port: u16,
}

/// A spec, and which part of it belongs to which holder.
#[derive(Clone, Debug, Default)]
pub struct SpecText {
    /// TOML.
    pub text: String,
    /// Ranges of bytes by holder.
    pub parts: Vec<(Holder, Range<usize>)>,
}

/// Where a file of a supplied certificate lies, from the folder of the spec.
#[must_use]
pub fn supplied_file(holder: &Holder, file: &str) -> String {
    format!("{}/{}", super::STORE, supplied_path(holder, file))
}

/// Where a file of a supplied certificate lies in the store.
#[must_use]
pub fn supplied_path(holder: &Holder, file: &str) -> String {
    let kind = match holder {
        Holder::Authority(_) => "cas",
        Holder::Host(_) => "hosts",
        Holder::Client(_) => "clients",
    };
    // A wildcard and its domain must not meet.
    let name = holder.name().replacen('*', "wildcard", 1);
    let safe =
        name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b));
    let name = if safe { name } else { names::slug(&name) };
    format!("brought/{kind}/{name}/{file}")
}

/// The `name` of the spec, and what people named as its sources.
pub type Head<'a> = (Option<&'a SpecName>, &'a [String]);

struct Writer<'a> {
    pki: &'a Pki,
    namespace: Option<String>,
    default_kind: KeyKind,
    /// The authorities that have signed clients.
    client_signers: Vec<String>,
    spec: SpecText,
}

/// Writes the spec of everything that has an entry in it.
#[must_use]
pub fn write(pki: &Pki, service: Option<&Service>, head: Head<'_>) -> SpecText {
    let default_kind = usual_kind(pki);
    let mut writer = Writer {
        pki,
        namespace: usual_namespace(pki),
        default_kind,
        client_signers: leaf::client_signers(pki),
        spec: SpecText::default(),
    };
    writer.head(head);
    for entry in pki.entries.iter().filter(|entry| entry.in_spec) {
        if let Holder::Authority(name) = &entry.holder {
            writer.part(&entry.holder, |writer| writer.authority(name, entry));
        }
    }
    let (served, hosts): (Vec<&Entry>, Vec<&Entry>) = pki
        .entries
        .iter()
        .filter(|entry| entry.is_host())
        .partition(|entry| pki.site(&entry.holder).is_some());
    let service = service.filter(|_| !hosts.is_empty());
    let namespaces: BTreeSet<Option<&str>> =
        hosts.iter().map(|entry| writer.other_namespace(entry)).collect();
    let services = site::services(&pki.sites, service, &namespaces);
    writer.services(&services);
    for entry in hosts {
        writer.part(&entry.holder, |writer| writer.host(entry, service));
    }
    for site in &pki.sites {
        let entry = served.iter().find(|entry| entry.holder.name() == site.host).copied();
        let holder = Holder::Host(site.host.clone());
        writer.part(&holder, |writer| writer.site(site, entry, &services));
    }
    for entry in pki.entries.iter().filter(|entry| entry.in_spec) {
        if let Holder::Client(name) = &entry.holder {
            writer.part(&entry.holder, |writer| writer.client(name, entry));
        }
    }
    writer.spec
}

/// The kind of key that most have who say so in an entry.
fn usual_kind(pki: &Pki) -> KeyKind {
    let mut count: BTreeMap<KeyKind, usize> = BTreeMap::new();
    let said = |entry: &&Entry| entry.in_spec && entry.source != Source::Supplied;
    for kind in pki.entries.iter().filter(said).filter_map(Entry::key_kind) {
        *count.entry(kind).or_default() += 1;
    }
    let most = count.into_iter().max_by_key(|(kind, count)| (*count, std::cmp::Reverse(*kind)));
    most.map_or(KeyKind::EcdsaP256, |(kind, _)| kind)
}

/// The namespace that most Secrets of hosts lie in, or of clients if there is no host.
fn usual_namespace(pki: &Pki) -> Option<String> {
    let has_hosts = pki.entries.iter().any(Entry::is_host);
    let counted = |entry: &&Entry| entry.in_spec && (!has_hosts || entry.is_host());
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for namespace in pki.entries.iter().filter(counted).filter_map(namespaced) {
        *count.entry(namespace).or_default() += 1;
    }
    for site in &pki.sites {
        *count.entry(&site.namespace).or_default() += 1;
    }
    let most = count.into_iter().max_by_key(|(name, count)| (*count, std::cmp::Reverse(*name)));
    most.map(|(name, _)| name.to_owned())
}

/// The namespace of a holder's Secret, unless it is an authority's, whose bundle lies beside each host.
fn namespaced(entry: &Entry) -> Option<&str> {
    let secret = entry.secret.as_ref()?;
    let namespace = secret.namespace.as_deref()?;
    let is_authority = matches!(entry.holder, Holder::Authority(_));
    (!is_authority && namespace.parse::<NamespaceName>().is_ok()).then_some(namespace)
}

fn secret_name(entry: &Entry) -> Option<&str> {
    let SecretName { name, .. } = entry.secret.as_ref()?;
    name.parse::<ObjectName>().is_ok().then_some(name)
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        self.spec.text.push_str(line);
        self.spec.text.push('\n');
    }

    fn part(&mut self, holder: &Holder, write: impl FnOnce(&mut Self)) {
        let start = self.spec.text.len();
        write(self);
        self.spec.parts.push((holder.clone(), start..self.spec.text.len()));
    }

    fn head(&mut self, (name, sources): Head<'_>) {
        self.line("# Written by `mtlsgen import`. The store beside this file, `pki`, holds the certificates that the entries");
        self.line("# describe. Nothing is reissued before it is due, unless an entry differs from its certificate.");
        for source in sources {
            let line = format!("# from {}", visible_line(source));
            self.line(&line);
        }
        if name.is_some() || self.namespace.is_some() {
            self.line("");
        }
        if let Some(name) = name {
            // The store belongs to it, and every object has it as a label.
            let line = format!("name = {}", quoted(name.as_ref()));
            self.line(&line);
        }
        if let Some(namespace) = &self.namespace {
            let line = format!("namespace = {}", quoted(namespace));
            self.line(&line);
        }
        if self.default_kind != KeyKind::EcdsaP256 {
            let line = format!("\n[defaults]\nprivateKey = {}", inline_kind(self.default_kind));
            self.line(&line);
        }
    }

    /// The header of a table, and where its certificate came from and ends.
    fn header(&mut self, table: &str, name: &str, entry: &Entry) {
        self.line(&format!("\n[{table}.{}]", key(name)));
        let from = visible_line(&entry.place.to_string());
        let ends = match &entry.certificate {
            Some(own) => format!("# {} until {}, from {from}", validity_word(entry), own.not_after),
            None => format!("# to be issued, from {from}"),
        };
        self.line(&ends);
    }

    /// The subject, unless it is the one that mtlsgen would give.
    fn subject(&mut self, field: &str, entry: &Entry, default_common_name: &str) {
        let subject = entry.subject();
        let usual = default_name(default_common_name, None);
        if usual.is_ok_and(|usual| usual.reads_as(&subject)) {
            return;
        }
        let text = if subject.is_empty() {
            "{ commonName = \"\" }".to_owned()
        } else {
            quoted(&subject_text(&subject))
        };
        self.line(&format!("{field} = {text}"));
    }

    fn kind(&mut self, field: &str, entry: &Entry) {
        if let Some(kind) = entry.key_kind().filter(|kind| *kind != self.default_kind) {
            self.line(&format!("{field} = {}", inline_kind(kind)));
        }
    }

    /// Validity of the next certificate, and when it comes, as far as they are not the usual ones.
    fn duration(&mut self, prefix: &str, entry: &Entry, usual: Seconds) {
        // What certificates say is a second or some minutes off; what a request asks for is exact.
        let exact = entry.certificate.is_none();
        let asked =
            entry.duration.map(|length| if exact { length } else { value::rounded(length) });
        let duration = asked.filter(|duration| *duration != usual);
        let is_server = !prefix.is_empty();
        match duration {
            Some(duration) if is_server && duration > LONGEST_SERVER => self.line(&format!(
                "# {} long; clients take no more than {LONGEST_SERVER}: the next one lasts {usual}",
                written(duration)
            )),
            Some(duration) => {
                self.line(&format!("{prefix}duration = {}", quoted(&written(duration))));
            }
            None => {}
        }
        if let Some(before) = entry.renew_before {
            self.line(&format!(
                "{prefix}renewBefore = {}  # it ends soon: this keeps it until then",
                quoted(&written(before))
            ));
        }
    }
}

fn validity_word(entry: &Entry) -> &'static str {
    if entry.has_key { "valid" } else { "key not here, valid" }
}

impl SpecText {
    /// Whose part of the text this byte is in.
    #[must_use]
    pub fn holder_at(&self, offset: usize) -> Option<&Holder> {
        self.parts.iter().find(|(_, range)| range.contains(&offset)).map(|(holder, _)| holder)
    }
}
