//! ingress-nginx (<https://github.com/kubernetes/ingress-nginx>), as of 1.15.1: what it makes of Ingresses, Secrets and
//! its settings.
//!
//! ```text
//!  objects ──reading──► Read, one an Ingress ──servers──► Server, one a host ──observation──► Observed
//!          ──secrets──► what verifies clients ─┘
//! ```
//!
//! Sources are files of the controller's repository. Where several objects are for one host, their order counts; where the
//! objects do not show it, each order that differs is a possibility.

pub(crate) mod annotation_risk;
pub(crate) mod annotation_table;
mod annotations;
mod error_page;
#[cfg(test)]
mod flag_tests;
mod flags;
mod locations;
mod match_cn;
mod observation;
#[cfg(test)]
mod odd_tests;
mod reading;
mod secrets;
mod servers;
mod settings;
#[cfg(test)]
mod tests;
pub(crate) mod values;

pub(crate) use locations::is_readable;
pub(crate) use settings::{CONTROLLER_CLASS, not_followed};

use super::{Controller, Declared, Settings};
use crate::enforcement::Observed;
use crate::manifest::ObjectSet;

/// What all annotations of the controller start with.
pub const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// What the versions start with that the model knows.
const KNOWN: [&str; 4] = ["1.12.", "1.13.", "1.14.", "1.15."];

/// The controller `ingress-nginx`.
pub struct IngressNginx;

impl Controller for IngressNginx {
    fn name(&self) -> &'static str {
        "ingress-nginx"
    }

    fn version(&self, text: &str) -> Result<String, String> {
        let number = text.strip_prefix('v').unwrap_or(text);
        if KNOWN.iter().any(|known| number.starts_with(known)) {
            return Ok(number.to_owned());
        }
        Err("the model of ingress-nginx is that of 1.12 to 1.15: before, other things were the default".to_owned())
    }

    fn options(&self) -> &'static [&'static str] {
        &[]
    }

    fn settings(&self, objects: &ObjectSet<'_>, declared: &Declared) -> Settings {
        settings::settings(objects, declared)
    }

    fn possible(
        &self,
        objects: &ObjectSet<'_>,
        declared: &Declared,
        settings: &Settings,
    ) -> Vec<Settings> {
        settings::possible(objects, declared, settings)
    }

    fn laxer(&self, settings: &Settings) -> Option<Settings> {
        settings::laxer(settings)
    }

    fn observe(&self, objects: &ObjectSet<'_>, settings: &Settings) -> Observed {
        observation::observe(objects, settings)
    }
}
