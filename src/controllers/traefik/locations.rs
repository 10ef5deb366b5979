//! Routers of one path of a host (`translate` of `pkg/provider/kubernetes/ingress-nginx/translator.go`).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::edition::Edition;
use super::reading::{HttpsRedirect, Read};
use super::resolution::{HTTP, HTTPS, Router};
use super::rule::{PathRule, Rule};
use crate::enforcement::{
    Action, Backend, Cause, Fact, Forward, Header, HeaderValue, Missing, ToHttps,
};

/// What one path of a host leads to.
pub(super) struct Location<'a> {
    pub read: &'a Read<'a>,
    pub key: String,
    pub path: PathRule,
    pub aliases: Vec<&'a str>,
    pub backend: Backend,
    pub canary: Option<(Backend, bool)>,
    /// Name of its TLS settings.
    pub settings: Option<String>,
    pub unknown: Option<Missing>,
}

impl Location<'_> {
    /// Its routers: by plain HTTP and by HTTPS.
    pub fn routers(&self, host: &str, hosts: &BTreeSet<&str>, edition: Edition) -> Vec<Router> {
        let names: Vec<&str> = if host.is_empty() {
            Vec::new()
        } else {
            std::iter::once(host).chain(self.aliases.iter().copied()).collect()
        };
        let rule = Rule::of_location(&names, &self.path);
        let namespace = self.read.identity.namespace_or_default();
        let secrets = self.read.ingress.spec.tls.iter().filter_map(|tls| tls.secret_name.as_ref());
        let certificates: Vec<(String, String)> =
            secrets.map(|name| (namespace.to_owned(), name.clone())).collect();
        let router = |port, rule: &Rule, to_https: bool, action: Fact<Action>| Router {
            identity: self.read.identity.clone(),
            priority: rule.priority(),
            rule: rule.clone(),
            port,
            settings: self.settings.clone(),
            to_https: if to_https { ToHttps::Always } else { ToHttps::Never },
            answer: action,
            unknown: self.unknown.clone(),
            certificates: certificates.clone(),
            is_routed: true,
        };
        let to_https = self.read.https != HttpsRedirect::Never;
        let mut routers = vec![
            router(HTTP, &rule, to_https, self.answer(edition.passes_by_http())),
            router(HTTPS, &rule, false, self.answer(true)),
        ];
        if let Some(other) = self.other_name(host, hosts) {
            let rule = Rule::of_location(&[&other], &PathRule::None);
            for (port, scheme) in [(HTTP, "http"), (HTTPS, "https")] {
                let action = Fact::Known(Action::Redirect(format!("{scheme}://{host}")));
                routers.push(router(port, &rule, false, action));
            }
        }
        routers
    }

    /// The name that redirects to its host (`buildFromToWwwRedirect`).
    fn other_name(&self, host: &str, hosts: &BTreeSet<&str>) -> Option<String> {
        if !self.read.from_to_www || host.is_empty() || host.starts_with("*.") {
            return None;
        }
        let other = match host.strip_prefix("www.") {
            Some(rest) => rest.to_owned(),
            None => format!("www.{host}"),
        };
        (!hosts.contains(other.as_str())).then_some(other)
    }

    fn answer(&self, is_passed: bool) -> Fact<Action> {
        if let Some(to) = &self.read.redirects_to {
            return Fact::Known(Action::Redirect(to.clone()));
        }
        let own = Some(self.backend.clone());
        let backend = match &self.canary {
            Some((canary, true)) => Fact::OneOf(Cause::Share, vec![own, Some(canary.clone())]),
            Some((_, false)) | None => Fact::Known(own),
        };
        let headers = headers(self.read.passes_certificate && is_passed);
        Fact::Known(Action::Forward(Forward { backend, headers }))
    }
}

/// What a backend hears of the certificate: all of it or nothing
/// (`pkg/middlewares/ingressnginx/authtlspasscertificatetoupstream`).
fn headers(is_set: bool) -> Arc<[Header]> {
    let header = |name, carries| Header {
        name,
        carries: if is_set { carries } else { HeaderValue::Nothing },
        client_can_send: !is_set,
    };
    Arc::new([
        header("ssl-client-verify", HeaderValue::Verify),
        header("ssl-client-subject-dn", HeaderValue::Subject),
        header("ssl-client-issuer-dn", HeaderValue::Issuer),
        header("ssl-client-cert", HeaderValue::Certificate),
    ])
}

/// Headers of routers that write none.
pub(super) fn no_headers() -> Arc<[Header]> {
    headers(false)
}
