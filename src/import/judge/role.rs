//! What a leaf certificate is for.

use super::Case;
use crate::import::names;
use crate::pki::certificate::{Certificate, ExtendedKeyUsage};
use crate::specification::value::HostName;

/// What a leaf certificate is taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The server of a host.
    Host(HostName),
    /// A client.
    Client,
}

/// A certificate that may be both is a host's if it has a DNS name, unless people say otherwise.
///
/// # Errors
/// Why it is neither.
pub(super) fn role(case: Case<'_>, certificate: &Certificate) -> Result<Role, String> {
    let serves_clients = certificate.allows(&ExtendedKeyUsage::ClientAuth);
    let serves_servers = certificate.allows(&ExtendedKeyUsage::ServerAuth);
    let common = certificate.subject.common_names();
    let mut names = common.iter().chain(&certificate.names.dns);
    if serves_clients && names.any(|name| case.options.clients.contains(name)) {
        return Ok(Role::Client);
    }
    match names::host(certificate) {
        Some(host) if serves_servers => Ok(Role::Host(host)),
        _ if serves_clients => Ok(Role::Client),
        None if serves_servers => Err("it is a server's, but has no DNS name in subjectAltName, and clients check that alone: have `render` issue another one".to_owned()),
        _ => Err("its extended key usage has neither `serverAuth` nor `clientAuth`".to_owned()),
    }
}
