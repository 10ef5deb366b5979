//! The tables of hosts and clients, and of the services behind hosts.

use super::value::{quoted, quoted_list};
use super::{REQUEST, Service, Writer, namespaced, secret_name, supplied_file};
use crate::import::judge::{Entry, Pki, Source};
use crate::import::names;
use crate::pki::request::{Holder, Issuer};
use crate::specification::value::HostName;
use crate::time::Seconds;

impl Writer<'_> {
    pub(super) fn host(&mut self, entry: &Entry, service: Option<&Service>) {
        let name = entry.holder.name();
        self.header("hosts", name, entry);
        let names = entry.names();
        let host = entry
            .certificate
            .as_ref()
            .and_then(names::host)
            .or_else(|| names.dns.iter().find_map(|name| name.parse::<HostName>().ok()));
        let host = host.map_or_else(|| name.to_owned(), |host| host.to_string());
        if host != name {
            self.line(&format!("host = {}", quoted(&host)));
        }
        let namespace = self.other_namespace(entry);
        if let Some(service) = service {
            self.line(&format!(
                "service = {}",
                quoted(&service_key(service.name.as_str(), namespace))
            ));
        } else {
            self.line("# Name the service behind this host, an entry under `services`; nothing is rendered before.");
            self.line("# service = \"NAME\"");
        }
        if let Some(namespace) = namespace {
            self.line(&format!("namespace = {}", quoted(namespace)));
        }
        self.certificate(&host, entry);
        if let Some(secret) = secret_name(entry) {
            self.line(&format!("tls.secretName = {}", quoted(secret)));
        }
        if self.client_signers.is_empty() {
            self.line("# No client came along. To ask for certificates all the same: clientAuth.cas = [\"NAME\"]");
        } else {
            self.line(&format!("clientAuth.cas = {}", quoted_list(&self.client_signers)));
        }
    }

    /// The namespace of a holder's Secret, if it is another than most have.
    pub(super) fn other_namespace<'e>(&self, entry: &'e Entry) -> Option<&'e str> {
        namespaced(entry).filter(|own| self.namespace.as_deref() != Some(own))
    }

    /// Where the certificate of a host comes from.
    pub(super) fn certificate(&mut self, host: &str, entry: &Entry) {
        match &entry.source {
            Source::Supplied => {
                for (word, file) in [("certificate", "tls.crt"), ("key", "tls.key")] {
                    self.line(&format!(
                        "tls.{word} = {}",
                        quoted(&supplied_file(&entry.holder, file))
                    ));
                }
            }
            Source::Issued(issuer) => self.server_certificate(host, entry, issuer),
        }
    }

    fn server_certificate(&mut self, host: &str, entry: &Entry, issuer: &Issuer) {
        let issuer = match issuer {
            Issuer::SelfSigned => "self-signed",
            Issuer::Authority(name) => name,
        };
        self.line(&format!("tls.issuer = {}", quoted(issuer)));
        self.subject("tls.subject", entry, host);
        let names = entry.names();
        if names.dns != [host] {
            self.line(&format!("tls.dnsNames = {}", quoted_list(&names.dns)));
        }
        self.addresses("tls.", &names.ip);
        self.kind("tls.privateKey", entry);
        self.duration("tls.", entry, Seconds::days(365));
    }

    fn addresses(&mut self, prefix: &str, addresses: &[std::net::IpAddr]) {
        if !addresses.is_empty() {
            let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            self.line(&format!("{prefix}ipAddresses = {}", quoted_list(&texts)));
        }
    }

    pub(super) fn client(&mut self, name: &str, entry: &Entry) {
        self.header("clients", name, entry);
        if let Source::Issued(Issuer::Authority(issuer)) = &entry.source {
            self.line(&format!("issuer = {}", quoted(issuer)));
        }
        self.subject("subject", entry, name);
        let names = entry.names();
        for (field, list) in
            [("dnsNames", &names.dns), ("emailAddresses", &names.email), ("uris", &names.uri)]
        {
            if !list.is_empty() {
                self.line(&format!("{field} = {}", quoted_list(list)));
            }
        }
        self.addresses("", &names.ip);
        if entry.csr.is_some() {
            self.line(&format!("csr = {}", quoted(&supplied_file(&entry.holder, REQUEST))));
        } else {
            self.kind("privateKey", entry);
        }
        self.duration("", entry, Seconds::days(365));
        if let Some(secret) = secret_name(entry) {
            self.line(&format!("secretName = {}", quoted(secret)));
            if let Some(namespace) = self.other_namespace(entry) {
                self.line(&format!("namespace = {}", quoted(namespace)));
            }
        }
    }
}

/// The key under `services` of the service in that namespace.
pub(super) fn service_key(service: &str, namespace: Option<&str>) -> String {
    match namespace {
        Some(namespace) => format!("{service}-{namespace}"),
        None => service.to_owned(),
    }
}

/// The authorities that have signed clients which are taken over.
pub(super) fn client_signers(pki: &Pki) -> Vec<String> {
    let mut signers: Vec<String> = pki
        .entries
        .iter()
        .filter(|entry| matches!(entry.holder, Holder::Client(_)))
        .filter_map(|entry| match &entry.source {
            Source::Issued(Issuer::Authority(name)) => Some(name.clone()),
            _ => None,
        })
        .collect();
    signers.sort();
    signers.dedup();
    // A host that lists one that nginx refuses is an error: a note reports it.
    let is_refused = |entry: &Entry| entry.source == Source::Supplied && entry.refusal().is_some();
    signers.retain(|name| !pki.authority(name).is_some_and(is_refused));
    signers
}
