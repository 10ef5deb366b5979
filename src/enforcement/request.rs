//! A request, and what its client shows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::clients::Pins;
use super::observed::{Address, Protocol};
use crate::pki::certificate::Certificate;
use crate::pki::request::SerialNumber;

/// A request as it reaches a controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The address that it goes to.
    pub address: Address,
    /// How it comes.
    pub protocol: Protocol,
    /// Its port.
    pub port: u16,
    /// The name in the TLS handshake, in lower case; `None`: it has none, or the request comes by plain HTTP.
    pub sni: Option<String>,
    /// The name of its header `Host` or of `:authority`, in lower case and without a port.
    pub authority: String,
    /// The path, decoded and normalized, without the query.
    pub path: String,
    /// Further headers, by name in lower case.
    pub headers: BTreeMap<String, String>,
    /// What its client shows in the handshake, where it is asked.
    pub client: Presented,
}

/// What a client sends when the server requests a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presented {
    /// Nothing.
    Nothing,
    /// These certificates, its own first, in the order in which it sends them.
    Chain(Vec<Certificate>),
    /// A certificate that need not exist, whose signature is taken for valid.
    Supposed {
        /// Who signed it.
        issuer: Arc<Certificate>,
        /// What it says.
        leaf: LeafFacts,
        /// What is sent beside it.
        sends: Arc<[Certificate]>,
    },
}

/// What a certificate says that need not exist; it is valid at the time of the request, and for TLS clients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeafFacts {
    /// Its subject, as RFC 2253 prints it.
    pub subject: String,
    /// Its serial number; `None`: one that no list has.
    pub serial: Option<SerialNumber>,
    /// Of names and hashes that a listener may pin, those that it has.
    pub pins: Pins,
}

impl Request {
    /// A request of this host by HTTPS, at `/`, as a client makes it that shows nothing.
    #[must_use]
    pub fn of(host: &str) -> Self {
        let host = host.to_lowercase();
        Self {
            address: None,
            protocol: Protocol::Https,
            port: 443,
            sni: Some(host.clone()),
            authority: host,
            path: "/".to_owned(),
            headers: BTreeMap::new(),
            client: Presented::Nothing,
        }
    }

    /// The same by plain HTTP.
    #[must_use]
    pub fn plain(self) -> Self {
        let protocol = Protocol::Http;
        Self { protocol, port: 80, sni: None, client: Presented::Nothing, ..self }
    }

    /// The subject of the client's certificate, as RFC 2253 prints it.
    #[must_use]
    pub fn subject(&self) -> Option<String> {
        match &self.client {
            Presented::Nothing => None,
            Presented::Chain(chain) => chain.first().map(|leaf| leaf.subject.rfc2253()),
            Presented::Supposed { leaf, .. } => Some(leaf.subject.clone()),
        }
    }
}
