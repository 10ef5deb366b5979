//! `HTTPRoute`s: where they attach, and what they do (`internal/gatewayapi/route.go`; the order of `sort.go`).

use std::sync::Arc;

use super::doors::Door;
use super::labels;
use super::references::{From, References};
use crate::enforcement::{
    Action, Backend, Cause, Fact, Forward, Header, Missing, PathPattern, Route, ToHttps,
};
use crate::identity::Identity;
use crate::manifest::kinds::Service;
use crate::manifest::kinds::gateway::{
    BackendReference, GROUP, HttpRouteSpec, PathMatch, Reference, RequestRedirect, RouteFilter,
    RouteMatch, RouteRule,
};
use crate::manifest::{ObjectSet, Shown};

/// Routes of one object, in the order of all.
pub(super) struct Routes<'o> {
    pub identity: &'o Identity,
    pub kind: &'static str,
    pub spec: HttpRouteSpec,
    /// The place in the order of age; the same for those whose ages are not known.
    pub turn: i64,
    /// Why it is not known what it answers, but for what it leads to.
    pub missing: Option<Missing>,
}

impl Routes<'_> {
    pub fn namespace(&self) -> &str {
        self.identity.namespace_or_default()
    }

    /// Whether it attaches to a listener of a Gateway (`GetReferencedListeners`, `processAllowedListenersForParentRefs`).
    pub fn attaches(
        &self,
        objects: &ObjectSet<'_>,
        gateway: &Identity,
        door: &Door,
    ) -> Result<bool, Missing> {
        let owner = if door.is_of_set { &door.owner } else { gateway };
        let wanted = if door.is_of_set { "ListenerSet" } else { "Gateway" };
        let names = |parent: &Reference| {
            parent.group.as_deref().unwrap_or(GROUP) == GROUP
                && parent.kind.as_deref().unwrap_or("Gateway") == wanted
                && parent.namespace.as_deref().unwrap_or(self.namespace())
                    == owner.namespace_or_default()
                && parent.name == owner.name
                && parent.section_name.as_ref().is_none_or(|name| *name == door.listener.name)
                && parent.port.is_none_or(|port| port == door.listener.port)
        };
        if !self.spec.parent_refs.iter().any(names) || !door.takes(self.kind) {
            return Ok(false);
        }
        let namespaces = (door.namespace(), self.namespace());
        labels::allows(objects, &door.listener.allowed_routes, namespaces, "Same")
    }

    /// What it does at a port, with these headers; a route for each match, and for one element of a path two.
    pub fn routes(
        &self,
        references: &References<'_>,
        door: &Door,
        headers: &Headers,
    ) -> Vec<Route> {
        let everything = [RouteRule::default()];
        let rules = if self.spec.rules.is_empty() { &everything[..] } else { &self.spec.rules };
        let mut all = Vec::new();
        for rule in rules {
            let (to_https, answer) = self.answer(references, rule, door, headers);
            let any = [RouteMatch::default()];
            let matches = if rule.matches.is_empty() { &any[..] } else { &rule.matches };
            for one in matches {
                let (paths, rank) = ranked(one, self.kind);
                all.extend(paths.into_iter().map(|path| Route {
                    path,
                    // Of those that are alike, the first one of the oldest object.
                    rank: Some(rank - self.turn),
                    settings: None,
                    to_https,
                    answer: answer.clone(),
                }));
            }
        }
        all
    }

    fn answer(
        &self,
        references: &References<'_>,
        rule: &RouteRule,
        door: &Door,
        headers: &Headers,
    ) -> (ToHttps, Fact<Action>) {
        if let Some(missing) = &self.missing {
            return (ToHttps::Never, Fact::Unknown(missing.clone()));
        }
        if let Some(redirect) =
            rule.filters.iter().find_map(|filter| filter.request_redirect.as_ref())
        {
            return redirected(redirect, door);
        }
        if let Some(missing) = self.effect(&rule.filters) {
            return (ToHttps::Never, Fact::Unknown(missing));
        }
        (ToHttps::Never, self.backends(references, &rule.backend_refs, headers))
    }

    /// A filter that is not followed.
    fn effect(&self, filters: &[RouteFilter]) -> Option<Missing> {
        const FOLLOWED: [&str; 5] = [
            "RequestHeaderModifier",
            "ResponseHeaderModifier",
            "RequestMirror",
            "URLRewrite",
            "CORS",
        ];
        let other = filters.iter().find(|one| !FOLLOWED.contains(&one.kind.as_str()))?;
        Some(Missing::Effect(self.identity.clone(), other.kind.clone()))
    }

    /// Where requests lead: to one of several by their shares, and nowhere (500) for the share of one that is not there.
    fn backends(
        &self,
        references: &References<'_>,
        refs: &[BackendReference],
        headers: &Headers,
    ) -> Fact<Action> {
        let mut all = Vec::new();
        for one in refs.iter().filter(|one| one.weight != Some(0)) {
            let found =
                self.effect(&one.filters).map_or_else(|| self.backend(references, &one.to), Err);
            let action = match found {
                Ok(Some(backend)) => Action::Forward(Forward {
                    backend: Fact::Known(Some(backend)),
                    headers: Arc::clone(&headers.0),
                }),
                Ok(None) => Action::Status(500),
                Err(missing) => return Fact::Unknown(missing),
            };
            if !all.contains(&action) {
                all.push(action);
            }
        }
        match <[Action; 1]>::try_from(all) {
            Ok([only]) => Fact::Known(only),
            Err(all) if all.is_empty() => Fact::Known(Action::Status(500)),
            Err(all) => Fact::OneOf(Cause::Share, all),
        }
    }

    /// A Service; `None`: it is not there, or may not be referred to.
    fn backend(
        &self,
        references: &References<'_>,
        to: &Reference,
    ) -> Result<Option<Backend>, Missing> {
        let group = to.group.as_deref().unwrap_or_default();
        let kind = to.kind.as_deref().unwrap_or("Service");
        let namespace = to.namespace.as_deref().filter(|one| !one.is_empty());
        let namespace = namespace.unwrap_or(self.namespace());
        let identity = Identity {
            api_version: if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") },
            kind: kind.to_owned(),
            namespace: Some(namespace.to_owned()),
            name: to.name.clone(),
        };
        if (group, kind) != ("", "Service") {
            return Err(Missing::Effect(identity, "spec".to_owned()));
        }
        let from = From { group: GROUP, kind: self.kind, namespace: self.namespace() };
        if !references.permits(from, &identity)? {
            return Ok(None);
        }
        let Some(port) = to.port else { return Ok(None) };
        match references.objects.read::<Service>(namespace, &to.name) {
            Shown::Absent => return Ok(None),
            Shown::Found(Ok(seen)) => {
                let ports = &seen.object.spec.ports;
                if !ports.iter().any(|one| one.port == port) {
                    return Ok(None);
                }
            }
            _ => {}
        }
        Ok(Some(Backend {
            namespace: namespace.to_owned(),
            service: to.name.clone(),
            port: port.to_string(),
        }))
    }
}

/// Headers about the client's certificate.
#[derive(Clone)]
pub(super) struct Headers(pub Arc<[Header]>);

/// A redirect; one to HTTPS that changes nothing else is what [`ToHttps`] says.
fn redirected(redirect: &RequestRedirect, door: &Door) -> (ToHttps, Fact<Action>) {
    let RequestRedirect { scheme, hostname, port, status_code: _, path } = redirect;
    let is_https = scheme.as_deref() == Some("https");
    if !door.is_https() && is_https && hostname.is_none() && path.is_none() {
        return (ToHttps::Always, Fact::Known(Action::Status(404)));
    }
    let scheme = scheme.as_deref().unwrap_or(if door.is_https() { "https" } else { "http" });
    let host = hostname.as_deref().unwrap_or_default();
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    (ToHttps::Never, Fact::Known(Action::Redirect(format!("{scheme}://{host}{port}"))))
}

/// How far apart matches of different kinds, lengths and numbers of conditions are; turns lie between.
const KIND: i64 = 1 << 56;
const LENGTH: i64 = 1 << 40;
const CONDITION: i64 = 1 << 32;

/// The paths of a match, and its rank (`XdsIRRoutes.Less`): kind and length of the path, then the number of other conditions.
fn ranked(one: &RouteMatch, kind: &str) -> (Vec<PathPattern>, i64) {
    let conditions = one.headers.len() + one.query_params.len() + usize::from(one.method.is_some());
    let count = i64::try_from(conditions).unwrap_or(i64::MAX);
    let PathMatch { kind: path_kind, value } = one.path.clone().unwrap_or_default();
    let value = value.unwrap_or_else(|| "/".to_owned());
    let length = i64::try_from(value.len()).unwrap_or_default();
    let (class, length, paths) = match path_kind.as_deref().unwrap_or("PathPrefix") {
        "Exact" => (2, length, vec![PathPattern::Exact(value)]),
        "RegularExpression" => (1, length, vec![PathPattern::Expression(format!("^({value})$"))]),
        _ if value == "/" => (0, 0, vec![PathPattern::Prefix(value)]),
        _ => {
            let trimmed = value.strip_suffix('/').unwrap_or(&value).to_owned();
            let below = PathPattern::Prefix(format!("{trimmed}/"));
            (0, length, vec![PathPattern::Exact(trimmed), below])
        }
    };
    let rank = class * KIND + length * LENGTH + count.min(255) * CONDITION;
    if conditions > 0 || kind != "HTTPRoute" {
        let words: Vec<String> = paths.iter().map(ToString::to_string).collect();
        return (
            vec![PathPattern::Rule(format!("{} and {conditions} conditions", words.join(", ")))],
            rank,
        );
    }
    (paths, rank)
}
