//! Routes: the paths of a host and the services behind them.

use std::collections::BTreeMap;

use super::context::{Context, Findings};
use super::{Route, Service};
use crate::diagnostic::Diagnostic;
use crate::path;
use crate::specification::document::Path;
use crate::specification::value::PortReference;
use crate::specification::{self, Existing, PathType};

/// The routes of one host, whose Ingress lives in `namespace`.
pub fn resolve(
    context: Context<'_>,
    key: &str,
    written: &specification::Host,
    namespace: &str,
    services: &BTreeMap<String, Service>,
    findings: &mut Findings,
) -> Option<Vec<Route>> {
    let path = path!["hosts", key];
    if written.service.is_some() && !written.routes.is_empty() {
        findings.push(
            Diagnostic::error("conflicting-keys", "`service` and `routes` exclude each other")
                .at(context.key(&path!["hosts", key, "service"]))
                .related(context.key(&path!["hosts", key, "routes"]), "the routes")
                .help("remove `service`, or write it as a route: `{ path = \"/\", service = \"...\" }`"),
        );
        return None;
    }
    if let Some(service) = &written.service {
        let here = path!["hosts", key, "service"];
        let short = specification::Route {
            service: Some(service.clone()),
            ..specification::Route::default()
        };
        return route(context, &here, &here, &short, namespace, services, findings)
            .map(|route| vec![route]);
    }
    if written.routes.is_empty() {
        // A list with errors is not empty in what was written.
        let first = path!["hosts", key, "routes", 0];
        if !context.has(&first) && !context.has(&path!["hosts", key, "service"]) {
            findings.push(
                Diagnostic::error("missing-key", "this host has no backend")
                    .at(context.key(&path))
                    .help("write `service = \"...\"`, or `routes = [{ path = \"/\", service = \"...\" }]`"),
            );
        }
        return None;
    }
    let mut routes: Vec<Route> = Vec::new();
    for (index, entry) in written.routes.iter().enumerate() {
        let here = path!["hosts", key, "routes", index];
        let service_path = [here.as_slice(), &path!["service"]].concat();
        let Some(route) =
            route(context, &here, &service_path, entry, namespace, services, findings)
        else {
            continue;
        };
        if routes.iter().any(|r| (&r.path, r.path_type) == (&route.path, route.path_type)) {
            findings.push(
                Diagnostic::error(
                    "duplicate-object",
                    format!("path `{}` is listed twice", route.path),
                )
                .at(context.value(&here))
                .help("remove one of the routes, or give them different paths"),
            );
        }
        routes.push(route);
    }
    (routes.len() == written.routes.len()).then_some(routes)
}

fn route(
    context: Context<'_>,
    here: &Path,
    service_path: &Path,
    written: &specification::Route,
    namespace: &str,
    services: &BTreeMap<String, Service>,
    findings: &mut Findings,
) -> Option<Route> {
    let path = written.path.clone().unwrap_or_else(|| "/".to_owned());
    let path_type = written.path_type.unwrap_or_default();
    if let Some(problem) = path_problem(&path, path_type) {
        findings.push(
            Diagnostic::error("invalid-path", format!("`{path}` cannot be a path: {problem}"))
                .at(context.value(&[here.as_slice(), &path!["path"]].concat()))
                .help("write an absolute path such as `/` or `/api`"),
        );
    }
    let Some(name) = &written.service else {
        if !context.has(service_path) {
            findings.push(
                Diagnostic::error("missing-key", "this route has no backend")
                    .at(context.value(here))
                    .help("write `service = \"...\"`, a name under `services`"),
            );
        }
        return None;
    };
    if !context.spec.services.contains_key(name.as_str()) {
        let known = context.spec.services.keys().map(specification::value::ObjectName::as_str);
        findings.unknown(context, service_path, ("service", "services"), name, known);
        return None;
    }
    let service = services.get(name)?;
    if service.namespace.as_str() != namespace {
        findings.push(
            Diagnostic::error(
                "other-namespace",
                format!("service `{name}` is in namespace `{}`, this host in `{namespace}`", service.namespace),
            )
            .at(context.value(service_path))
            .help("an Ingress reaches only Services of its own namespace: set `namespace` of one of them"),
        );
        return None;
    }
    let port = port(context, here, name, written.port.as_ref(), service, findings)?;
    Some(Route { path, path_type, service: service.name.clone(), port })
}

/// What Kubernetes refuses in paths of type Prefix and Exact (`pkg/apis/networking/validation`), and
/// what may not occur in a URL's path.
fn path_problem(path: &str, path_type: PathType) -> Option<&'static str> {
    const REFUSED: [&str; 4] = ["//", "/./", "/../", "%2f"];
    if !path.starts_with('/') {
        return Some("it does not start with `/`");
    }
    if path.contains(|c: char| c.is_whitespace() || c.is_control() || "{};\"'\\".contains(c)) {
        return Some("it may not contain whitespace, quotes, braces, `;` or `\\`");
    }
    if path_type == PathType::ImplementationSpecific {
        return None;
    }
    let lower = path.to_ascii_lowercase();
    if REFUSED.iter().any(|part| lower.contains(part)) {
        return Some("it may not contain `//`, `/./`, `/../` or `%2f`");
    }
    (lower.ends_with("/..") || lower.ends_with("/.")).then_some("it ends with `/.` or `/..`")
}

fn port(
    context: Context<'_>,
    here: &Path,
    name: &str,
    written: Option<&PortReference>,
    service: &Service,
    findings: &mut Findings,
) -> Option<PortReference> {
    let entry = context.spec.services.get(name);
    let Some(wanted) = written else {
        let first = service.ports.first();
        return match first {
            Some(first) => Some(PortReference::Number(specification::value::Port(first.port))),
            None => entry?.port.clone(),
        };
    };
    let known = |wanted: &PortReference| {
        service.ports.iter().any(|port| match wanted {
            PortReference::Number(number) => number.0 == port.port,
            PortReference::Name(wanted) => port.name.as_deref() == Some(wanted.as_str()),
        })
    };
    let existing = entry.and_then(|service| service.existing);
    if !known(wanted) && existing != Some(Existing::Service) {
        let ports = service.ports.iter().map(|port| match &port.name {
            Some(name) => format!("`{}` (`{name}`)", port.port),
            None => format!("`{}`", port.port),
        });
        findings.push(
            Diagnostic::error("unknown-reference", format!("service `{name}` has no such port"))
                .at(context.value(&[here.as_slice(), &path!["port"]].concat()))
                .help(format!("it has {}", ports.collect::<Vec<_>>().join(", "))),
        );
        return None;
    }
    Some(wanted.clone())
}

#[cfg(test)]
mod tests {
    use super::path_problem;
    use crate::specification::PathType::{ImplementationSpecific, Prefix};

    #[test]
    fn paths_that_kubernetes_refuses_are_refused() {
        for path in ["api", "/a//b", "/a/../b", "/a/%2F", "/a/..", "/a b", "/a;b", "/a\"b", "/{a}"]
        {
            assert!(path_problem(path, Prefix).is_some(), "{path}");
        }
        for path in ["/", "/api", "/api/", "/a.b/c..d", "/ü"] {
            assert_eq!(path_problem(path, Prefix), None, "{path}");
        }
        assert_eq!(path_problem("/a//b", ImplementationSpecific), None);
    }
}
