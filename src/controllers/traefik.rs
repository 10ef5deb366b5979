//! Traefik (<https://github.com/traefik/traefik>), 3.7.9 to 3.7.15: what its provider `kubernetesIngressNGINX` makes of
//! ingress-nginx's objects, beside routers of its provider `kubernetesCRD`.
//!
//! ```text
//!  Ingresses ──reading──► Read ──ingresses──► Routers, TLS settings ─┐
//!  IngressRoutes, TLSOptions ──custom──────────► the same ───────────┴─resolution─► names and routes ──observation──► Observed
//! ```
//!
//! Sources are files of Traefik's repository, as of 3.7.13 where nothing else is said; what 3.7.15 does was measured with
//! the program. Where Traefik goes by chance (the order of a Go map), each outcome is a possibility.
//!
//! It is taken to be set up with one entry point for plain HTTP at port 80 (`web` or `http`) and one for HTTPS at 443
//! (`websecure` or `https`), which are those of the provider, and with the providers' other options at their defaults.

mod custom;
mod edition;
mod ingresses;
mod kinds;
mod locations;
mod names;
mod observation;
mod reading;
mod resolution;
mod rule;
mod secrets;
mod syntax;
mod terms;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::ingress_nginx::PREFIX;
use super::{Classes, Controller, Declared, Origin, Settings};
use crate::enforcement::Observed;
use crate::identity::Identity;
use crate::manifest::ObjectSet;
use crate::manifest::kinds::Ingress;
use edition::LAST;

/// Option: whether routers of a host with different TLS settings are switched off, instead of getting the default settings
/// (`core.strictTLSOptions`).
const STRICT: &str = "strictTlsOptions";
/// The `controllerClass` of the provider's defaults.
const CONTROLLER_CLASS: &str = "k8s.io/ingress-nginx";
/// The `ingressClass` of the provider's defaults.
const CLASS: &str = "nginx";

/// The controller `traefik`.
pub struct Traefik;

impl Controller for Traefik {
    fn name(&self) -> &'static str {
        "traefik"
    }

    fn version(&self, text: &str) -> Result<String, String> {
        let number = text.strip_prefix('v').unwrap_or(text);
        match edition::of(number) {
            Some(_) => Ok(number.to_owned()),
            None => Err("the model of Traefik is that of 3.7.9 to 3.7.15".to_owned()),
        }
    }

    fn options(&self) -> &'static [&'static str] {
        &[STRICT]
    }

    fn settings(&self, objects: &ObjectSet<'_>, declared: &Declared) -> Settings {
        let (strict, origin) = match declared.options.get(STRICT) {
            Some(value) => (value.clone(), Origin::Declared),
            None => ("false".to_owned(), Origin::Default),
        };
        Settings {
            controller: self.name(),
            version: declared.version.clone().unwrap_or_else(|| LAST.to_owned()),
            version_origin: if declared.version.is_some() {
                Origin::Declared
            } else {
                Origin::Default
            },
            options: BTreeMap::from([(STRICT, (strict, origin))]),
            accepted: declared.accepted.clone(),
            classes: Classes::of(objects, declared, CONTROLLER_CLASS, CLASS),
            is_ambiguous: false,
            read_from: None,
        }
    }

    fn laxer(&self, settings: &Settings) -> Option<Settings> {
        // `allowSnippetAnnotations` is a flag, which no object shows.
        let mut laxer = settings.clone();
        laxer.accepted.extend(reading::SNIPPETS.map(|name| format!("{PREFIX}{name}")));
        Some(laxer)
    }

    fn at_challenges(&self, declared: &Declared) -> Option<&'static str> {
        let version = declared.version.as_deref().unwrap_or(LAST);
        let is_strict = declared.options.get(STRICT).is_some_and(|value| value == "true");
        // Two Ingresses of a host with different settings get the default ones, or are switched off.
        let open = edition::of(version)?.into_iter().find(|edition| !edition.decides_by_host())?;
        Some(if is_strict && open.knows_strict() {
            "serves it to no client by HTTPS"
        } else {
            "serves it to clients without a certificate"
        })
    }

    fn misjudges_unverified(&self) -> Option<&'static str> {
        Some(
            "it judges them as certificates of servers, so that a client's of the right authority is `FAILED` and a server's `SUCCESS`",
        )
    }

    fn names_of_parts(&self, identity: &Identity, ingress: &Ingress) -> Vec<(String, String)> {
        names::of_parts(identity, ingress)
    }

    fn observe(&self, objects: &ObjectSet<'_>, settings: &Settings) -> Observed {
        observation::observe(objects, settings)
    }
}
