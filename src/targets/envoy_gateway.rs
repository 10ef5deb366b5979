//! Envoy Gateway (<https://github.com/envoyproxy/gateway>): a Gateway for each namespace, with a listener, a route and a policy for
//! each host.
//!
//! Envoy picks a listener by the name in the TLS handshake: what is asked of the clients of a host is what the policy of its
//! listener says. Everything names its listener, so that no route is served by another one.

mod arrange;
mod explain;
mod gateways;
mod objects;
mod support;
#[cfg(test)]
mod tests;

use super::{
    Amendment, Arrangement, Entrusted, Existing, Explanation, Feature, Support, Target, misread,
};
use crate::controllers::{self, Controller as _};
use crate::diagnostic::Diagnostic;
use crate::enforcement::{CheckedLists, Library, Refusal, UnknownStatus, Verifier};
use crate::manifest::kinds::envoy_gateway::ClientTrafficPolicy;
use crate::manifest::kinds::gateway::{Gateway, HttpRoute, ListenerSet};
use crate::manifest::{Object, ObjectSet};
use crate::model::names::with_suffix;
use crate::model::{Conventions, Exposure, Model};
use crate::specification::document::{Locate, Places};
use crate::store::Material;

/// The target `envoy-gateway`.
pub struct EnvoyGateway;

/// Envoy with `BoringSSL`: every certificate of a bundle is an anchor, and where it has one list, it needs one for every
/// certificate of a chain (`X509_V_FLAG_CRL_CHECK_ALL`).
const CONVENTIONS: Conventions = Conventions {
    // The class of Envoy Gateway's own quick start.
    ingress_class: "eg",
    trust_secret,
    trust_bundle,
    verifier: Verifier {
        library: Library::BoringSsl,
        lists: Some((CheckedLists::Chain, UnknownStatus::Deny)),
        refusal: Refusal::Alert,
    },
};

fn trust_secret(server_secret: &str) -> String {
    with_suffix(server_secret, "-cacert")
}

fn trust_bundle(namespace: &str, secret: &str) -> String {
    [namespace, "/", secret].concat()
}

impl Target for EnvoyGateway {
    fn name(&self) -> &'static str {
        controllers::envoy_gateway::EnvoyGateway.name()
    }

    fn conventions(&self) -> &'static Conventions {
        &CONVENTIONS
    }

    fn support(&self, feature: Feature) -> Support {
        support::of(feature)
    }

    fn arrange<'m>(
        &self,
        model: &'m Model,
        places: &dyn Places,
    ) -> Result<Arrangement<'m>, Vec<Diagnostic>> {
        arrange::arrange(model, places)
    }

    fn check(&self, model: &Model, places: &dyn Places) -> Vec<Diagnostic> {
        arrange::judge(model, places)
    }

    fn objects(
        &self,
        model: &Model,
        arrangement: &Arrangement<'_>,
        material: &dyn Material,
        add: &mut dyn FnMut(Object),
    ) -> Result<(), Vec<Diagnostic>> {
        objects::objects(model, arrangement, material, add)
    }

    fn amend(&self, _: &Model, _: &Arrangement<'_>, _: &Existing<'_>, _: Locate<'_>) -> Amendment {
        // `existingIngress` is refused.
        Amendment::default()
    }

    fn entrusted(&self, model: &Model, locate: Locate<'_>) -> Vec<Entrusted> {
        gateways::entrusted(model, locate)
    }

    fn check_objects(&self, _: &Model, objects: &ObjectSet<'_>, _: Locate<'_>) -> Vec<Diagnostic> {
        let mut malformed = objects.all::<Gateway>().1;
        malformed.extend(objects.all::<ListenerSet>().1);
        malformed.extend(objects.all::<HttpRoute>().1);
        malformed.extend(objects.all::<ClientTrafficPolicy>().1);
        misread(malformed)
    }

    fn explain(&self, model: &Model, exposure: &Exposure, objects: &ObjectSet<'_>) -> Explanation {
        explain::explain(model, exposure, objects)
    }

    fn ways_out(&self, refused: Diagnostic, _: &str) -> Diagnostic {
        refused
    }
}
