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

/// A certificate that may be both is a host's if it has a DNS name, unless people say otherwise; a common name alone
/// counts where the key is here, without which nothing serves.
///
/// # Errors
/// Why it is neither.
pub(super) fn role(case: Case<'_>, certificate: &Certificate) -> Result<Role, String> {
    let serves_clients = certificate.allows(&ExtendedKeyUsage::ClientAuth);
    let serves_servers = certificate.allows(&ExtendedKeyUsage::ServerAuth);
    let options = case.options;
    if serves_clients && options.clients.said_of(certificate).is_some() {
        return Ok(Role::Client);
    }
    if let Some(name) = options.hosts.said_of(certificate) {
        return match name.to_lowercase().parse() {
            Ok(host) if serves_servers => Ok(Role::Host(host)),
            Ok(_) => {
                Err("its extended key usage lacks `serverAuth`, so it is not a host's".to_owned())
            }
            Err(_) => Err(format!("`{name}` is not a name of a host")),
        };
    }
    if let Some(site) = case.served_host(certificate).filter(|_| serves_servers) {
        return site
            .host
            .parse()
            .map(Role::Host)
            .map_err(|_| "its Ingress has no name of a host".to_owned());
    }
    let is_guess = names::has_no_names(certificate);
    match names::host(certificate) {
        Some(host)
            if serves_servers && (!is_guess || !serves_clients || case.has_key(certificate)) =>
        {
            Ok(Role::Host(host))
        }
        _ if serves_clients => Ok(Role::Client),
        None if serves_servers => {
            Err("it is a server's, but has no name of a host: name it with `--host`".to_owned())
        }
        _ => Err("its extended key usage has neither `serverAuth` nor `clientAuth`".to_owned()),
    }
}

/// Whether it is for both, and the common name alone makes it a host's.
pub(super) fn is_guessed(case: Case<'_>, certificate: &Certificate) -> bool {
    names::has_no_names(certificate)
        && (certificate.allows(&ExtendedKeyUsage::ClientAuth) || certificate.is_authority)
        && case.options.hosts.said_of(certificate).is_none()
        && case.served_host(certificate).is_none()
}
