//! Server certificates of hosts: one source each, and its content.

use std::collections::BTreeMap;

use super::ServerCertificateSource;
use super::authorities::{Issuers, SELF_SIGNED};
use super::context::{Context, Findings, listed};
use super::supplied;
use crate::diagnostic::Diagnostic;
use crate::path;
use crate::pki::certificate::Certificate;
use crate::pki::chain::covers;
use crate::pki::request::{AlternativeNames, CertificateRequest, Holder, Issuer, Usage};
use crate::specification::value::{HostName, ObjectName};
use crate::specification::{self, Tls};
use crate::store::Keyring;
use crate::time::Seconds;

/// The longest validity that clients accept of servers (CA/Browser Forum baseline requirements, 6.3.2).
const LONGEST: Seconds = Seconds::days(398);

/// What a host says of its certificate, before the Secret has a name.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Who fills the Secret, or whose Secret it is.
    pub source: Source,
    /// Name of the Secret, where the user gave one.
    pub secret_name: Option<ObjectName>,
}

/// Where a host's certificate comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// As in the model.
    Own(ServerCertificateSource),
    /// Another entry's.
    OfHost(String),
}

/// What is said of TLS, or of client authentication.
#[derive(Clone, Debug)]
pub enum Setting<T> {
    /// Nothing usable: errors were found and reported.
    Wrong,
    /// None is wanted.
    Off,
    /// This.
    On(T),
}

impl<T> From<Option<T>> for Setting<T> {
    /// `None`: errors were found.
    fn from(resolved: Option<T>) -> Self {
        resolved.map_or(Self::Wrong, Self::On)
    }
}

impl<T> Setting<T> {
    /// As the model has it; `None`: errors were found.
    #[expect(clippy::option_option, reason = "the outer one ends the caller with `?`")]
    pub fn usable(self) -> Option<Option<T>> {
        match self {
            Self::Wrong => None,
            Self::Off => Some(None),
            Self::On(setting) => Some(Some(setting)),
        }
    }
}

/// What resolving the certificates of all hosts gives beside the sources.
#[derive(Debug, Default)]
pub struct Certificates {
    /// Those that mtlsgen issues, by host.
    pub requests: BTreeMap<String, CertificateRequest>,
    /// Those that were supplied, by holder.
    pub supplied: BTreeMap<Holder, Vec<Certificate>>,
    /// Keys that were supplied.
    pub keyring: Keyring,
}

/// `own` laid over `defaults`, key by key; a source of its own replaces the default one.
#[must_use]
pub fn over_defaults(own: &Tls, defaults: &Tls) -> Tls {
    let mut base = defaults.clone();
    let names_source = own.issuer.is_some()
        || own.certificate.is_some()
        || own.key.is_some()
        || own.cert_manager.is_some()
        || own.host.is_some();
    if names_source {
        base.issuer = None;
        base.certificate = None;
        base.key = None;
        base.cert_manager = None;
        base.host = None;
    }
    let own = own.clone();
    Tls {
        issuer: own.issuer.or(base.issuer),
        certificate: own.certificate.or(base.certificate),
        key: own.key.or(base.key),
        cert_manager: own.cert_manager.or(base.cert_manager),
        host: own.host.or(base.host),
        secret_name: own.secret_name.or(base.secret_name),
        subject: own.subject.or(base.subject),
        dns_names: own.dns_names.or(base.dns_names),
        ip_addresses: if own.ip_addresses.is_empty() {
            base.ip_addresses
        } else {
            own.ip_addresses
        },
        private_key: own.private_key.or(base.private_key),
        duration: own.duration.or(base.duration),
        renew_before: own.renew_before.or(base.renew_before),
        serial: own.serial.or(base.serial),
        generation: own.generation.or(base.generation),
    }
}

/// The certificate of host entry `key`, which is seen as `host`.
pub fn resolve(
    context: Context<'_>,
    key: &str,
    host: &HostName,
    tls: &Tls,
    issuers: Issuers<'_>,
    certificates: &mut Certificates,
    findings: &mut Findings,
) -> Option<Resolved> {
    let path = path!["hosts", key, "tls"];
    let sources = sources(tls);
    if sources.len() > 1 {
        findings.push(
            Diagnostic::error(
                "conflicting-keys",
                format!("{} exclude each other: a certificate has one source", listed(&sources)),
            )
            .at(context.value(&path))
            .help("keep one of them"),
        );
        return None;
    }
    let source = match sources.first().copied() {
        Some("issuer") => {
            let request = request(context, key, host, tls, issuers, findings)?;
            certificates.requests.insert(key.to_owned(), request);
            Source::Own(ServerCertificateSource::Held(Holder::Host(key.to_owned())))
        }
        Some("certificate") => {
            refuse_keys_of_ours(context, key, tls, "the certificate is supplied", findings);
            let holder = Holder::Host(key.to_owned());
            let (chain, private_key) =
                supplied::server(context, key, host, tls, issuers, findings)?;
            certificates.supplied.insert(holder.clone(), chain);
            private_key.store(holder.clone(), &mut certificates.keyring);
            Source::Own(ServerCertificateSource::Held(holder))
        }
        Some("certManager") => {
            refuse_keys_of_ours(
                context,
                key,
                tls,
                "cert-manager makes the certificate; it reads `cert-manager.io/...` annotations",
                findings,
            );
            Source::Own(cert_manager(context, key, tls, findings)?)
        }
        Some("host") => {
            refuse_keys_of_ours(context, key, tls, "the certificate is another host's", findings);
            Source::OfHost(other_host(context, key, tls, findings)?)
        }
        _ if tls.secret_name.is_some() => {
            refuse_keys_of_ours(context, key, tls, "the Secret exists already", findings);
            Source::Own(ServerCertificateSource::Existing)
        }
        _ => {
            // A source that was refused while reading is reported already.
            if SOURCES.iter().any(|source| context.has(&written_path(context, key, source))) {
                return None;
            }
            findings.push(
                Diagnostic::error("missing-key", "this `tls` does not say where the certificate comes from")
                    .at(context.value(&path))
                    .help("write `issuer = \"self-signed\"` or a CA's name, `certificate` and `key`, `certManager`, `host`, or `secretName` of an existing Secret"),
            );
            return None;
        }
    };
    Some(Resolved { source, secret_name: tls.secret_name.clone() })
}

/// The keys of `tls` that say where a certificate comes from.
const SOURCES: [&str; 6] = ["issuer", "certificate", "key", "certManager", "host", "secretName"];

/// The sources that `tls` names, `secretName` alone not among them.
fn sources(tls: &Tls) -> Vec<&'static str> {
    [
        ("issuer", tls.issuer.is_some()),
        ("certificate", tls.certificate.is_some() || tls.key.is_some()),
        ("certManager", tls.cert_manager.is_some()),
        ("host", tls.host.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, given)| given.then_some(name))
    .collect()
}

fn request(
    context: Context<'_>,
    key: &str,
    host: &HostName,
    tls: &Tls,
    issuers: Issuers<'_>,
    findings: &mut Findings,
) -> Option<CertificateRequest> {
    let path = path!["hosts", key, "tls"];
    let issuer = issuer(context, key, tls, issuers, findings);
    let defaults = &context.spec.defaults;
    let subject = super::subject(
        context,
        &path,
        tls.subject.as_ref(),
        host.as_str(),
        defaults.subject.as_ref(),
        findings,
    );
    let key_kind = super::key_kind(context, &path, tls.private_key.as_ref(), findings);
    let duration = super::leaf_duration(context.spec, tls.duration);
    if duration > LONGEST {
        let place = if tls.duration.is_some() {
            path!["hosts", key, "tls", "duration"]
        } else {
            path!["defaults", "duration"]
        };
        findings.push(
            Diagnostic::error(
                "duration-too-long",
                format!("a server certificate of {duration} is refused by clients"),
            )
            .at(context.value(&place))
            .help(format!("write `{LONGEST}` or less")),
        );
    }
    let renew_before = super::renew_before(
        context,
        &path,
        tls.renew_before,
        defaults.renew_before,
        duration,
        findings,
    );
    let dns = match &tls.dns_names {
        Some(names) => super::sorted(names.iter().map(ToString::to_string)),
        None => vec![host.to_string()],
    };
    if !dns.iter().any(|name| covers(name, host.as_str())) {
        findings.push(
            Diagnostic::error(
                "names-missing",
                format!("the certificate would not be valid for `{host}`"),
            )
            .at(context.value(&path!["hosts", key, "tls", "dnsNames"]))
            .help(format!("add `{host}` to `dnsNames`")),
        );
    }
    Some(CertificateRequest {
        holder: Holder::Host(key.to_owned()),
        issuer: issuer?,
        usage: Usage::Server,
        subject: subject?,
        names: AlternativeNames {
            dns,
            ip: super::sorted(tls.ip_addresses.iter().map(|address| address.0)),
            ..AlternativeNames::default()
        },
        key_kind: key_kind?,
        public_key: None,
        duration,
        renew_before: renew_before?,
        serial: super::serial(tls.serial.as_ref()),
    })
}

fn issuer(
    context: Context<'_>,
    key: &str,
    tls: &Tls,
    issuers: Issuers<'_>,
    findings: &mut Findings,
) -> Option<Issuer> {
    let name = tls.issuer.as_deref()?;
    if name == SELF_SIGNED {
        return Some(Issuer::SelfSigned);
    }
    let cas = &context.spec.cas;
    let path = written_path(context, key, "issuer");
    if !cas.contains_key(name) {
        let known = cas.keys().map(ObjectName::as_str).chain([SELF_SIGNED]);
        findings.unknown(context, &path, ("authority", "cas"), name, known);
        return None;
    }
    issuers.refuse_without_key(context, &path, name, findings);
    Some(Issuer::Authority(name.to_owned()))
}

/// Where a key of `tls` was written: at the host, or in the defaults of all.
pub fn written_path(context: Context<'_>, key: &str, field: &str) -> specification::document::Path {
    let own = path!["hosts", key, "tls", field];
    if context.has(&own) { own } else { path!["defaults", "hosts", "tls", field] }
}

fn cert_manager(
    context: Context<'_>,
    key: &str,
    tls: &Tls,
    findings: &mut Findings,
) -> Option<ServerCertificateSource> {
    let written = tls.cert_manager.as_ref()?;
    match (&written.cluster_issuer, &written.issuer) {
        (Some(name), None) => Some(ServerCertificateSource::ClusterIssuer(name.clone())),
        (None, Some(name)) => Some(ServerCertificateSource::Issuer(name.clone())),
        (both, _) => {
            let title = if both.is_some() {
                "`clusterIssuer` and `issuer` exclude each other"
            } else {
                "`certManager` does not say who issues"
            };
            findings.push(
                Diagnostic::error("conflicting-keys", title)
                    .at(context.value(&written_path(context, key, "certManager")))
                    .help("write `certManager = { clusterIssuer = \"...\" }` or `certManager = { issuer = \"...\" }`"),
            );
            None
        }
    }
}

fn other_host(
    context: Context<'_>,
    key: &str,
    tls: &Tls,
    findings: &mut Findings,
) -> Option<String> {
    let other = tls.host.clone()?;
    let path = written_path(context, key, "host");
    let hosts = &context.spec.hosts;
    if other == key {
        findings.push(
            Diagnostic::error("unknown-reference", "a host cannot borrow its own certificate")
                .at(context.value(&path))
                .help("write `issuer`, or name another entry of `hosts`"),
        );
        return None;
    }
    if !hosts.contains_key(&other) {
        let known = hosts.keys().map(String::as_str);
        findings.unknown(context, &path, ("host", "hosts"), &other, known);
        return None;
    }
    Some(other)
}

/// Keys that say how mtlsgen is to make a certificate, where others make it.
fn refuse_keys_of_ours(
    context: Context<'_>,
    key: &str,
    tls: &Tls,
    why: &str,
    findings: &mut Findings,
) {
    let given = [
        ("subject", tls.subject.is_some()),
        ("dnsNames", tls.dns_names.is_some()),
        ("ipAddresses", !tls.ip_addresses.is_empty()),
        ("privateKey", tls.private_key.is_some()),
        ("duration", tls.duration.is_some()),
        ("renewBefore", tls.renew_before.is_some()),
        ("serial", tls.serial.is_some()),
        ("generation", tls.generation.is_some()),
    ];
    for (field, _) in given.iter().filter(|(_, given)| *given) {
        let own = path!["hosts", key, "tls", *field];
        // What the defaults say is for the hosts whose certificates mtlsgen makes.
        if !context.has(&own) {
            continue;
        }
        findings.push(
            Diagnostic::error("key-without-effect", format!("`{field}` has no effect here: {why}"))
                .at(context.key(&own))
                .help("remove it, or write `issuer` if mtlsgen is to make the certificate"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::over_defaults;
    use crate::specification::Tls;

    #[test]
    fn a_source_of_its_own_replaces_the_default_source() {
        let defaults = Tls { issuer: Some("self-signed".into()), ..Tls::default() };
        let own = Tls { host: Some("other".into()), ..Tls::default() };
        let merged = over_defaults(&own, &defaults);
        assert_eq!((merged.issuer, merged.host), (None, Some("other".into())));
        let merged = over_defaults(&Tls::default(), &defaults);
        assert_eq!(merged.issuer.as_deref(), Some("self-signed"));
    }
}
