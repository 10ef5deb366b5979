//! The annotations that mtlsgen sets.

use std::collections::BTreeMap;

use super::subject::{self, SubjectError};
use crate::diagnostic::Diagnostic;
use crate::model::{Exposure, ServerCertificateSource, ServerTls};
use crate::specification::Verify;
use crate::targets::HostArrangement;

/// Annotations of cert-manager that ask for a certificate.
pub(super) const CLUSTER_ISSUER: &str = "cert-manager.io/cluster-issuer";
pub(super) const ISSUER: &str = "cert-manager.io/issuer";

/// Redirects to HTTPS where the host has a certificate.
const SSL_REDIRECT: &str = "nginx.ingress.kubernetes.io/ssl-redirect";

/// Values by name.
pub(super) type Annotations = BTreeMap<&'static str, String>;

/// All annotations that express these settings.
pub(super) fn of(
    exposure: &Exposure,
    arranged: Option<&HostArrangement<'_>>,
) -> Result<Annotations, Diagnostic> {
    let Exposure {
        key,
        host: _,
        namespace: _,
        name: _,
        ingress_class_name: _,
        gateway: _,
        routes: _,
        tls,
        client_auth: _,
        existing_ingress,
        covered_by,
        labels: _,
        annotations: own,
        allowed_annotations: _,
    } = exposure;
    let mut annotations = match arranged {
        Some(arranged) => for_client_auth(key, arranged)?,
        None => Annotations::new(),
    };
    // With a certificate for the name, which the wildcard's is, the controller redirects to HTTPS
    // (`certificate_configured_for_current_request` of `rootfs/etc/nginx/lua/lua_ingress.lua`).
    let is_redirected = tls.is_none() && existing_ingress.is_none() && covered_by.is_some();
    if is_redirected && own.get(SSL_REDIRECT).is_none() {
        annotations.insert(SSL_REDIRECT, "false".to_owned());
    }
    if let Some(ServerTls { secret_name: _, source }) = tls {
        match source {
            ServerCertificateSource::ClusterIssuer(name) => {
                annotations.insert(CLUSTER_ISSUER, name.to_string());
            }
            ServerCertificateSource::Issuer(name) => {
                annotations.insert(ISSUER, name.to_string());
            }
            ServerCertificateSource::Held(_) | ServerCertificateSource::Existing => {}
        }
    }
    Ok(annotations)
}

/// Annotations of a host that authenticates clients.
pub(super) fn for_client_auth(
    key: &str,
    arranged: &HostArrangement<'_>,
) -> Result<Annotations, Diagnostic> {
    let HostArrangement {
        secret,
        authorities: _,
        pinned: _,
        verify,
        looks_up_leaf_alone: _,
        depth,
        subjects,
        pass_certificate_to_upstream,
        error_page,
    } = arranged;
    let mut annotations = Annotations::new();
    let mut set = |name: &'static str, value: String| annotations.insert(name, value);
    // Always with its namespace: a bare name makes the controller answer every request with 403.
    set("nginx.ingress.kubernetes.io/auth-tls-secret", secret.to_string());
    set("nginx.ingress.kubernetes.io/auth-tls-verify-client", verify_word(*verify).to_owned());
    if let Some(depth) = depth {
        set("nginx.ingress.kubernetes.io/auth-tls-verify-depth", depth.to_string());
    }
    set(
        "nginx.ingress.kubernetes.io/auth-tls-pass-certificate-to-upstream",
        pass_certificate_to_upstream.to_string(),
    );
    if let Some(page) = error_page {
        set("nginx.ingress.kubernetes.io/auth-tls-error-page", page.to_string());
    }
    if let Some(subjects) = subjects {
        set("nginx.ingress.kubernetes.io/auth-tls-match-cn", match_subjects(key, subjects)?);
    }
    if *verify != Verify::Off {
        // Port 80 never authenticates clients: only the redirect keeps it shut, and this one holds
        // for any `ssl-redirect` in the ConfigMap.
        set("nginx.ingress.kubernetes.io/force-ssl-redirect", "true".to_owned());
    }
    Ok(annotations)
}

/// The controller's word.
pub(super) fn verify_word(verify: Verify) -> &'static str {
    match verify {
        Verify::On => "on",
        Verify::Optional => "optional",
        Verify::OptionalNoCa => "optional_no_ca",
        Verify::Off => "off",
    }
}

fn match_subjects(key: &str, subjects: &[String]) -> Result<String, Diagnostic> {
    subject::match_value(subjects).map_err(|error| {
        let inexpressible = |what: String| {
            Diagnostic::error(
                "allow-inexpressible",
                format!(
                    "`hosts.{key}.clientAuth.allow` cannot be expressed by ingress-nginx: {what}"
                ),
            )
        };
        match error {
            SubjectError::Empty => inexpressible(
                "an empty subject, or none, would admit clients without a certificate".to_owned(),
            )
            .help("name at least one client, each with a subject"),
            SubjectError::NotAscii(subject) => inexpressible(format!(
                "nginx never prints a subject like `{}`",
                subject.escape_debug()
            ))
            .help("subjects are compared as `openssl x509 -nameopt RFC2253` prints them"),
            SubjectError::TooLong(bytes) => inexpressible(format!(
                "the subjects together need {bytes} bytes, and nginx reads no argument above 4,000"
            ))
            .help(
                "let an authority of its own sign the clients of this host, and leave `allow` out",
            )
            .help("or check the header `ssl-client-subject-dn` in the service"),
        }
    })
}
