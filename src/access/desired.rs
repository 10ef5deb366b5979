//! The clients that the spec admits.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::enforcement::{
    Asked, Backend, Below, CHALLENGES, Desired, DesiredClients, DesiredHost, Library, Pattern,
    Pins, Presence,
};
use crate::identity::Identity;
use crate::model::lineage::Anchor;
use crate::model::sole_names::SoleNames;
use crate::model::{
    AllowedClient, AuthoritySource, ClientAuthentication, Exposure, Model, Reference, Route,
};
use crate::pki::certificate::Certificate;
use crate::pki::crl::RevocationList;
use crate::pki::request::{Holder, Issuer, Usage};
use crate::specification::Verify;
use crate::specification::value::PortReference;
use crate::store::Material;

/// The clients that these hosts of a model admit; `material` has the certificates.
#[must_use]
pub fn desired<'a>(
    model: &'a Model,
    material: &dyn Material,
    exposures: impl IntoIterator<Item = &'a Exposure>,
) -> Desired {
    let mut clients: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, client) in &model.clients {
        if let (Issuer::Authority(issuer), None) = (&client.request.issuer, client.revoked) {
            clients.entry(issuer).or_default().push(name);
        }
    }
    // Of the libraries, only this one is used by a program that pins names and certificates.
    let are_pinned = model.conventions.verifier.library == Library::BoringSsl;
    let names = are_pinned.then(|| SoleNames::of(model));
    let mut asking = Asking { model, material, clients, names, known: BTreeMap::new() };
    let mut hosts: Vec<DesiredHost> = Vec::new();
    // Only asked, never iterated over.
    let mut known: HashMap<&str, usize> = HashMap::new();
    for exposure in exposures {
        let own = host(exposure, &mut asking);
        match known.get(exposure.host.as_str()).and_then(|at| hosts.get_mut(*at)) {
            Some(first) if is_one(first, &own) => {
                first.backends.extend(own.backends);
                first.paths.extend(own.paths);
            }
            _ => {
                known.insert(exposure.host.as_str(), hosts.len());
                hosts.push(own);
            }
        }
    }
    Desired { hosts, services: None }
}

/// Whether a controller serves two entries of one host as one: they add paths to each other.
fn is_one(one: &DesiredHost, other: &DesiredHost) -> bool {
    let is_same = match (&one.clients, &other.clients) {
        (DesiredClients::Open, DesiredClients::Open) => true,
        (DesiredClients::Ask(one), DesiredClients::Ask(other)) => Arc::ptr_eq(one, other),
        _ => false,
    };
    is_same && one.certificate == other.certificate && one.entrusted == other.entrusted
}

fn host<'a>(exposure: &'a Exposure, asking: &mut Asking<'a>) -> DesiredHost {
    let Exposure {
        key,
        host,
        namespace,
        name: _,
        ingress_class_name: _,
        gateway: _,
        routes,
        tls,
        client_auth,
        existing_ingress: _,
        covered_by: _,
        labels: _,
        annotations: _,
        allowed_annotations,
    } = exposure;
    let name = host.as_str().to_lowercase();
    let host = match name.strip_prefix("*.") {
        Some(domain) => Pattern::OneLabel(domain.to_owned()),
        None => Pattern::Exact(name),
    };
    let is_off = |auth: &&ClientAuthentication| auth.verify == Verify::Off;
    let auth = client_auth.as_ref().filter(|auth| !is_off(auth));
    let paths = routes.iter().map(|route| route.path.clone()).collect();
    // A backend behind other paths as well is not one of challenges alone.
    let routes = routes.iter().filter(|route| !route.path.starts_with(CHALLENGES));
    DesiredHost {
        key: key.clone(),
        host,
        clients: match auth {
            Some(auth) => DesiredClients::Ask(asking.of(auth)),
            None => DesiredClients::Open,
        },
        paths,
        backends: routes.map(|route| backend(exposure, route)).collect(),
        certificate: tls.as_ref().map(|tls| (namespace.to_string(), tls.secret_name.to_string())),
        entrusted: allowed_annotations.iter().map(ToString::to_string).collect(),
    }
}

/// What decides which clients are admitted, and what services receive.
type Settings<'a> = (
    &'a [String],
    Option<&'a Reference>,
    Presence,
    Option<u8>,
    Option<BTreeSet<&'a AllowedClient>>,
    bool,
);

/// What hosts ask, each once.
struct Asking<'a> {
    model: &'a Model,
    material: &'a dyn Material,
    /// Names of clients by their issuer.
    clients: BTreeMap<&'a str, Vec<&'a str>>,
    /// What the target may recognize clients by; `None`: it compares subjects.
    names: Option<SoleNames<'a>>,
    known: BTreeMap<Settings<'a>, Arc<Asked>>,
}

impl<'a> Asking<'a> {
    fn of(&mut self, auth: &'a ClientAuthentication) -> Arc<Asked> {
        let ClientAuthentication {
            secret,
            existing,
            authorities,
            verify,
            verify_depth,
            pass_certificate_to_upstream,
            error_page: _,
            allow,
        } = auth;
        let presence = match verify {
            Verify::On | Verify::Off => Presence::Required,
            Verify::Optional => Presence::Optional,
            Verify::OptionalNoCa => Presence::Unverified,
        };
        let settings = (
            authorities.as_slice(),
            existing.then_some(secret),
            presence,
            verify_depth.map(|depth| depth.max(1)),
            allow.as_ref().map(|all| all.iter().collect()),
            *pass_certificate_to_upstream,
        );
        if let Some(asked) = self.known.get(&settings) {
            return Arc::clone(asked);
        }
        let asked = Arc::new(self.asked(&settings));
        self.known.insert(settings, Arc::clone(&asked));
        asked
    }

    fn asked(&self, settings: &Settings<'_>) -> Asked {
        let (authorities, existing, presence, depth, only, passes_certificate) = settings;
        let (below, lists) = if let Some(secret) = existing {
            (Below::Entrusted(identity(secret)), Vec::new())
        } else {
            let bundle = self.material.trust_bundle(authorities);
            let bundle = bundle.and_then(|pem| Certificate::from_pem(pem.as_bytes()).ok());
            let lists = self.material.revocation_lists(authorities).ok().flatten();
            let lists = lists.and_then(|pem| RevocationList::from_pem(pem.as_bytes()).ok());
            (Below::These(bundle.unwrap_or_default()), lists.unwrap_or_default())
        };
        // One client of each authority at or below those that are listed.
        let lineage = &self.model.lineage;
        let is_trusted = |issuer: &str| {
            authorities.iter().any(|authority| lineage.is_at_or_below(issuer, authority))
        };
        let trusted = self.clients.iter().filter(|(issuer, _)| is_trusted(issuer));
        let clients = trusted.filter_map(|(_, names)| {
            names.iter().find_map(|name| self.client(name, only.as_ref()))
        });
        Asked {
            presence: *presence,
            below,
            lists,
            pins: self.pins(only.as_ref()),
            listed: self.listed(only.as_ref()),
            only: only.as_ref().map(|all| all.iter().map(|one| one.subject.rfc2253()).collect()),
            depth: *depth,
            longest: self.longest(authorities),
            passes_certificate: *passes_certificate,
            clients: clients.collect(),
        }
    }

    /// What these clients have alone.
    fn pins(&self, only: Option<&BTreeSet<&AllowedClient>>) -> Pins {
        let mut pins = Pins::default();
        let (Some(only), Some(names)) = (only, &self.names) else { return pins };
        for client in only {
            pins.names.extend(names.of_client(&client.name).iter().cloned());
            let all = self.material.certificates(&Holder::Client(client.name.clone()));
            pins.hashes.extend(all.iter().map(Certificate::fingerprint));
            pins.keys.extend(all.iter().map(|one| one.spki_hash));
        }
        pins
    }

    fn listed(&self, only: Option<&BTreeSet<&AllowedClient>>) -> Vec<(String, Vec<Certificate>)> {
        let all = only.filter(|_| self.names.is_some()).into_iter().flatten();
        all.filter_map(|client| self.client(&client.name, only)).collect()
    }

    /// How many intermediates a chain below these authorities may have, by what they say of themselves.
    fn longest(&self, authorities: &[String]) -> Option<u8> {
        let Model { authorities: known, lineage, .. } = self.model;
        let below = |name: &str| match &known.get(name)?.source {
            AuthoritySource::Issued(request) => match request.usage {
                Usage::Authority { max_path_len, .. } => {
                    Some(lineage.intermediates(name) + usize::from(max_path_len))
                }
                _ => None,
            },
            AuthoritySource::Supplied(chain) => {
                let above = |at: usize| chain.len() - 1 - at;
                let all = chain.iter().enumerate();
                let all = all.map(|(at, one)| Some(above(at) + usize::from(one.max_path_len?)));
                all.collect::<Option<Vec<_>>>()?.into_iter().max()
            }
        };
        let of_line = |name: &String| match &known.get(name)?.source {
            AuthoritySource::Supplied(_) => below(name),
            AuthoritySource::Issued(_) => {
                let all = lineage.line(name).iter().map(|anchor| match anchor {
                    Anchor::Ours(name) => below(name),
                    Anchor::Foreign(_) => None,
                });
                all.collect::<Option<Vec<_>>>()?.into_iter().max()
            }
        };
        let all = authorities.iter().map(of_line).collect::<Option<Vec<_>>>()?;
        u8::try_from(all.into_iter().max()?).ok()
    }

    /// A client with the chain that it was given, if a list has it.
    fn client(
        &self,
        name: &str,
        only: Option<&BTreeSet<&AllowedClient>>,
    ) -> Option<(String, Vec<Certificate>)> {
        let pem = self.material.certificate_chain(&Holder::Client(name.to_owned()))?;
        let chain = Certificate::from_pem(pem.as_bytes()).ok()?;
        let subject = &chain.first()?.subject;
        let is_listed = only.is_none_or(|only| only.iter().any(|one| one.subject == *subject));
        is_listed.then(|| (name.to_owned(), chain))
    }
}

fn identity(secret: &Reference) -> Identity {
    Identity {
        api_version: "v1".to_owned(),
        kind: "Secret".to_owned(),
        namespace: Some(secret.namespace.clone()),
        name: secret.name.clone(),
    }
}

fn backend(exposure: &Exposure, route: &Route) -> Backend {
    Backend {
        namespace: exposure.namespace.to_string(),
        service: route.service.to_string(),
        port: match &route.port {
            PortReference::Number(port) => port.0.to_string(),
            PortReference::Name(name) => name.to_string(),
        },
    }
}
