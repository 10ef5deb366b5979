//! Traefik (<https://github.com/traefik/traefik>), 3.7.9 to 3.7.15: what its provider `kubernetesIngressNGINX` makes of
//! ingress-nginx's objects, beside routers of its provider `kubernetesCRD`.
//!
//! ```text
//!  Ingresses ──reading──► Read ──ingresses──► Routers, TLS settings ─┐
//!  IngressRoutes, TLSOptions ──custom──────────► the same ───────────┴─resolution─► names and routes ──observation──► Observed
//! ```
//!
//! Sources are files of Traefik's repository, as of 3.7.13 where nothing else is said; what 3.7.15 does was measured with
//! the program. Where chance decides in Traefik (the order of a Go map), each outcome is a possibility.
//!
//! It is taken to be set up with one entry point for plain HTTP at port 80 (`web` or `http`) and one for HTTPS at 443
//! (`websecure` or `https`), which are those of the provider, and with the providers' other options at their defaults.

mod annotations;
mod custom;
mod edition;
mod flags;
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
use super::setup::Chosen;
use super::{
    CLASS_OPTIONS, Controller, Declared, DeclaredOption, Origin, Settings, Takes, declared_options,
};
use crate::enforcement::{Given, Missing, Observed};
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

    fn options(&self) -> &'static [DeclaredOption] {
        const ALL: [DeclaredOption; 5] = {
            let [controller, class, classless, by_name] = CLASS_OPTIONS;
            [
                DeclaredOption { name: STRICT, takes: Takes::Boolean },
                controller,
                class,
                classless,
                by_name,
            ]
        };
        &ALL
    }

    fn settings(&self, objects: &ObjectSet<'_>, declared: &Declared) -> Settings {
        settings(objects, declared)
    }

    fn laxer(&self, settings: &Settings) -> Option<Settings> {
        // `allowSnippetAnnotations` is a flag, which objects seldom show.
        let is_read = |one: &Given| matches!(one, Given::Workload { has_file: false, .. });
        if settings.given.iter().any(is_read) {
            return None;
        }
        let mut laxer = settings.clone();
        laxer.options.insert("allowSnippetAnnotations", ("true".to_owned(), Origin::Assumed));
        laxer.accepted.anywhere.extend(reading::SNIPPETS.map(|name| format!("{PREFIX}{name}")));
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

/// The settings: what is declared, and the flags of the object that runs it.
fn settings(objects: &ObjectSet<'_>, declared: &Declared) -> Settings {
    let mut chosen = Chosen::of(objects, declared, CLASS, flags::setup);
    let (version, version_origin) = chosen.version(declared.version.as_ref(), LAST);
    let (has_custom, given) = custom::shown(objects);
    chosen.given.extend(given);
    if let Some(setup) = chosen.setup.as_ref().filter(|_| has_custom) {
        let breaking = flags::BREAKING_CUSTOM.iter();
        let flag = breaking.copied().find(|flag| setup.beside.iter().any(|own| own == flag));
        let missing = flag.map(|flag| Missing::Effect(setup.object.clone(), flag.to_owned()));
        chosen.missing = chosen.missing.or(missing);
    }
    let option = |(name, default): &(&'static str, &str)| match chosen.option(name) {
        Some(value) => (*name, (value.to_owned(), Origin::Read)),
        None => (*name, ((*default).to_owned(), Origin::Default)),
    };
    let mut options: BTreeMap<&'static str, (String, Origin)> =
        flags::FOLLOWED.iter().map(option).collect();
    let (read, origin) = options.remove(flags::STRICT).unwrap_or_default();
    let strict = declared.options.get(STRICT);
    let object = chosen.setup.as_ref().map(|setup| setup.object.clone());
    if let (Some(declared), Some(object), Origin::Read) = (strict, &object, origin)
        && *declared != read
    {
        chosen.contradict(object, "`core.strictTLSOptions`", &read, declared);
    }
    options.insert(STRICT, (read, origin));
    options.extend(declared_options(&Traefik, declared));
    let classes = chosen.classes(objects, declared, &flags::OWN);
    Settings {
        controller: Traefik.name(),
        version,
        version_origin,
        options,
        accepted: declared.accepted.clone(),
        classes,
        missing: chosen.missing,
        read_from: None,
        run_by: object,
        given: chosen.given,
        at: None,
    }
}
