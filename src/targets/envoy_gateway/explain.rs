//! How the objects that expose a host differ from those that mtlsgen makes.

use crate::identity::Identity;
use crate::manifest::kinds::Api;
use crate::manifest::kinds::envoy_gateway::ClientTrafficPolicy;
use crate::manifest::kinds::gateway::{Gateway, HttpRoute};
use crate::manifest::{ObjectSet, Seen, Shown};
use crate::model::{Exposure, Model};
use crate::specification::Verify;
use crate::targets::Explanation;

/// Objects of a host that are missing or changed.
pub(super) fn explain(_: &Model, exposure: &Exposure, objects: &ObjectSet<'_>) -> Explanation {
    let namespace = exposure.namespace.as_str();
    let name = exposure.name.as_str();
    let mut reasons = Vec::new();
    let is_protected = exposure.client_auth.as_ref().is_some_and(|auth| auth.verify != Verify::Off);
    if is_protected {
        reasons.extend(of_object::<ClientTrafficPolicy>(objects, namespace, name));
    }
    reasons.extend(of_object::<HttpRoute>(objects, namespace, name));
    let host = exposure.host.as_str();
    let (gateways, _) = objects.all::<Gateway>();
    let serves = |seen: &&Seen<'_, Gateway>| {
        let mut listeners = seen.object.spec.listeners.iter();
        listeners.any(|one| one.hostname.as_deref() == Some(host))
    };
    for seen in gateways.iter().filter(serves) {
        reasons
            .extend((!seen.is_as_made).then(|| format!("{} was changed", called(seen.identity))));
    }
    let (routes, _) = objects.all::<HttpRoute>();
    let is_others = |seen: &&Seen<'_, HttpRoute>| {
        let own = [name.to_owned(), format!("{name}-redirect")];
        let is_own =
            seen.identity.namespace_or_default() == namespace && own.contains(&seen.identity.name);
        !is_own && seen.object.spec.hostnames.iter().any(|one| one == host)
    };
    for seen in routes.iter().filter(is_others) {
        reasons.push(format!("{} has the host too", called(seen.identity)));
    }
    Explanation { reasons, ..Explanation::default() }
}

fn of_object<K: Api>(objects: &ObjectSet<'_>, namespace: &str, name: &str) -> Option<String> {
    let identity = Identity {
        api_version: String::new(),
        kind: K::KIND.to_owned(),
        namespace: Some(namespace.to_owned()),
        name: name.to_owned(),
    };
    match objects.read::<K>(namespace, name) {
        Shown::Found(Ok(seen)) if seen.is_as_made => None,
        Shown::Found(_) => Some(format!("{} was changed", called(&identity))),
        Shown::Absent | Shown::NotShown(_) | Shown::Hidden => {
            Some(format!("{} is missing", called(&identity)))
        }
    }
}

fn called(identity: &Identity) -> String {
    format!("the {} `{}/{}`", identity.kind, identity.namespace_or_default(), identity.name)
}
