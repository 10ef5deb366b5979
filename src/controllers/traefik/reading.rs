//! What Traefik reads of one Ingress (`pkg/provider/kubernetes/ingress-nginx/annotations.go`, and `shouldProcess` and
//! `validateIngress` of `build.go`).

use regex_lite::Regex;

use super::annotations::Annotations;
use super::flags::{CROSSES, SELECTOR, SNIPPETS as SNIPPETS_FLAG, STRICT_PATHS, WATCHED};
use super::names;
use super::secrets::{self, Authorities, Form};
use super::terms::{ClientAuthType, Terms};
use crate::controllers::Settings;
use crate::controllers::ingress_nginx::PREFIX;
use crate::controllers::orders::{Aged, Share};
use crate::controllers::selector::selects;
use crate::enforcement::{Given, Missing};
use crate::identity::Identity;
use crate::manifest::kinds::{self, BackendPort, Ingress};
use crate::manifest::{ObjectSet, Seen};
use crate::time::Timestamp;

/// An Ingress as Traefik has it.
pub(super) struct Read<'a> {
    pub identity: &'a Identity,
    pub ingress: &'a Ingress,
    /// When it was made, if that is shown.
    pub created: Option<Timestamp>,
    pub auth: Option<Auth>,
    pub passes_certificate: bool,
    pub https: HttpsRedirect,
    pub uses_regex: bool,
    pub aliases: Vec<String>,
    pub canary: Option<Canary>,
    pub from_to_www: bool,
    /// Where all its paths redirect to.
    pub redirects_to: Option<String>,
    /// What it has that the model does not follow: which clients are admitted is not known then.
    pub unknown: Option<Missing>,
}

/// Whether requests by plain HTTP are redirected to HTTPS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HttpsRedirect {
    Never,
    /// Because of a `tls` section (`ssl-redirect`).
    WithTls,
    /// `force-ssl-redirect`.
    Always,
}

/// `auth-tls-secret`, and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Auth {
    /// As it is written.
    pub secret: String,
    pub kind: ClientAuthType,
    /// The TLS settings; `None`: Traefik takes none, and passes over the Ingress.
    pub terms: Option<Terms>,
}

/// `canary-*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Canary {
    /// Whether any request may get to it.
    pub takes_any: bool,
}

/// Why an Ingress is not read.
pub(super) enum Unread {
    /// It is another controller's, by this class.
    OtherClass(String),
    /// Traefik passes over it.
    Dropped,
    /// It is in a namespace that is not watched, by this flag.
    NotWatched(&'static str),
}

impl Unread {
    /// The same, to be said.
    pub fn given(self, ingress: &Identity) -> Given {
        match self {
            Self::OtherClass(class) => Given::OtherClass(ingress.clone(), class),
            Self::Dropped => Given::Dropped(ingress.clone()),
            Self::NotWatched(flag) => Given::NotWatched(ingress.clone(), flag),
        }
    }
}

/// Annotations that make a part of Traefik's own language of an Ingress, which is passed over: snippets are off by default.
pub(super) const SNIPPETS: [&str; 3] = ["server-snippet", "configuration-snippet", "auth-snippet"];

/// Reads Ingresses.
pub(super) struct Reader<'a> {
    pub objects: &'a ObjectSet<'a>,
    pub settings: &'a Settings,
}

impl Reader<'_> {
    /// What Traefik reads of an Ingress.
    pub fn read<'a>(&self, seen: &'a Seen<'_, Ingress>) -> Result<Read<'a>, Unread> {
        let ingress = &*seen.object;
        let classes = &self.settings.classes;
        // Where no IngressClass is its own, the field is not looked at.
        let field = ingress.spec.ingress_class_name.as_deref();
        let field = field.filter(|_| !classes.none_is_own());
        let class = classes.owner(seen, field).map_err(Unread::OtherClass)?;
        let place = self.watched(seen.identity)?;
        let notes = Annotations { ingress };
        let snippet = SNIPPETS.iter().find(|name| notes.text(name).is_some());
        let snippet = snippet.map(|name| format!("{PREFIX}{name}"));
        let is_on = |flag: &str| self.settings.get(flag) == "true";
        let is_accepted =
            |key: &String| is_on(SNIPPETS_FLAG) || self.settings.accepted.has(ingress, key);
        let is_strict = has_strict_paths(ingress);
        if snippet.as_ref().is_some_and(|key| !is_accepted(key))
            || !is_strict && is_on(STRICT_PATHS)
        {
            return Err(Unread::Dropped);
        }
        let paths = || Missing::Effect(seen.identity.clone(), "path".to_owned());
        let paths = (!is_strict).then(paths);
        let auth = notes.raw("auth-tls-secret").map(|secret| {
            let kind = ClientAuthType::of_annotation(notes.raw("auth-tls-verify-client"));
            let terms = self.terms(seen.identity, secret, kind);
            Auth { secret: secret.to_owned(), kind, terms }
        });
        let snippet = snippet.map(|key| Missing::Snippet(seen.identity.clone(), key));
        let mut unknown =
            class.or(place).or(snippet).or(paths).or_else(|| notes.unknown(seen.identity));
        match self.backend_secret(seen.identity, &notes) {
            Ok(()) => {}
            Err(None) => return Err(Unread::Dropped),
            Err(Some(missing)) => drop(unknown.get_or_insert(missing)),
        }
        if let Some(Auth { terms: Some(Terms::Unknown(missing)), .. }) = &auth {
            unknown.get_or_insert_with(|| missing.clone());
        }
        let has_tls = !ingress.spec.tls.is_empty();
        Ok(Read {
            identity: seen.identity,
            ingress,
            created: seen.created.and_then(Timestamp::parse),
            passes_certificate: notes.flag("auth-tls-pass-certificate-to-upstream") == Some(true)
                && auth.is_some(),
            auth,
            https: if notes.flag("force-ssl-redirect") == Some(true) {
                HttpsRedirect::Always
            } else if has_tls && notes.flag("ssl-redirect") != Some(false) {
                HttpsRedirect::WithTls
            } else {
                HttpsRedirect::Never
            },
            uses_regex: notes.flag("use-regex") == Some(true)
                || notes.text("rewrite-target").is_some(),
            aliases: notes.list("server-alias"),
            canary: (notes.flag("canary") == Some(true)).then(|| notes.canary()),
            from_to_www: notes.flag("from-to-www-redirect") == Some(true),
            redirects_to: notes
                .raw("temporal-redirect")
                .or(notes.raw("permanent-redirect"))
                .map(str::to_owned),
            unknown,
        })
    }

    /// `buildClientAuthTLSOption`; `None`: an error.
    fn terms(&self, identity: &Identity, secret: &str, kind: ClientAuthType) -> Option<Terms> {
        let (namespace, name) = secret.split_once('/')?;
        if namespace.is_empty() || name.is_empty() {
            return None;
        }
        match self.reaches(identity, namespace) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(missing) => return Some(Terms::Unknown(missing)),
        }
        match secrets::authorities(self.objects, namespace, name, Form::Ingress) {
            Authorities::Refused => None,
            // No certificate is requested for any content; where it is refused, so are clients, which admits less.
            Authorities::Unknown(Missing::NotShown(_)) if kind == ClientAuthType::NoClientCert => {
                Some(Terms::open())
            }
            authorities => Some(Terms::with(kind, vec![authorities], identity)),
        }
    }

    /// Whether Traefik watches the namespace of an Ingress, and what of that is not known.
    fn watched(&self, identity: &Identity) -> Result<Option<Missing>, Unread> {
        let watched = self.settings.get(WATCHED);
        if !watched.is_empty() {
            return match self.within(identity, watched) {
                Ok(true) => Ok(None),
                Ok(false) => Err(Unread::NotWatched(WATCHED)),
                Err(missing) => Ok(Some(missing)),
            };
        }
        match self.selected(identity.namespace_or_default()) {
            Ok(true) => Ok(None),
            Ok(false) => Err(Unread::NotWatched(SELECTOR)),
            Err(missing) => Ok(Some(missing)),
        }
    }

    /// Whether the selector of namespaces selects one.
    fn selected(&self, namespace: &str) -> Result<bool, Missing> {
        let selector = self.settings.get(SELECTOR);
        let Some(object) = self.settings.run_by.as_ref().filter(|_| !selector.is_empty()) else {
            return Ok(true);
        };
        let own = Some(namespace).filter(|own| self.objects.assumed() != Some(own));
        let selected = own.and_then(|own| selects(self.objects, selector, own));
        selected.ok_or_else(|| Missing::Effect(object.clone(), SELECTOR.to_owned()))
    }

    /// Whether an Ingress may name Secrets of a namespace, and Traefik reads those.
    fn reaches(&self, identity: &Identity, namespace: &str) -> Result<bool, Missing> {
        let watched = self.settings.get(WATCHED);
        if self.settings.get(CROSSES) == "true" {
            let is_watched = watched.is_empty() || watched == namespace;
            return Ok(is_watched && self.selected(namespace)?);
        }
        self.within(identity, namespace)
    }

    /// Whether a namespace is that of an Ingress.
    fn within(&self, identity: &Identity, namespace: &str) -> Result<bool, Missing> {
        let own = identity.namespace_or_default();
        // One that is only assumed may be the other one.
        if namespace != own && self.objects.assumed() == Some(own) {
            return Err(Missing::Namespace(identity.clone()));
        }
        Ok(namespace == own)
    }

    /// The Secret for TLS to the backend, without which the Ingress is passed over (`buildServersTransport`).
    ///
    /// # Errors
    /// It is passed over, or that is not known.
    fn backend_secret(
        &self,
        identity: &Identity,
        notes: &Annotations<'_>,
    ) -> Result<(), Option<Missing>> {
        let protocol = notes.raw("backend-protocol").unwrap_or_default().to_ascii_uppercase();
        let (true, Some(secret)) =
            (["HTTPS", "GRPCS"].contains(&&*protocol), notes.text("proxy-ssl-secret"))
        else {
            return Ok(());
        };
        let [namespace, name] = *secret.split('/').collect::<Vec<_>>().as_slice() else {
            return Err(None);
        };
        if !self.reaches(identity, namespace).map_err(Some)? {
            return Err(None);
        }
        match secrets::authorities(self.objects, namespace, name, Form::Backend) {
            Authorities::Refused => Err(None),
            Authorities::Unknown(missing) => Err(Some(missing)),
            Authorities::These(_) | Authorities::Unreadable(_) => Ok(()),
        }
    }
}

/// Whether all paths are of the form that their type has (`strictValidatePathType`).
fn has_strict_paths(ingress: &Ingress) -> bool {
    let Ok(strict) = Regex::new(r"^/[A-Za-z0-9._\-/]*$") else { return true };
    paths(ingress).all(|(_, _, path)| {
        let text = path.path.as_deref().unwrap_or_default();
        text.is_empty()
            || path.path_type.as_deref() == Some("ImplementationSpecific")
            || strict.is_match(text)
    })
}

/// Paths of an Ingress, each with the number of its rule and its own.
pub(super) fn paths(ingress: &Ingress) -> impl Iterator<Item = (usize, usize, &kinds::Path)> {
    ingress.spec.rules.iter().enumerate().flat_map(|(rule, one)| {
        let paths = one.http.iter().flat_map(|http| &http.paths).enumerate();
        paths.map(move |(at, path)| (rule, at, path))
    })
}

/// The host of a rule; empty: none.
pub(super) fn host_of(rule: &kinds::IngressRule) -> &str {
    rule.host.as_deref().unwrap_or_default()
}

/// Service and port of a backend (`portString`).
pub(super) fn service(backend: &kinds::Backend) -> Option<(String, String)> {
    match (&backend.service, &backend.service_name) {
        (Some(service), _) => {
            let port = match &service.port {
                BackendPort { name: Some(name), .. } if !name.is_empty() => name.clone(),
                BackendPort { number, .. } => number.unwrap_or_default().to_string(),
            };
            Some((service.name.clone(), port))
        }
        // The API server makes `networking.k8s.io/v1` of what `extensions/v1beta1` had.
        (None, Some(name)) => {
            let port = backend.service_port.as_ref().map(ToString::to_string);
            Some((name.clone(), port.unwrap_or_default()))
        }
        (None, None) => None,
    }
}

impl Aged for Read<'_> {
    fn created(&self) -> Option<Timestamp> {
        self.created
    }

    fn identity(&self) -> &Identity {
        self.identity
    }

    fn shares(&self) -> Vec<Share> {
        let spec = &self.ingress.spec;
        let mut shares: Vec<Share> =
            spec.rules.iter().map(|rule| Share::Host(host_of(rule).to_owned())).collect();
        let aliases = self.aliases.iter().map(|alias| Share::Host(alias.to_lowercase()));
        shares.extend(aliases);
        if spec.rules.is_empty() {
            shares.push(Share::Named("default".to_owned()));
        }
        // Which of two routers of one name stays does not depend on their order.
        let parts = names::of_parts(self.identity, self.ingress).into_iter();
        let parts = parts.map(|(name, _)| name).filter(|name| !name.starts_with(names::ROUTERS));
        shares.extend(parts.map(Share::Named));
        shares
    }

    fn asks_like(&self, other: &Self) -> bool {
        self.auth == other.auth
    }
}
