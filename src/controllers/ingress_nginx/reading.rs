//! What the controller reads of one Ingress: its annotations, parsed (`internal/ingress/annotations`, `Extract`), or nothing,
//! where it passes over the whole object.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex_lite::Regex;

use super::annotations::Annotations;
use super::flags::{NO_CATCH_ALL, SELECTOR, VALIDATES, WATCHED};
use super::match_cn::{self, Value};
use super::secrets::{Secrets, Taken};
use super::values::boolean;
use super::{PREFIX, error_page};
use crate::controllers::Settings;
use crate::controllers::selector::selects;
use crate::enforcement::{Admits, Given, Missing};
use crate::identity::Identity;
use crate::manifest::kinds::Ingress;
use crate::manifest::{ObjectSet, Seen};
use crate::time::Timestamp;

/// An Ingress as the controller has it.
pub(super) struct Read<'a> {
    /// The object.
    pub identity: &'a Identity,
    pub ingress: &'a Ingress,
    /// When it was made, if that is shown.
    pub created: Option<Timestamp>,
    pub auth: Auth,
    pub https: HttpsRedirect,
    pub uses_regex: bool,
    pub rewrites_to: Option<String>,
    pub aliases: BTreeSet<String>,
    pub is_canary: bool,
    pub from_to_www: bool,
    /// Where all its paths redirect to.
    pub redirects_to: Option<String>,
    /// Where `/` of its hosts redirects to.
    pub app_root: Option<String>,
    /// What it has that the model does not follow: which clients are admitted is not known then.
    pub unknown: Option<Missing>,
}

/// When requests by plain HTTP are redirected to HTTPS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum HttpsRedirect {
    #[default]
    Never,
    /// Where the host has a certificate (`ssl-redirect`).
    WithCertificate,
    /// `force-ssl-redirect`.
    Always,
}

/// `authtls.Config`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Auth {
    /// Whether all clients are refused: the Secret is not there, or the controller refuses it.
    pub is_denied: bool,
    /// Files of certificates and of revocation lists, if clients are verified.
    pub file: Option<(String, Option<String>)>,
    pub verify: Verify,
    pub depth: u8,
    pub error_page: Option<String>,
    pub passes_certificate: bool,
    pub match_cn: Option<Admits>,
}

/// `auth-tls-verify-client`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Verify {
    #[default]
    On,
    Off,
    Optional,
    OptionalNoCa,
}

/// Why an Ingress is not read.
pub(super) enum Unread {
    /// It is another controller's, by this class.
    OtherClass(String),
    /// The controller passes over it.
    Dropped,
    /// It does so because of this flag.
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

impl<'a> Read<'a> {
    /// One of which only names are known.
    pub fn unknown(seen: &'a Seen<'_, Ingress>, settings: &Settings, missing: Missing) -> Self {
        Self {
            identity: seen.identity,
            ingress: &seen.object,
            created: seen.created.and_then(Timestamp::parse),
            auth: Auth::default(),
            https: HttpsRedirect::Never,
            uses_regex: false,
            rewrites_to: None,
            aliases: Annotations::of(&seen.object, settings).aliases(),
            is_canary: false,
            from_to_www: false,
            redirects_to: None,
            app_root: None,
            unknown: Some(missing),
        }
    }
}

/// Reads Ingresses.
pub(super) struct Reader<'a, 's> {
    pub objects: &'a ObjectSet<'a>,
    pub settings: &'a Settings,
    pub secrets: &'a mut Secrets<'s>,
}

impl Reader<'_, '_> {
    /// What the controller reads of an Ingress.
    pub fn read<'a>(&mut self, seen: &'a Seen<'_, Ingress>) -> Result<Read<'a>, Unread> {
        let ingress = &*seen.object;
        // `GetIngressClass` of `internal/ingress/controller/store/store.go`.
        let field = ingress.spec.ingress_class_name.as_deref();
        let class = self.settings.classes.owner(seen, field).map_err(Unread::OtherClass)?;
        let not_watched = self.watched(seen)?;
        let annotations = Annotations::of(ingress, self.settings);
        annotations.refused()?;
        if let Some(missing) = annotations.unchecked(seen.identity) {
            return Ok(Read::unknown(seen, self.settings, missing));
        }
        let mut unknown = class
            .or(not_watched)
            .or_else(|| annotations.unknown(seen.identity))
            .or_else(|| inspected(seen.identity, ingress));
        let auth = match self.auth(seen.identity, &annotations) {
            Ok(auth) => auth,
            // Without checks, the value goes into nginx's configuration.
            Err(Failed::Dropped) => {
                let missing = self.flag(VALIDATES).filter(|_| !annotations.are_checked());
                let missing = missing.ok_or(Unread::Dropped)?;
                return Ok(Read::unknown(seen, self.settings, missing));
            }
            Err(Failed::Unknown(missing)) => {
                unknown.get_or_insert(missing);
                Auth::default()
            }
        };
        let flag = |name: &str| annotations.flag(name).unwrap_or_default();
        let setting = |name: &str| boolean(self.settings.get(name)).unwrap_or_default();
        let switch = |name: &str| annotations.flag(name).unwrap_or_else(|| setting(name));
        Ok(Read {
            identity: seen.identity,
            ingress,
            created: seen.created.and_then(Timestamp::parse),
            auth,
            https: match (switch("force-ssl-redirect"), switch("ssl-redirect")) {
                (true, _) => HttpsRedirect::Always,
                (false, true) => HttpsRedirect::WithCertificate,
                (false, false) => HttpsRedirect::Never,
            },
            uses_regex: flag("use-regex"),
            rewrites_to: annotations.text("rewrite-target"),
            aliases: annotations.aliases(),
            is_canary: flag("canary"),
            from_to_www: flag("from-to-www-redirect"),
            redirects_to: annotations
                .text("temporal-redirect")
                .or(annotations.text("permanent-redirect")),
            app_root: annotations.app_root(),
            unknown,
        })
    }

    /// Whether the controller watches an Ingress by its flags, and what of that is not known (`New` of
    /// `internal/ingress/controller/store/store.go`).
    fn watched(&self, seen: &Seen<'_, Ingress>) -> Result<Option<Missing>, Unread> {
        let own = seen.identity.namespace_or_default();
        let is_on = |flag: &str| boolean(self.settings.get(flag)) == Some(true);
        if is_on(NO_CATCH_ALL) && seen.object.spec.default_backend.is_some() {
            return Err(Unread::NotWatched(NO_CATCH_ALL));
        }
        let watched = self.settings.get(WATCHED);
        if !watched.is_empty() && watched != own {
            let is_assumed = self.objects.assumed() == Some(own);
            let missing = is_assumed.then(|| Missing::Namespace(seen.identity.clone()));
            return missing.map_or(Err(Unread::NotWatched(WATCHED)), |missing| Ok(Some(missing)));
        }
        let selector = self.settings.get(SELECTOR);
        if selector.is_empty() {
            return Ok(None);
        }
        let own = Some(own).filter(|own| self.objects.assumed() != Some(own));
        match own.and_then(|own| selects(self.objects, selector, own)) {
            Some(true) => Ok(None),
            Some(false) => Err(Unread::NotWatched(SELECTOR)),
            None => Ok(self.flag(SELECTOR)),
        }
    }

    /// That it is not known what a flag does.
    fn flag(&self, flag: &str) -> Option<Missing> {
        let object = self.settings.run_by.clone()?;
        Some(Missing::Effect(object, flag.to_owned()))
    }

    /// `auth-tls-*` (`Parse` of `internal/ingress/annotations/authtls/main.go`).
    fn auth(&mut self, identity: &Identity, annotations: &Annotations<'_>) -> Result<Auth, Failed> {
        let is_basic =
            |sign: char| sign == ' ' || sign.is_ascii_alphanumeric() || "/-._~:".contains(sign);
        let raw = annotations.raw("auth-tls-secret").unwrap_or_default();
        if !raw.chars().all(is_basic) {
            return Err(Failed::Dropped);
        }
        // Without a Secret, the others are not looked at.
        let Some(secret) = annotations.text("auth-tls-secret") else { return Ok(Auth::default()) };
        let denied = Auth { is_denied: true, ..Auth::default() };
        let [namespace, name] = *secret.split('/').collect::<Vec<_>>().as_slice() else {
            return Ok(denied);
        };
        let own = identity.namespace_or_default();
        let crosses = boolean(self.settings.get("allow-cross-namespace-resources")) == Some(true);
        if !crosses && !namespace.is_empty() && namespace != own {
            // One that is only assumed may be the Secret's.
            if self.objects.assumed() == Some(own) {
                return Err(Failed::Unknown(Missing::Namespace(identity.clone())));
            }
            return Ok(denied);
        }
        // Secrets of other namespaces than the one that is watched are not there.
        let watched = self.settings.get(WATCHED);
        if !watched.is_empty() && !namespace.is_empty() && namespace != watched {
            return Ok(denied);
        }
        let verify = match annotations.text("auth-tls-verify-client").as_deref() {
            Some("off") => Verify::Off,
            Some("optional") => Verify::Optional,
            Some("optional_no_ca") => Verify::OptionalNoCa,
            _ => Verify::On,
        };
        let file = match self.secrets.take(namespace, name) {
            Taken::Refused => return Ok(denied),
            // What of the rest counts is known all the same.
            Taken::Unknown(Missing::NotShown(_) | Missing::Hidden(_)) => {
                Some((format!("ca-{namespace}-{name}.pem"), None))
            }
            Taken::Unknown(missing) => return Err(Failed::Unknown(missing.clone())),
            Taken::NoAuthorities => None,
            Taken::Authorities { file, lists, .. } => {
                Some((file.clone(), lists.as_ref().map(|(file, _)| file.clone())))
            }
        };
        let broken = |key: &str| {
            Failed::Unknown(Missing::Effect(identity.clone(), format!("{PREFIX}{key}")))
        };
        let depth = match annotations
            .raw("auth-tls-verify-depth")
            .and_then(|text| text.parse::<i64>().ok())
        {
            None | Some(0) => 1,
            // nginx takes no configuration with it.
            Some(depth) if depth < 0 => return Err(broken("auth-tls-verify-depth")),
            Some(depth) => u8::try_from(depth).unwrap_or(u8::MAX),
        };
        // With blanks at their ends, validators and readers see different texts.
        let padded =
            ["auth-tls-error-page", "auth-tls-pass-certificate-to-upstream", "auth-tls-match-cn"];
        let is_padded = |name: &&&str| annotations.raw(name).is_some_and(|raw| raw.trim() != raw);
        if let Some(name) = padded.iter().find(is_padded) {
            return Err(broken(name));
        }
        let error_page = annotations.text("auth-tls-error-page");
        if error_page.as_deref().is_some_and(|page| !error_page::is_accepted(page)) {
            return Err(Failed::Dropped);
        }
        let passes = annotations.text("auth-tls-pass-certificate-to-upstream");
        let passes_certificate = match passes.as_deref().map(boolean) {
            None => false,
            Some(None) => return Err(Failed::Dropped),
            Some(Some(passes)) => passes,
        };
        let match_cn = match annotations.text("auth-tls-match-cn").as_deref().map(match_cn::value) {
            None => None,
            Some(Value::Dropped) => return Err(Failed::Dropped),
            Some(Value::NotKnown) => return Err(broken("auth-tls-match-cn")),
            Some(Value::Check(admits)) => Some(admits),
        };
        Ok(Auth { is_denied: false, file, verify, depth, error_page, passes_certificate, match_cn })
    }
}

/// What the controller refuses in hosts, paths and names, where it looks (`InspectIngress` of `internal/ingress/inspector`).
fn inspected(identity: &Identity, ingress: &Ingress) -> Option<Missing> {
    /// The length of the shortest text that it matches, `root;`.
    const SHORTEST: usize = 5;
    const REFUSED: &str = r"(?s)alias\s*.*;|root\s*.*;|/etc/(passwd|shadow|group|nginx|ingress-controller)|/var/run/secrets|_by_lua";
    static LOOKED_FOR: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(REFUSED).ok());
    let rules = ingress.spec.rules.iter();
    let paths = rules.flat_map(|rule| rule.http.iter().flat_map(|http| &http.paths));
    let texts = paths.filter_map(|path| path.path.as_deref());
    let mut texts = texts.filter(|text| text.len() >= SHORTEST);
    let refused = LOOKED_FOR.as_ref()?;
    let path = texts.find(|text| refused.is_match(text))?;
    Some(Missing::Effect(identity.clone(), path.to_owned()))
}

/// Why `auth-tls-*` gives no configuration.
enum Failed {
    /// The controller passes over the whole Ingress.
    Dropped,
    /// That is not known.
    Unknown(Missing),
}
