//! Annotations of an Ingress, as Traefik parses them (`pkg/provider/kubernetes/ingress-nginx/annotations.go`).

use super::reading::{Canary, host_of};
use crate::controllers::ingress_nginx::PREFIX;
use crate::enforcement::Missing;
use crate::identity::Identity;
use crate::manifest::kinds::Ingress;

/// What the model does not follow, if it is said: who answers what.
const NOT_FOLLOWED: [&str; 2] = ["default-backend", "custom-headers"];

/// Annotations of an Ingress.
pub(super) struct Annotations<'a> {
    pub ingress: &'a Ingress,
}

impl<'a> Annotations<'a> {
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        self.ingress.metadata.annotations.get(&format!("{PREFIX}{name}"))
    }

    /// The text of an annotation, unless it is empty.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.raw(name).filter(|text| !text.is_empty())
    }

    /// Every other value than `true` is false.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.raw(name).map(|text| text.eq_ignore_ascii_case("true"))
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.raw(name)?.parse().ok()
    }

    pub fn list(&self, name: &str) -> Vec<String> {
        let items = self.raw(name).into_iter().flat_map(|text| text.split(','));
        items.map(|item| item.trim().to_owned()).collect()
    }

    pub fn canary(&self) -> Canary {
        let by_request = ["canary-by-header", "canary-by-cookie"];
        let weight = self.number("canary-weight").unwrap_or_default();
        Canary { takes_any: weight > 0 || by_request.iter().any(|name| self.text(name).is_some()) }
    }

    /// The first annotation whose effect is not followed here. What Traefik does not read has none.
    pub fn unknown(&self, identity: &Identity) -> Option<Missing> {
        let is_path = |text: &str| text.starts_with('/');
        // It may lead back to the host, where it is not a redirect (`newRedirect` of `pkg/middlewares/redirect`).
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
