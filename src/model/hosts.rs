//! Hosts: each entry becomes one exposure.

use std::collections::BTreeMap;

use super::authorities::Issuers;
use super::context::{Context, Findings};
use super::lineage::Lineage;
use super::tls::{self, Certificates, Setting, Source};
use super::{
    Client, ClientAuthentication, Exposure, ServerCertificateSource, ServerTls, Service,
    client_auth, collisions, existing_ingress, gateways, names, routes,
};
use crate::diagnostic::Diagnostic;
use crate::domain;
use crate::path;
use crate::pki::chain::covers;
use crate::specification::value::{FalseOr, HostName, ObjectName};
use crate::specification::{self, ClientAuth, Tls};

/// What the other rooms found out, as far as hosts need it.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Services.
    pub services: &'a BTreeMap<String, Service>,
    /// Authorities, and their keys where they were supplied.
    pub issuers: Issuers<'a>,
    /// Clients.
    pub clients: &'a BTreeMap<String, Client>,
    /// Which authority is below which.
    pub lineage: &'a Lineage,
}

/// An entry whose name is known, and its certificate's source.
struct Entry<'a> {
    key: &'a str,
    written: &'a specification::Host,
    host: HostName,
    namespace: String,
    name: ObjectName,
    tls: Setting<tls::Resolved>,
}

/// All hosts; those with errors are left out.
pub fn resolve(
    context: Context<'_>,
    known: Known<'_>,
    certificates: &mut Certificates,
    findings: &mut Findings,
) -> Vec<Exposure> {
    let mut entries = BTreeMap::new();
    for (key, written) in &context.spec.hosts {
        if let Some(entry) = entry(context, key, written, known, certificates, findings) {
            entries.insert(key.as_str(), entry);
        }
    }
    let mut exposures: Vec<Exposure> = entries
        .values()
        .filter_map(|entry| exposure(context, entry, &entries, known, certificates, findings))
        .collect();
    cover(&entries, &mut exposures);
    collisions::part_trust_secrets(context, &mut exposures);
    collisions::refuse_equal_ingresses(context, &exposures, findings);
    exposures
}

fn entry<'a>(
    context: Context<'a>,
    key: &'a str,
    written: &'a specification::Host,
    known: Known<'_>,
    certificates: &mut Certificates,
    findings: &mut Findings,
) -> Option<Entry<'a>> {
    let host = host_name(context, key, written, findings)?;
    let namespace = super::namespace(context.spec, written.namespace.as_ref()).to_string();
    let name = written.ingress_name.clone().unwrap_or_else(|| names::ingress(&host));
    let tls = match effective_tls(context, key, written, findings) {
        Setting::Wrong => Setting::Wrong,
        Setting::Off => Setting::Off,
        Setting::On(wanted) => {
            tls::resolve(context, key, &host, &wanted, known.issuers, certificates, findings).into()
        }
    };
    Some(Entry { key, written, host, namespace, name, tls })
}

fn host_name(
    context: Context<'_>,
    key: &str,
    written: &specification::Host,
    findings: &mut Findings,
) -> Option<HostName> {
    if let Some(host) = &written.host {
        super::refuse_key_name(context, &path!["hosts", key], key, findings);
        return Some(host.clone());
    }
    if context.has(&path!["hosts", key, "host"]) {
        return None;
    }
    match key.parse::<HostName>() {
        Ok(host) => Some(host),
        Err(problem) => {
            let mut lines = problem.lines();
            let title = lines.next().unwrap_or_default().to_owned();
            let mut diagnostic =
                Diagnostic::error("invalid-host", title).at(context.key(&path!["hosts", key]));
            diagnostic.help.extend(lines.map(str::to_owned));
            findings.push(diagnostic.help("or keep the key as a mere name and set `host`"));
            None
        }
    }
}

/// A host's own `tls` over the defaults; saying nothing is an error.
fn effective_tls(
    context: Context<'_>,
    key: &str,
    written: &specification::Host,
    findings: &mut Findings,
) -> Setting<Tls> {
    let defaults = context.spec.defaults.hosts.tls.as_ref();
    match (&written.tls, defaults) {
        (Some(FalseOr::False), _) | (None, Some(FalseOr::False)) => Setting::Off,
        (Some(FalseOr::Is(own)), Some(FalseOr::Is(base))) => {
            Setting::On(tls::over_defaults(own, base))
        }
        (Some(FalseOr::Is(own)), _) => Setting::On(own.clone()),
        (None, Some(FalseOr::Is(base))) => Setting::On(base.clone()),
        (None, None) if written.existing_ingress.is_some() => Setting::Off,
        (None, None) => {
            if !context.has(&path!["hosts", key, "tls"])
                && !context.has(&path!["defaults", "hosts", "tls"])
            {
                findings.push(
                    Diagnostic::error("missing-key", "this host does not say where its certificate comes from")
                        .at(context.key(&path!["hosts", key]))
                        .help("write `tls.issuer = \"self-signed\"` or another source, or `tls = false` for HTTP only"),
                );
            }
            Setting::Wrong
        }
    }
}

fn effective_client_auth(
    context: Context<'_>,
    written: &specification::Host,
) -> Option<ClientAuth> {
    let defaults = context.spec.defaults.hosts.client_auth.as_ref();
    match (&written.client_auth, defaults) {
        (Some(FalseOr::False), _) | (None, Some(FalseOr::False) | None) => None,
        (Some(FalseOr::Is(own)), Some(FalseOr::Is(base))) => {
            Some(client_auth::over_defaults(own, base))
        }
        (Some(FalseOr::Is(own)), _) => Some(own.clone()),
        (None, Some(FalseOr::Is(base))) => Some(base.clone()),
    }
}

fn exposure(
    context: Context<'_>,
    entry: &Entry<'_>,
    entries: &BTreeMap<&str, Entry<'_>>,
    known: Known<'_>,
    certificates: &Certificates,
    findings: &mut Findings,
) -> Option<Exposure> {
    let Entry { key, written, host, namespace, name, .. } = entry;
    let routes = match &written.existing_ingress {
        Some(_) => Some(Vec::new()),
        None => routes::resolve(context, key, written, namespace, known.services, findings),
    };
    let tls = match &entry.tls {
        Setting::Wrong => Setting::Wrong,
        Setting::Off => Setting::Off,
        Setting::On(own) => server_tls(context, entry, own, entries, certificates, findings).into(),
    };
    let client_auth = client_authentication(context, entry, &tls, known, findings);
    let existing_ingress = match &written.existing_ingress {
        Some(existing) => {
            existing_ingress::refuse_without_effect(context, key, written, findings);
            if matches!((&tls, &client_auth), (Setting::Off, Setting::Off)) {
                existing_ingress::refuse_nothing_to_add(context, key, findings);
            }
            Some(existing_ingress::resolve(context, key, existing, findings)?)
        }
        None => None,
    };
    let own_namespace = super::namespace(context.spec, written.namespace.as_ref());
    let gateway = gateways::resolve(context, key, written, &own_namespace, findings);
    let mut labels = super::labels(context.spec);
    labels.extend(written.labels.clone());
    let mut annotations = context.spec.annotations.clone();
    annotations.extend(written.annotations.clone());
    Some(Exposure {
        key: (*key).to_owned(),
        host: host.clone(),
        namespace: own_namespace,
        name: name.clone(),
        ingress_class_name: super::ingress_class_name(context, written),
        gateway,
        routes: routes?,
        tls: tls.usable()?,
        client_auth: client_auth.usable()?,
        existing_ingress,
        covered_by: None,
        labels,
        annotations,
        allowed_annotations: written.allow_annotations.iter().cloned().collect(),
    })
}

/// Says of each host which wildcard entry with a certificate covers its name.
fn cover(entries: &BTreeMap<&str, Entry<'_>>, exposures: &mut [Exposure]) {
    let with_certificate = entries.values().filter(|entry| matches!(entry.tls, Setting::On(_)));
    let domains: BTreeMap<&str, &str> = with_certificate
        .filter_map(|entry| Some((entry.host.as_str().strip_prefix("*.")?, entry.key)))
        .collect();
    for exposure in exposures {
        let key =
            domain::of_wildcard(exposure.host.as_str()).and_then(|domain| domains.get(domain));
        exposure.covered_by = key.map(|key| (*key).to_owned());
    }
}

fn client_authentication(
    context: Context<'_>,
    entry: &Entry<'_>,
    tls: &Setting<ServerTls>,
    known: Known<'_>,
    findings: &mut Findings,
) -> Setting<ClientAuthentication> {
    let Some(auth) = effective_client_auth(context, entry.written) else { return Setting::Off };
    let server_secret = match tls {
        Setting::Off if existing_ingress::has_own_tls(context, entry.written) => {
            names::server_secret(entry.name.as_str())
        }
        Setting::Off => {
            refuse_without_tls(context, entry.key, findings);
            return Setting::Wrong;
        }
        Setting::On(tls) => tls.secret_name.to_string(),
        Setting::Wrong => names::server_secret(entry.name.as_str()),
    };
    let of = client_auth::Of {
        key: entry.key,
        namespace: &entry.namespace,
        server_secret: &server_secret,
    };
    let known = client_auth::Known {
        authorities: known.issuers.authorities,
        clients: known.clients,
        lineage: known.lineage,
    };
    client_auth::resolve(context, of, &auth, known, findings).into()
}

fn refuse_without_tls(context: Context<'_>, key: &str, findings: &mut Findings) {
    let own = path!["hosts", key, "clientAuth"];
    let by_default = !context.has(&own);
    let place = if by_default { context.key(&path!["hosts", key]) } else { context.key(&own) };
    let help = if by_default {
        "`defaults.hosts.clientAuth` holds for this host too: write `clientAuth = false`, or give it a certificate"
    } else {
        "give the host a certificate, such as `tls.issuer = \"self-signed\"`, or write `clientAuth = false`"
    };
    findings.push(
        Diagnostic::error(
            "client-auth-without-tls",
            "client authentication is part of TLS, and this host has no certificate",
        )
        .at(place)
        .related(context.key(&path!["hosts", key, "tls"]), "HTTP only")
        .help(help),
    );
}

/// Gives the Secret its name, and follows `tls.host` to the entry whose certificate it is.
fn server_tls(
    context: Context<'_>,
    entry: &Entry<'_>,
    own: &tls::Resolved,
    entries: &BTreeMap<&str, Entry<'_>>,
    certificates: &Certificates,
    findings: &mut Findings,
) -> Option<ServerTls> {
    let own_name = |ingress: &ObjectName| {
        names::server_secret(ingress.as_str()).parse().expect("a name with a suffix is a name")
    };
    let other = match &own.source {
        Source::Own(source) => {
            let secret_name = own.secret_name.clone().unwrap_or_else(|| own_name(&entry.name));
            return Some(ServerTls { secret_name, source: source.clone() });
        }
        Source::OfHost(other) => entries.get(other.as_str())?,
    };
    let path = tls::written_path(context, entry.key, "host");
    let mut refuse = |title: String, help: String| {
        findings.push(
            Diagnostic::error("borrowed-certificate", title).at(context.value(&path)).help(help),
        );
    };
    let theirs = match &other.tls {
        Setting::On(theirs) => Some(theirs),
        Setting::Off => None,
        Setting::Wrong => return None,
    };
    let Some(theirs) = theirs else {
        refuse(
            format!("host `{}` has no certificate to borrow", other.key),
            "name an entry with `tls`".to_owned(),
        );
        return None;
    };
    let Source::Own(source) = &theirs.source else {
        refuse(
            format!("host `{}` borrows its certificate itself", other.key),
            "name the entry that the certificate belongs to".to_owned(),
        );
        return None;
    };
    if !covered(source, &entry.host, certificates) {
        refuse(
            format!("the certificate of host `{}` is not valid for `{}`", other.key, entry.host),
            format!("add `{}` to `dnsNames` of that host's `tls`", entry.host),
        );
        return None;
    }
    let held = matches!(source, ServerCertificateSource::Held(_));
    if other.namespace != entry.namespace && !held {
        refuse(
            format!(
                "the certificate's Secret is in namespace `{}`, this host in `{}`",
                other.namespace, entry.namespace
            ),
            "mtlsgen can copy only certificates that it holds: give this host a source of its own"
                .to_owned(),
        );
        return None;
    }
    let their_name = theirs.secret_name.clone().unwrap_or_else(|| own_name(&other.name));
    if !held && own.secret_name.as_ref().is_some_and(|name| *name != their_name) {
        refuse(
            format!("the certificate's Secret is `{their_name}`"),
            "remove `secretName`: mtlsgen can copy only certificates that it holds".to_owned(),
        );
        return None;
    }
    // cert-manager fills the Secret once, for the entry that names it.
    let source = if held { source.clone() } else { ServerCertificateSource::Existing };
    Some(ServerTls { secret_name: own.secret_name.clone().unwrap_or(their_name), source })
}

/// Whether a certificate that mtlsgen knows is valid for `host`; of others nothing is known.
fn covered(source: &ServerCertificateSource, host: &HostName, certificates: &Certificates) -> bool {
    let ServerCertificateSource::Held(holder) = source else { return true };
    let issued = certificates.requests.get(holder.name()).map(|request| &request.names.dns);
    let supplied = certificates
        .supplied
        .get(holder)
        .and_then(|chain| chain.first())
        .map(|certificate| &certificate.names.dns);
    issued.or(supplied).is_none_or(|names| names.iter().any(|name| covers(name, host.as_str())))
}
