//! What Envoy Gateway makes of client authentication, and what it cannot express.

use std::collections::{BTreeMap, BTreeSet};

use super::{CONVENTIONS, support};
use crate::diagnostic::{Diagnostic, has_errors};
use crate::model::lineage::Anchor;
use crate::model::sole_names::SoleNames;
use crate::model::{
    AuthoritySource, Client, ClientAuthentication, Exposure, Model, ServerCertificateSource,
};
use crate::path;
use crate::pki::certificate::Certificate;
use crate::pki::key::PublicKey;
use crate::pki::request::Issuer;
use crate::specification::document::{Path, Places};
use crate::specification::value::{AnnotationKey, PortReference};
use crate::specification::{PathType, Verify};
use crate::targets::{Arrangement, Feature, HostArrangement, Pinned};

/// Annotations that only ingress-nginx reads begin so.
const NGINX: &str = "nginx.ingress.kubernetes.io/";

/// The arrangement of a model.
///
/// # Errors
/// What cannot be arranged, with what deserves a word beside it.
pub(super) fn arrange<'m>(
    model: &'m Model,
    places: &dyn Places,
) -> Result<Arrangement<'m>, Vec<Diagnostic>> {
    let found = judge(model, places);
    if has_errors(&found) { Err(found) } else { Ok(of(model).with_warnings(found)) }
}

/// The arrangement of a model, even if it is not what the spec asks for.
pub(super) fn of(model: &Model) -> Arrangement<'_> {
    let names = SoleNames::of(model);
    let hosts = model.exposures.iter().filter_map(|exposure| {
        let auth = exposure.client_auth.as_ref()?;
        Some((exposure.key.as_str(), host(model, auth, &names)))
    });
    Arrangement::new(model.conventions.verifier, hosts)
}

fn host<'m>(
    model: &Model,
    auth: &'m ClientAuthentication,
    names: &SoleNames<'_>,
) -> HostArrangement<'m> {
    let ClientAuthentication {
        secret,
        existing,
        authorities,
        verify,
        verify_depth: _,
        pass_certificate_to_upstream,
        error_page: _,
        allow: _,
    } = auth;
    HostArrangement {
        secret,
        authorities: (!existing).then_some(authorities),
        verify: *verify,
        depth: None,
        looks_up_leaf_alone: authorities.iter().any(|name| !is_root(model, name)),
        subjects: None,
        pinned: pinned(model, auth, names),
        pass_certificate_to_upstream: *pass_certificate_to_upstream,
        error_page: None,
    }
}

/// How the clients of a list are recognized: by a name that each of them has alone, or else by their certificates. Those of
/// authorities that others run may have any name.
fn pinned<'m>(model: &Model, auth: &'m ClientAuthentication, names: &SoleNames<'_>) -> Pinned<'m> {
    let Some(clients) = &auth.allow else { return Pinned::None };
    let is_ours = |name: &String| {
        model.lineage.line(name).iter().all(|anchor| matches!(anchor, Anchor::Ours(_)))
    };
    let are_ours = !auth.existing && auth.authorities.iter().all(is_ours);
    let first = clients.iter().map(|client| names.of_client(&client.name).first().cloned());
    match first.collect::<Option<BTreeSet<_>>>().filter(|_| are_ours) {
        Some(all) => Pinned::Names(all.into_iter().collect()),
        None => Pinned::Certificates(clients.iter().map(|client| client.name.as_str()).collect()),
    }
}

/// Whether an authority signs itself: of another one as an anchor, `BoringSSL` finds no list.
pub(super) fn is_root(model: &Model, name: &str) -> bool {
    model.lineage.intermediates(name) == 0
        && model.lineage.line(name).iter().all(|anchor| match anchor {
            Anchor::Ours(_) => true,
            Anchor::Foreign(_) => is_self_signed(model, name),
        })
}

fn is_self_signed(model: &Model, name: &str) -> bool {
    match model.authorities.get(name).map(|authority| &authority.source) {
        Some(AuthoritySource::Supplied(chain)) => {
            chain.first().is_some_and(Certificate::is_self_signed)
        }
        _ => true,
    }
}

/// What is wrong or worth a word with each host.
pub(super) fn judge(model: &Model, places: &dyn Places) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let names = &SoleNames::of(model);
    for exposure in &model.exposures {
        let host = Host { model, places, exposure, names };
        host.features(&mut found);
        host.annotations(&mut found);
        host.routes(&mut found);
        host.certificate(&mut found);
    }
    refuse_disagreement(model, places, &mut found);
    found.extend(keys(model, places));
    found
}

/// Clients with keys of which Envoy takes no signature, so that they show no certificate.
fn keys<'a>(model: &'a Model, places: &'a dyn Places) -> impl Iterator<Item = Diagnostic> + 'a {
    let auths = model.exposures.iter().filter_map(|one| one.client_auth.as_ref());
    let listed: BTreeSet<&String> = auths
        .filter(|auth| auth.verify != Verify::Off)
        .flat_map(|auth| &auth.authorities)
        .collect();
    let is_admitted = move |client: &&Client| match &client.request.issuer {
        Issuer::Authority(issuer) => {
            listed.iter().any(|above| model.lineage.is_at_or_below(issuer, above))
        }
        Issuer::SelfSigned => false,
    };
    let warning = |client: &Client| {
        let request = &client.request;
        let own = request.public_key.as_ref().map(PublicKey::description);
        let key = own.unwrap_or_else(|| request.key_kind.description());
        if CONVENTIONS.verifier.library.takes_signatures_of(&key) {
            return None;
        }
        let title = format!(
            "client `{}` has a key of the kind {key}, of which Envoy takes no signature: it counts as a client without a certificate",
            client.name
        );
        Some(
            Diagnostic::warning("client-key", title)
                .at(places.key(&path!["clients", &client.name]))
                .help("write `privateKey.algorithm = \"ECDSA\"`, or `\"RSA\"`, for it"),
        )
    };
    let clients = model.clients.values().filter(|client| client.revoked.is_none());
    clients.filter(is_admitted).filter_map(warning)
}

/// A host that is judged.
struct Host<'a> {
    model: &'a Model,
    places: &'a dyn Places,
    exposure: &'a Exposure,
    names: &'a SoleNames<'a>,
}

impl Host<'_> {
    /// Where a key of `clientAuth` is written: at the host, or in the defaults of all.
    fn written(&self, field: &str) -> Path {
        let own = path!["hosts", &self.exposure.key, "clientAuth", field];
        if self.places.has(&own) { own } else { path!["defaults", "hosts", "clientAuth", field] }
    }

    /// What [`support`] says is missing, where the spec asks for it.
    fn features(&self, found: &mut Vec<Diagnostic>) {
        let key = &self.exposure.key;
        let unsupported = |feature: Feature, place: &Path| {
            let way_out = support::of(feature).refused()?;
            let title = format!("Envoy Gateway cannot do {} of host `{key}`", feature.words());
            Some(Diagnostic::error("unsupported", title).at(self.places.value(place)).help(way_out))
        };
        if self.exposure.existing_ingress.is_some() {
            let place = path!["hosts", key, "existingIngress"];
            found.extend(unsupported(Feature::ExistingIngress, &place));
        }
        let Some(auth) = &self.exposure.client_auth else { return };
        found.extend(self.renewals(auth));
        if auth.verify_depth.is_some() {
            found.extend(unsupported(Feature::Depth, &self.written("verifyDepth")));
        }
        if auth.error_page.is_some() {
            let title = format!("the `errorPage` of host `{key}` has no effect with Envoy Gateway");
            found.push(
                Diagnostic::warning("unsupported", title)
                    .at(self.places.value(&self.written("errorPage")))
                    .help("clients are refused in the TLS handshake, before there is an answer: remove it"),
            );
        }
        if auth.existing && auth.verify != Verify::Off {
            let title = format!(
                "the revocation list of the Secret `{}` is not read for host `{key}`",
                auth.secret
            );
            found.push(
                Diagnostic::warning("revocation-unchecked", title)
                    .at(self.places.value(&self.written("secretName")))
                    .help("a policy that names a list is closed where the Secret has none: list authorities of the spec in `clientAuth.cas` for their lists"),
            );
        }
    }

    /// Hashes change with every certificate.
    fn renewals(&self, auth: &ClientAuthentication) -> Option<Diagnostic> {
        let Pinned::Certificates(clients) = pinned(self.model, auth, self.names) else {
            return None;
        };
        let nameless = clients.iter().find(|name| self.names.of_client(name).is_empty());
        let title = format!(
            "host `{}` admits the clients of `allow` by the hashes of their certificates, which change with each renewal",
            self.exposure.key
        );
        let found = Diagnostic::warning("pinned-certificates", title)
            .at(self.places.value(&self.written("allow")))
            .help("apply what `mtlsgen render` prints before a client uses its new certificate: old and new are admitted until the old one expires");
        Some(match nameless {
            Some(name) => found.help(format!(
                "give `{name}` a name that no other client has, such as `uris = [\"spiffe://{}/{name}\"]`: then the name is compared, and stays",
                self.exposure.host.as_str().trim_start_matches("*.")
            )),
            None => found.help("others run an authority of this host, and may sign any name: list authorities of your own alone to have names compared"),
        })
    }

    fn annotations(&self, found: &mut Vec<Diagnostic>) {
        for annotation in self.exposure.annotations.keys().map(AnnotationKey::as_str) {
            if !annotation.starts_with(NGINX) {
                continue;
            }
            let own = path!["hosts", &self.exposure.key, "annotations", annotation];
            let place = if self.places.has(&own) { own } else { path!["annotations", annotation] };
            let title = format!(
                "the annotation `{annotation}` of host `{}` has no effect with Envoy Gateway",
                self.exposure.key
            );
            found.push(
                Diagnostic::error("unsupported", title)
                    .at(self.places.key(&place))
                    .help("remove it; what it does needs an object of Envoy Gateway's own, by a template or beside the spec"),
            );
        }
    }

    fn routes(&self, found: &mut Vec<Diagnostic>) {
        let key = &self.exposure.key;
        for route in &self.exposure.routes {
            if route.path_type == PathType::ImplementationSpecific {
                let title = format!(
                    "path `{}` of host `{key}` has `pathType = \"ImplementationSpecific\"`, which routes of the Gateway API do not have",
                    route.path.escape_debug()
                );
                found.push(
                    Diagnostic::error("unsupported", title)
                        .at(self.places.key(&path!["hosts", key]))
                        .help("write `Prefix` or `Exact`"),
                );
            }
            if !is_accepted(&route.path) {
                let title = format!(
                    "routes of the Gateway API do not have path `{}` of host `{key}`",
                    route.path.escape_debug()
                );
                found.push(
                    Diagnostic::error("unsupported", title)
                        .at(self.places.key(&path!["hosts", key]))
                        .help("write it without `//`, `/./`, `/../`, `%2f` and `#`, with 1,024 characters at most"),
                );
            }
            if self.port(route.service.as_str(), &route.port).is_none() {
                let title = format!(
                    "path `{}` of host `{key}` leads to port `{}` by its name, and routes of the Gateway API name ports by number",
                    route.path.escape_debug(),
                    route.port
                );
                found.push(
                    Diagnostic::error("unsupported", title)
                        .at(self.places.key(&path!["hosts", key]))
                        .help("write the number of the Service's port"),
                );
            }
        }
    }

    fn port(&self, service: &str, port: &PortReference) -> Option<u16> {
        number(self.model, self.exposure, service, port)
    }

    fn certificate(&self, found: &mut Vec<Diagnostic>) {
        let Some(tls) = &self.exposure.tls else { return };
        match tls.source {
            ServerCertificateSource::Held(_) | ServerCertificateSource::Existing => {}
            ServerCertificateSource::ClusterIssuer(_) | ServerCertificateSource::Issuer(_) => {
                let key = &self.exposure.key;
                let title = format!(
                    "`tls.certManager` of host `{key}` is an annotation of an Ingress, and Envoy Gateway reads none"
                );
                found.push(
                    Diagnostic::error("unsupported", title)
                        .at(self.places.key(&path!["hosts", key]))
                        .help("write `tls = { secretName = \"NAME\" }`, and let a Certificate of cert-manager fill that Secret"),
                );
            }
        }
    }
}

/// Whether the API server takes a path in a route (the rules of `HTTPPathMatch` in `apis/v1/httproute_types.go` of the Gateway API).
fn is_accepted(path: &str) -> bool {
    const PARTS: [&str; 6] = ["//", "/./", "/../", "%2f", "%2F", "#"];
    const ENDS: [&str; 2] = ["/..", "/."];
    let is_sign = |sign: char| sign.is_ascii_alphanumeric() || "-/._~!$&'()*+,;=:@%".contains(sign);
    path.starts_with('/')
        && path.len() <= 1024
        && path.chars().all(is_sign)
        && !PARTS.iter().any(|part| path.contains(part))
        && !ENDS.iter().any(|end| path.ends_with(end))
}

/// The number of a Service's port.
pub(super) fn number(
    model: &Model,
    exposure: &Exposure,
    service: &str,
    port: &PortReference,
) -> Option<u16> {
    let name = match port {
        PortReference::Number(number) => return Some(number.0),
        PortReference::Name(name) => name.to_string(),
    };
    let is_it = |one: &&crate::model::Service| {
        one.name.as_str() == service && one.namespace == exposure.namespace
    };
    let ports = &model.services.values().find(is_it)?.ports;
    Some(ports.iter().find(|port| port.name.as_deref() == Some(&name))?.port)
}

/// Entries of one host share a listener, so they have to be in one namespace and to ask for the same.
fn refuse_disagreement(model: &Model, places: &dyn Places, found: &mut Vec<Diagnostic>) {
    let mut first_of: BTreeMap<String, &Exposure> = BTreeMap::new();
    for exposure in &model.exposures {
        let name = exposure.host.as_str().to_lowercase();
        let first = *first_of.entry(name).or_insert(exposure);
        let gateway = |one: &Exposure| {
            one.gateway.as_ref().map(|own| (own.name.clone(), own.existing_in.clone()))
        };
        let agrees = first.namespace == exposure.namespace
            && gateway(first) == gateway(exposure)
            && first.tls.as_ref().map(|tls| &tls.secret_name)
                == exposure.tls.as_ref().map(|tls| &tls.secret_name)
            && first.client_auth == exposure.client_auth;
        if agrees {
            continue;
        }
        let title = format!(
            "hosts `{}` and `{}` are both `{}`, and differ in namespace, Gateway, certificate or client authentication",
            first.key, exposure.key, exposure.host
        );
        found.push(
            Diagnostic::error("host-disagreement", title)
                .at(places.key(&path!["hosts", &exposure.key]))
                .related(places.key(&path!["hosts", &first.key]), "the other one")
                .label("a host has one listener, in the Gateway of its namespace")
                .help("write the same `namespace`, `gateway`, `tls` and `clientAuth` in both, or give one of them another host name"),
        );
    }
}
