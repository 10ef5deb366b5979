//! Envoy Gateway (<https://github.com/envoyproxy/gateway>), 1.9: what it makes of the Gateway API's objects and its own.
//!
//! ```text
//!  Gateways, ListenerSets ──doors──► listeners ─┐
//!  ClientTrafficPolicies ──policies, validation─┼─observation─► Observed
//!  HTTPRoutes ──routes, hostnames──► routes ────┘
//! ```
//!
//! Sources are files of its repository, as of 1.9.1; what they do together with Envoy 1.40 was measured with both programs. Each
//! Gateway has an address of its own, unless its class merges them. Envoy picks a listener by the name in the TLS handshake, and
//! looks for the host among the routes of that listener alone.

mod doors;
mod hostnames;
mod labels;
mod observation;
mod order;
mod policies;
mod references;
mod routes;
mod served;
#[cfg(test)]
mod tests;
mod validation;

use std::collections::BTreeMap;

use super::classes::{Annotated, Classes};
use super::{Controller, Declared, DeclaredOption, Origin, Settings, Takes, declared_options};
use crate::enforcement::{Given, Observed};
use crate::manifest::kinds::gateway::{Gateway, HttpRoute};
use crate::manifest::{Extent, ObjectSet};

/// Option: `gateway.controllerName` of its configuration.
const CONTROLLER_NAME: &str = "controllerName";
/// Option: `extensionApis.enableEnvoyPatchPolicy` of its configuration.
const PATCHES: &str = "enableEnvoyPatchPolicy";
/// The controller name of its defaults (`api/v1alpha1/envoygateway_types.go`).
const CONTROLLER: &str = "gateway.envoyproxy.io/gatewayclass-controller";
/// The last version that the model knows.
const LAST: &str = "1.9.1";

/// The controller `envoy-gateway`.
pub struct EnvoyGateway;

impl Controller for EnvoyGateway {
    fn name(&self) -> &'static str {
        "envoy-gateway"
    }

    fn version(&self, text: &str) -> Result<String, String> {
        let number = text.strip_prefix('v').unwrap_or(text);
        match number {
            "1.9.0" | LAST => Ok(number.to_owned()),
            _ => Err("the model of Envoy Gateway is that of 1.9.0 and 1.9.1".to_owned()),
        }
    }

    fn options(&self) -> &'static [DeclaredOption] {
        const ALL: [DeclaredOption; 2] = [
            DeclaredOption { name: CONTROLLER_NAME, takes: Takes::DomainPrefixed },
            DeclaredOption { name: PATCHES, takes: Takes::Boolean },
        ];
        &ALL
    }

    fn settings(&self, objects: &ObjectSet<'_>, declared: &Declared) -> Settings {
        let mut options = BTreeMap::from([
            (CONTROLLER_NAME, (CONTROLLER.to_owned(), Origin::Default)),
            // What is off by default may be on: objects do not show it.
            (PATCHES, (String::new(), Origin::Default)),
        ]);
        options.extend(declared_options(&Self, declared));
        let mut given = Vec::new();
        if !objects.has::<Gateway>() && !objects.has::<HttpRoute>() {
            given.push(Given::NoneOf(vec!["Gateway", "HTTPRoute"]));
        }
        let version = declared.version.clone();
        Settings {
            controller: self.name(),
            version_origin: version.as_ref().map_or(Origin::Default, |_| Origin::Declared),
            version: version.unwrap_or_else(|| LAST.to_owned()),
            options,
            accepted: declared.accepted.clone(),
            classes: Classes {
                controller: CONTROLLER.to_owned(),
                shown: BTreeMap::new(),
                default: None,
                said: declared.classes.clone(),
                are_said: !declared.classes.is_empty(),
                others: declared.other_classes.clone(),
                are_all_shown: objects.extent() == Extent::Cluster,
                annotated: Annotated::Default(String::new()),
                takes_classless: Some(false),
            },
            missing: None,
            read_from: None,
            run_by: None,
            given,
            at: None,
        }
    }

    fn observe(&self, objects: &ObjectSet<'_>, settings: &Settings) -> Observed {
        observation::observe(objects, settings)
    }
}
