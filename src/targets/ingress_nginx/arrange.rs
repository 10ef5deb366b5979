//! What ingress-nginx makes of client authentication: how deep chains may be, which clients a bundle admits, and which subjects
//! its list can distinguish.

use std::collections::{BTreeMap, BTreeSet};

use super::check::is_protected;
use super::{acceptance, support};
use crate::diagnostic::{Diagnostic, has_errors, literal};
use crate::model::context::listed;
use crate::model::lineage::Anchor;
use crate::model::{AllowedClient, ClientAuthentication, Exposure, Model};
use crate::path;
use crate::pki::name::DistinguishedName;
use crate::pki::request::Issuer;
use crate::specification::document::{Path, Places};
use crate::targets::{Arrangement, Feature, HostArrangement, Pinned};

/// The arrangement of a model.
///
/// # Errors
/// What cannot be arranged, with what deserves a word beside it.
pub(super) fn arrange<'m>(
    model: &'m Model,
    places: &dyn Places,
) -> Result<Arrangement<'m>, Vec<Diagnostic>> {
    let Judged { found, .. } = judge(model, places);
    if has_errors(&found) { Err(found) } else { Ok(of(model).with_warnings(found)) }
}

/// The arrangement of a model, even if it is not what the spec asks for.
pub(super) fn of(model: &Model) -> Arrangement<'_> {
    let mut depths: BTreeMap<&[String], u8> = BTreeMap::new();
    let hosts = model.exposures.iter().filter_map(|exposure| {
        let auth = exposure.client_auth.as_ref()?;
        let needed = *depths
            .entry(&auth.authorities)
            .or_insert_with(|| needed_depth(model, &auth.authorities));
        Some((exposure.key.as_str(), host(auth, needed)))
    });
    Arrangement::new(model.conventions.verifier, hosts)
}

/// The arrangement of one host.
pub(super) fn one_of<'m>(model: &Model, exposure: &'m Exposure) -> Option<HostArrangement<'m>> {
    let auth = exposure.client_auth.as_ref()?;
    Some(host(auth, needed_depth(model, &auth.authorities)))
}

fn host(auth: &ClientAuthentication, needed: u8) -> HostArrangement<'_> {
    let ClientAuthentication {
        secret,
        existing,
        authorities,
        verify,
        verify_depth,
        pass_certificate_to_upstream,
        error_page,
        allow,
    } = auth;
    let subjects = allow.as_ref().map(|clients| {
        let all: BTreeSet<String> = clients.iter().map(|one| one.subject.rfc2253()).collect();
        all.into_iter().collect()
    });
    HostArrangement {
        secret,
        authorities: (!existing).then_some(authorities),
        verify: *verify,
        // 0 and what is not a number become 1, and a negative one breaks nginx.
        depth: Some(verify_depth.unwrap_or(needed).max(1)),
        looks_up_leaf_alone: false,
        subjects,
        pinned: Pinned::None,
        pass_certificate_to_upstream: *pass_certificate_to_upstream,
        error_page: error_page.as_ref(),
    }
}

/// The depth that leaves at or below any of `listed` need: nginx counts intermediates alone, and takes 0 for 1.
fn needed_depth(model: &Model, listed: &[String]) -> u8 {
    model.lineage.depth_below(listed).max(1)
}

/// Where a key of `clientAuth` is written: at the host, or in the defaults of all.
pub(super) fn written(places: &dyn Places, key: &str, field: &str) -> Path {
    let own = path!["hosts", key, "clientAuth", field];
    if places.has(&own) { own } else { path!["defaults", "hosts", "clientAuth", field] }
}

/// What is wrong or worth a word with the arrangement of each host.
pub(super) struct Judged<'m> {
    /// What is said of it.
    pub(super) found: Vec<Diagnostic>,
    /// Keys of the hosts whose lists of clients cannot be arranged: there is nothing else to say of them.
    pub(super) refused: BTreeSet<&'m str>,
}

/// Judges the arrangement of each host.
pub(super) fn judge<'m>(model: &'m Model, places: &dyn Places) -> Judged<'m> {
    let (mut found, mut refused) = (Vec::new(), BTreeSet::new());
    let scene = Scene::of(model, places);
    found.extend(gateways(model, places));
    for exposure in &model.exposures {
        let Some(auth) = &exposure.client_auth else { continue };
        let host = Host { scene: &scene, exposure, auth };
        if is_protected(exposure) {
            found.extend(host.strangers());
            found.extend(host.foreign_roots());
            acceptance::refuse_unaccepted(model, places, exposure, auth, &mut found);
        }
        found.extend(host.depth());
        let list = host.list();
        if !list.is_empty() {
            refused.insert(exposure.key.as_str());
            found.extend(list);
        }
    }
    Judged { found, refused }
}

/// Gateways, which ingress-nginx does not read.
fn gateways(model: &Model, places: &dyn Places) -> Vec<Diagnostic> {
    let mut named = BTreeSet::new();
    for exposure in &model.exposures {
        let Some(gateway) = &exposure.gateway else { continue };
        let own = path!["hosts", &exposure.key, "gateway"];
        named.insert(if gateway.is_own { own } else { path!["gateway"] });
    }
    let error = |place: Path| {
        Diagnostic::error("key-without-effect", "`gateway` has no effect with ingress-nginx")
            .at(places.key(&place))
            .help("remove it, or write `target = \"envoy-gateway\"`")
    };
    named.into_iter().map(error).collect()
}

/// What is asked of the model for many hosts.
struct Scene<'a> {
    model: &'a Model,
    places: &'a dyn Places,
    /// Authorities that sign clients, by their root.
    signers: BTreeMap<&'a Anchor, BTreeSet<&'a str>>,
    /// Names of the clients that have one subject.
    namesakes: BTreeMap<&'a DistinguishedName, Vec<&'a str>>,
}

impl<'a> Scene<'a> {
    fn of(model: &'a Model, places: &'a dyn Places) -> Self {
        let mut signers: BTreeMap<&Anchor, BTreeSet<&str>> = BTreeMap::new();
        for name in &model.client_signers {
            if let Some(root) = model.lineage.root(name) {
                signers.entry(root).or_default().insert(name);
            }
        }
        let mut namesakes: BTreeMap<&DistinguishedName, Vec<&str>> = BTreeMap::new();
        for client in model.clients.values() {
            namesakes.entry(&client.request.subject).or_default().push(&client.name);
        }
        Self { model, places, signers, namesakes }
    }
}

/// A host whose arrangement is judged.
struct Host<'a> {
    scene: &'a Scene<'a>,
    exposure: &'a Exposure,
    auth: &'a ClientAuthentication,
}

impl Host<'_> {
    fn written(&self, field: &str) -> Path {
        written(self.scene.places, &self.exposure.key, field)
    }

    /// Every client below the root of a listed authority is admitted, so an authority that signs clients below such a root must be
    /// below a listed one too.
    fn strangers(&self) -> Option<Diagnostic> {
        support::of(Feature::SharedRoot).refused()?;
        let Scene { model, places, signers, .. } = self.scene;
        let authorities = &self.auth.authorities;
        let lineage = &model.lineage;
        let roots = authorities.iter().filter_map(|name| lineage.root(name));
        let strangers: BTreeSet<&str> = roots
            .filter_map(|root| signers.get(root))
            .flatten()
            .copied()
            .filter(|name| !authorities.iter().any(|listed| lineage.is_at_or_below(name, listed)))
            .collect();
        let strangers: Vec<&str> = strangers.into_iter().collect();
        if strangers.is_empty() {
            return None;
        }
        let title = format!(
            "clients of {} would be admitted too: same root as {}",
            listed(&strangers),
            listed(&authorities.iter().map(String::as_str).collect::<Vec<_>>()),
        );
        Some(
            Diagnostic::error("shared-root", title)
                .at(places.value(&self.written("cas")))
                .label(NEEDS_ROOT)
                .help(format!(
                    "give them separate roots, or list {} here to admit its clients",
                    listed(&strangers)
                )),
        )
    }

    /// An external root admits every client that its owner has signed or will sign; listing the root says that this is intended.
    fn foreign_roots(&self) -> Vec<Diagnostic> {
        let Scene { model, places, .. } = self.scene;
        let lineage = &model.lineage;
        let authorities = &self.auth.authorities;
        let listed: Vec<_> = authorities.iter().filter_map(|name| lineage.anchor(name)).collect();
        let is_unlisted = |name: &&String| {
            let root = lineage.root(name);
            root.is_some_and(|root| !matches!(root, Anchor::Ours(_)) && !listed.contains(&root))
        };
        let warning = |name: &String| {
            let title = format!(
                "the bundle needs the root of {}, which is not listed: clients of every authority below that root would be admitted too",
                literal(name)
            );
            Diagnostic::warning("foreign-root", title)
                .at(places.value(&self.written("cas")))
                .label(NEEDS_ROOT)
                .help("only the owner of the root knows which authorities it has signed: ask for a root that signs these clients alone, or, to admit all of them, add the root under `cas` and list it here")
        };
        authorities.iter().filter(is_unlisted).map(warning).collect()
    }

    fn depth(&self) -> Option<Diagnostic> {
        let written = self.auth.verify_depth?;
        let place = self.scene.places.value(&self.written("verifyDepth"));
        if written == 0 {
            return Some(
                Diagnostic::error("invalid-value", "`verifyDepth` is at least 1")
                    .at(place)
                    .help("it counts intermediates, and the controller takes 0 for 1; remove it: mtlsgen fits it to the chain"),
            );
        }
        let needed = needed_depth(self.scene.model, &self.auth.authorities);
        (written < needed).then(|| {
            let title = format!("clients whose chain has {needed} intermediates will be refused: `verifyDepth` is {written}");
            Diagnostic::warning("verify-depth", title).at(place).help(format!(
                "write `verifyDepth = {needed}`, or remove it: mtlsgen fits it to the chain"
            ))
        })
    }

    /// nginx sees the subject alone, so all who could sign such a subject must be in the spec, and each subject must
    /// belong to one client.
    fn list(&self) -> Vec<Diagnostic> {
        let Some(allow) = &self.auth.allow else { return Vec::new() };
        if let Some(refused) = self.foreign_signers() {
            return vec![refused];
        }
        allow.iter().enumerate().filter_map(|(index, client)| self.twin(index, client)).collect()
    }

    fn foreign_signers(&self) -> Option<Diagnostic> {
        let way_out = support::of(Feature::ListOfForeignClients).refused()?;
        let lineage = &self.scene.model.lineage;
        let is_foreign =
            |name: &&String| lineage.line(name).iter().any(|one| !matches!(one, Anchor::Ours(_)));
        let foreign = self.auth.authorities.iter().filter(is_foreign);
        let foreign: Vec<&str> = foreign.map(String::as_str).collect();
        if !self.auth.existing && foreign.is_empty() {
            return None;
        }
        let who =
            if self.auth.existing { "an existing Secret".to_owned() } else { listed(&foreign) };
        let title = format!(
            "`allow` together with {who}: others may hold the same subject, and the controller sees only the subject"
        );
        Some(
            Diagnostic::error("allow", title)
                .at(self.scene.places.value(&self.written("allow")))
                .help(way_out),
        )
    }

    fn twin(&self, index: usize, client: &AllowedClient) -> Option<Diagnostic> {
        let way_out = support::of(Feature::ListOfNamesakes).refused()?;
        let Scene { model, places, namesakes, .. } = self.scene;
        let AllowedClient { name, subject } = client;
        let is_below = |other: &str| {
            let issuer = model.clients.get(other).map(|client| &client.request.issuer);
            matches!(issuer, Some(Issuer::Authority(issuer)) if self.auth.authorities.iter().any(|listed| model.lineage.is_at_or_below(issuer, listed)))
        };
        let mut others = namesakes.get(subject)?.iter().filter(|other| *other != name);
        let twin = others.find(|other| is_below(other))?;
        let mut place = self.written("allow");
        place.extend(path![index]);
        let title = format!(
            "clients `{name}` and `{twin}` have the same subject: the controller cannot distinguish them"
        );
        Some(
            Diagnostic::error("allow", title)
                .at(places.value(&place))
                .related(places.key(&path!["clients", *twin]), "the other one")
                .help(way_out),
        )
    }
}

const NEEDS_ROOT: &str =
    "the controller needs the root in the bundle, and trusts every authority below it";

#[cfg(test)]
mod tests;
