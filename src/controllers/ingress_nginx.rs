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
#[cfg(test)]
mod class_tests;
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
#[cfg(test)]
mod redirect_tests;
mod secrets;
mod servers;
mod settings;
#[cfg(test)]
mod tests;
pub(crate) mod values;

pub(crate) use locations::is_readable;
pub(crate) use settings::not_followed;

use super::{CLASS_OPTIONS, Controller, Declared, DeclaredOption, Settings};
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
        let is_patch = |text: &str| {
            let number = text.split(['-', '+']).next().unwrap_or_default();
            number.bytes().all(|octet| octet.is_ascii_digit()) && number.parse::<u16>().is_ok()
        };
        if KNOWN.iter().any(|known| number.strip_prefix(known).is_some_and(is_patch)) {
            return Ok(number.to_owned());
        }
        Err("the model of ingress-nginx is that of 1.12 to 1.15: before, other things were the default".to_owned())
    }

    fn options(&self) -> &'static [DeclaredOption] {
        &CLASS_OPTIONS
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

/// Whether a version is at least the given one of its own minor version, and at least the first of the newer ones.
fn is_since(version: &str, patches: &[(u16, u16)]) -> bool {
    let mut parts =
        version.split(['.', '-', '+']).skip(1).map_while(|part| part.parse::<u16>().ok());
    let (Some(minor), Some(patch)) = (parts.next(), parts.next()) else { return true };
    patches.iter().find(|(own, _)| *own == minor).is_none_or(|(_, first)| patch >= *first)
}

/// Whether the webhook of a version refuses dots in paths of type Prefix and Exact (`validPathType` of
/// `internal/ingress/inspector/rules.go` until 1.12.5 and 1.13.1).
pub(crate) fn refuses_dots(version: &str) -> bool {
    !is_since(version, &[(12, 6), (13, 2)])
}

/// Whether a TLS session of one host opens another in a version (CVE-2025-23419).
pub(crate) fn shares_sessions(version: &str) -> bool {
    !is_since(version, &[(12, 4)])
}
