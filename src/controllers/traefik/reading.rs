//! What Traefik reads of one Ingress (`pkg/provider/kubernetes/ingress-nginx/annotations.go`, and `shouldProcess` and
//! `validateIngress` of `build.go`).

use regex_lite::Regex;

use super::names;
use super::secrets::{self, Authorities, Form};
use super::terms::{ClientAuthType, Terms};
use crate::controllers::Settings;
use crate::controllers::ingress_nginx::PREFIX;
use crate::controllers::orders::{Aged, Share};
use crate::enforcement::Missing;
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
    /// What it has that the model does not follow: who gets in is not known then.
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
}

/// Annotations that make a part of Traefik's own language of an Ingress, which is passed over: snippets are off by default.
pub(super) const SNIPPETS: [&str; 3] = ["server-snippet", "configuration-snippet", "auth-snippet"];

/// What the model does not follow, if it is said: who answers what.
const NOT_FOLLOWED: [&str; 2] = ["default-backend", "custom-headers"];

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
        let notes = Annotations { ingress };
        let snippet = SNIPPETS.iter().find(|name| notes.text(name).is_some());
        let snippet = snippet.map(|name| format!("{PREFIX}{name}"));
        let is_accepted = |key: &String| self.settings.accepted.contains(key);
        if snippet.as_ref().is_some_and(|key| !is_accepted(key)) || !has_strict_paths(ingress) {
            return Err(Unread::Dropped);
        }
        let auth = notes.raw("auth-tls-secret").map(|secret| {
            let kind = ClientAuthType::of_annotation(notes.raw("auth-tls-verify-client"));
            let terms = self.terms(seen.identity, secret, kind);
            Auth { secret: secret.to_owned(), kind, terms }
        });
        let snippet = snippet.map(|key| Missing::Snippet(seen.identity.clone(), key));
        let mut unknown = class.or(snippet).or_else(|| notes.unknown(seen.identity));
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
        match self.within(identity, namespace) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(missing) => return Some(Terms::Unknown(missing)),
        }
        match secrets::authorities(self.objects, namespace, name, Form::Ingress) {
            Authorities::Refused => None,
            // Clients are asked for nothing, whatever it has; where it is refused, they are too, which is less.
            Authorities::Unknown(Missing::NotShown(_)) if kind == ClientAuthType::NoClientCert => {
                Some(Terms::open())
            }
            authorities => Some(Terms::with(kind, vec![authorities], identity)),
        }
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
        if !self.within(identity, namespace).map_err(Some)? {
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

/// Annotations of an Ingress.
struct Annotations<'a> {
    ingress: &'a Ingress,
}

impl<'a> Annotations<'a> {
    fn raw(&self, name: &str) -> Option<&'a str> {
        self.ingress.metadata.annotations.get(&format!("{PREFIX}{name}"))
    }

    /// The text of an annotation, unless it is empty.
    fn text(&self, name: &str) -> Option<&'a str> {
        self.raw(name).filter(|text| !text.is_empty())
    }

    /// Whatever is not `true` is false.
    fn flag(&self, name: &str) -> Option<bool> {
        self.raw(name).map(|text| text.eq_ignore_ascii_case("true"))
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.raw(name)?.parse().ok()
    }

    fn list(&self, name: &str) -> Vec<String> {
        let items = self.raw(name).into_iter().flat_map(|text| text.split(','));
        items.map(|item| item.trim().to_owned()).collect()
    }

    fn canary(&self) -> Canary {
        let by_request = ["canary-by-header", "canary-by-cookie"];
        let weight = self.number("canary-weight").unwrap_or_default();
        Canary { takes_any: weight > 0 || by_request.iter().any(|name| self.text(name).is_some()) }
    }

    /// The first annotation whose effect is not followed here. What Traefik does not read has none.
    fn unknown(&self, identity: &Identity) -> Option<Missing> {
        let is_path = |text: &str| text.starts_with('/');
        // It may lead back to the host, where it is no redirect (`newRedirect` of `pkg/middlewares/redirect`).
        let leads_back =
            |text: &str| {
                let rest = text.split_once("://").map_or("", |(_, rest)| rest);
                let target = rest.split(['/', ':', '?']).next().unwrap_or_default().to_lowercase();
                let mut hosts =
                    self.ingress.spec.rules.iter().map(host_of).chain(
                        self.ingress.metadata.annotations.get(&format!("{PREFIX}server-alias")),
                    );
                target.is_empty()
                    || text.contains('$')
                    || hosts
                        .any(|host| host.is_empty() || host.contains('*') || host.contains(&target))
            };
        let found = if self.flag("ssl-passthrough") == Some(true) {
            Some("ssl-passthrough")
        } else if self.raw("app-root").is_some_and(is_path) {
            Some("app-root")
        } else if self.raw("permanent-redirect").is_some_and(leads_back) {
            Some("permanent-redirect")
        } else if self.raw("temporal-redirect").is_some_and(leads_back) {
            Some("temporal-redirect")
        } else if self.raw("rewrite-target").is_some_and(|text| text.contains("://")) {
            Some("rewrite-target")
        } else {
            NOT_FOLLOWED.iter().copied().find(|name| self.text(name).is_some())
        };
        found.map(|name| Missing::Effect(identity.clone(), format!("{PREFIX}{name}")))
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
        // Which of two routers of one name stays is no matter of their order.
        let parts = names::of_parts(self.identity, self.ingress).into_iter();
        let parts = parts.map(|(name, _)| name).filter(|name| !name.starts_with(names::ROUTERS));
        shares.extend(parts.map(Share::Named));
        shares
    }

    fn asks_like(&self, other: &Self) -> bool {
        self.auth == other.auth
    }
}
