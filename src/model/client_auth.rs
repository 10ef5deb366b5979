//! Client authentication of hosts: who is trusted, and who may.

use std::collections::{BTreeMap, BTreeSet};

use super::allow;
use super::authorities::SELF_SIGNED;
use super::context::{Context, Findings};
use super::lineage::Lineage;
use super::{Authority, Client, ClientAuthentication, Reference};
use crate::diagnostic::Diagnostic;
use crate::path;
use crate::pki::request::Issuer;
use crate::specification::document::Path;
use crate::specification::value::{FalseOr, NamespacedName, ObjectName};
use crate::specification::{ClientAuth, Spec};

/// What the other rooms found out, as far as client authentication needs it.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Authorities.
    pub authorities: &'a BTreeMap<String, Authority>,
    /// Clients.
    pub clients: &'a BTreeMap<String, Client>,
    /// Which authority is below which.
    pub lineage: &'a Lineage,
}

/// The host whose client authentication is resolved.
#[derive(Clone, Copy, Debug)]
pub struct Of<'a> {
    /// Key under `hosts`.
    pub key: &'a str,
    /// Namespace of its Ingress.
    pub namespace: &'a str,
    /// Name of the Secret with its server certificate.
    pub server_secret: &'a str,
}

/// `own` laid over `defaults`, key by key. `cas` and a Secret of `namespace/name`, which exists already,
/// replace each other; a bare name is the name of the trust bundle's Secret.
#[must_use]
pub fn over_defaults(own: &ClientAuth, defaults: &ClientAuth) -> ClientAuth {
    let own = own.clone();
    let mut base = defaults.clone();
    let exists = |name: &NamespacedName| name.namespace().is_some();
    if own.cas.is_some() {
        base.secret_name = base.secret_name.filter(|name| !exists(name));
    } else if own.secret_name.as_ref().is_some_and(exists) {
        base.cas = None;
    }
    ClientAuth {
        cas: own.cas.or(base.cas),
        secret_name: own.secret_name.or(base.secret_name),
        verify: own.verify.or(base.verify),
        verify_depth: own.verify_depth.or(base.verify_depth),
        pass_certificate_to_upstream: own
            .pass_certificate_to_upstream
            .or(base.pass_certificate_to_upstream),
        error_page: own.error_page.or(base.error_page),
        allow: own.allow.or(base.allow),
    }
}

/// The client authentication of one host.
pub fn resolve(
    context: Context<'_>,
    of: Of<'_>,
    auth: &ClientAuth,
    known: Known<'_>,
    findings: &mut Findings,
) -> Option<ClientAuthentication> {
    let verify = auth.verify.unwrap_or_default();
    let authorities = match &auth.cas {
        Some(cas) => Some(listed_authorities(context, of, cas, known, findings)?),
        None => None,
    };
    let (secret, existing) = match &authorities {
        Some(authorities) => (bundle_secret(context, of, auth, authorities, findings)?, false),
        None => (existing_secret(context, of, auth, findings)?, true),
    };
    let authorities = authorities.unwrap_or_default();
    let allow = match &auth.allow {
        Some(names) => {
            let list = allow::List { names, verify, existing, authorities: &authorities };
            Some(allow::resolve(context, of, &list, known, findings)?)
        }
        None => None,
    };
    Some(ClientAuthentication {
        secret,
        existing,
        authorities,
        verify,
        verify_depth: auth.verify_depth,
        pass_certificate_to_upstream: auth.pass_certificate_to_upstream.unwrap_or(true),
        error_page: auth.error_page.clone(),
        allow,
    })
}

/// Where a key of `clientAuth` was written: at the host, or in the defaults of all.
pub(super) fn written_path(context: Context<'_>, key: &str, field: &str) -> Path {
    let own = path!["hosts", key, "clientAuth", field];
    if context.has(&own) { own } else { path!["defaults", "hosts", "clientAuth", field] }
}

fn listed_authorities(
    context: Context<'_>,
    of: Of<'_>,
    cas: &[String],
    known: Known<'_>,
    findings: &mut Findings,
) -> Option<Vec<String>> {
    let path = || written_path(context, of.key, "cas");
    if cas.is_empty() {
        findings.push(
            Diagnostic::error("no-authority", "client authentication needs an authority to trust")
                .at(context.value(&path()))
                .help("name at least one under `cas`; to require no client certificate, write `clientAuth = false`"),
        );
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    let mut complete = true;
    for (index, name) in cas.iter().enumerate() {
        let here = || [path().as_slice(), &path![index]].concat();
        let declared = &context.spec.cas;
        if name == SELF_SIGNED || !declared.contains_key(name.as_str()) {
            findings.unknown(
                context,
                &here(),
                ("authority", "cas"),
                name,
                declared.keys().map(ObjectName::as_str),
            );
            complete = false;
        } else if names.contains(name) {
            findings.push(
                Diagnostic::warning("repeated", format!("`{name}` is listed twice in `cas`"))
                    .at(context.value(&here()))
                    .help("remove one"),
            );
        } else {
            // An authority with errors of its own is missing here; its errors are reported elsewhere.
            complete &= known.authorities.contains_key(name);
            names.push(name.clone());
        }
    }
    complete.then_some(names)
}

/// The Secret that mtlsgen fills with the trust bundle.
fn bundle_secret(
    context: Context<'_>,
    of: Of<'_>,
    auth: &ClientAuth,
    authorities: &[String],
    findings: &mut Findings,
) -> Option<Reference> {
    let namespace = of.namespace.to_owned();
    if let Some(written) = &auth.secret_name {
        if let Some(other) = written.namespace().filter(|other| *other != of.namespace) {
            findings.push(
                Diagnostic::error(
                    "other-namespace",
                    format!("the trust bundle would lie in namespace `{other}`, the host's Ingress in `{}`", of.namespace),
                )
                .at(context.value(&written_path(context, of.key, "secretName")))
                .help(format!(
                    "write `{}/{}`: the controller reads Secrets of other namespaces only with `allow-cross-namespace-resources`",
                    of.namespace,
                    written.name()
                )),
            );
            return None;
        }
        return Some(Reference { namespace, name: written.name().to_owned() });
    }
    if let [only] = authorities
        && let Some(name) =
            context.spec.cas.get(only.as_str()).and_then(|ca| ca.secret_name.as_ref())
    {
        return Some(Reference { namespace, name: name.to_string() });
    }
    Some(Reference { namespace, name: (context.conventions.trust_secret)(of.server_secret) })
}

/// The Secret that exists already, which was not provided to mtlsgen.
fn existing_secret(
    context: Context<'_>,
    of: Of<'_>,
    auth: &ClientAuth,
    findings: &mut Findings,
) -> Option<Reference> {
    let Some(written) = &auth.secret_name else {
        if !context.has(&path!["hosts", of.key, "clientAuth", "cas"]) {
            findings.push(
                Diagnostic::error("no-authority", "client authentication needs an authority to trust")
                    .at(context.value(&path!["hosts", of.key, "clientAuth"]))
                    .help("write `cas = [\"...\"]`, or `secretName = \"namespace/name\"` of an existing Secret with `ca.crt`"),
            );
        }
        return None;
    };
    Some(Reference {
        namespace: written.namespace().unwrap_or(of.namespace).to_owned(),
        name: written.name().to_owned(),
    })
}

/// Authorities that sign clients: those of the spec's clients, and those that some host lets in.
#[must_use]
pub fn signers(spec: &Spec, clients: &BTreeMap<String, Client>) -> BTreeSet<String> {
    let by_client = clients.values().filter_map(|client| match &client.request.issuer {
        Issuer::Authority(name) => Some(name),
        Issuer::SelfSigned => None,
    });
    let settings = spec.hosts.values().map(|host| &host.client_auth);
    let by_host = settings.chain([&spec.defaults.hosts.client_auth]).flat_map(|auth| match auth {
        Some(FalseOr::Is(auth)) => auth.cas.as_deref().unwrap_or_default(),
        Some(FalseOr::False) | None => &[],
    });
    by_client.chain(by_host).cloned().collect()
}
