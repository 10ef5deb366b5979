//! Which of the objects a command is about.

use super::report::CommandError;
use crate::diagnostic::{Diagnostic, nearest};
use crate::manifest::Object;
use crate::model::{Model, Touched};

/// Which of the objects a command is about; defaults to all of them.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Selection {
    /// Only objects of this kind, such as `Ingress`; may be repeated
    #[arg(long = "kind", value_name = "KIND", help_heading = "Selection")]
    kinds: Vec<String>,
    /// Only objects of this host, by its name or its key in the spec; may be repeated
    ///
    /// What others made and is over, elsewhere in the spec, is a warning then.
    #[arg(long = "host", value_name = "HOST", help_heading = "Selection")]
    hosts: Vec<String>,
}

impl Selection {
    /// Whether nothing was said.
    pub fn is_everything(&self) -> bool {
        self.kinds.is_empty() && self.hosts.is_empty()
    }

    /// Whether kinds were said, and this is none of them.
    pub fn leaves_out(&self, kind: &str) -> bool {
        !self.kinds.is_empty() && !self.kinds.iter().any(|said| said.eq_ignore_ascii_case(kind))
    }

    /// What the chosen ones hold. Kinds are known to hold no certificates where templates are `own`.
    ///
    /// # Errors
    /// A host is not in the spec.
    pub fn touched(&self, model: &Model, own: bool) -> Result<Touched, CommandError> {
        const WITHOUT_CERTIFICATES: [&str; 8] = [
            "ClientTrafficPolicy",
            "Deployment",
            "Gateway",
            "HTTPRoute",
            "Ingress",
            "ListenerSet",
            "ReferenceGrant",
            "Service",
        ];
        let is_without =
            |kind: &String| WITHOUT_CERTIFICATES.iter().any(|one| one.eq_ignore_ascii_case(kind));
        let keys = self.keys(model)?.into_iter().collect();
        Ok(if own && !self.kinds.is_empty() && self.kinds.iter().all(is_without) {
            Touched::nothing()
        } else if self.hosts.is_empty() {
            Touched::everything()
        } else {
            Touched::hosts(model, &keys)
        })
    }

    /// The chosen ones, in their order.
    ///
    /// # Errors
    /// A host is not in the spec, or no object is of a kind.
    pub fn choose<'a>(
        &self,
        model: &Model,
        manifests: &'a [Object],
    ) -> Result<Vec<&'a Object>, CommandError> {
        let keys = self.keys(model)?;
        for kind in &self.kinds {
            let mut known: Vec<&str> =
                manifests.iter().map(|manifest| manifest.identity.kind.as_str()).collect();
            known.sort_unstable();
            known.dedup();
            if !known.iter().any(|known| known.eq_ignore_ascii_case(kind)) {
                return Err(unknown("--kind", "object of kind", kind, &known));
            }
        }
        let of_kind = |manifest: &&Object| {
            self.kinds.is_empty()
                || self.kinds.iter().any(|kind| kind.eq_ignore_ascii_case(&manifest.identity.kind))
        };
        let of_host = |manifest: &&Object| {
            self.hosts.is_empty()
                || manifest.exposures.iter().any(|key| keys.contains(&key.as_str()))
        };
        Ok(manifests.iter().filter(|m| of_kind(m) && of_host(m)).collect())
    }

    /// Keys of the chosen hosts.
    fn keys<'a>(&self, model: &'a Model) -> Result<Vec<&'a str>, CommandError> {
        host_keys(&self.hosts, model)
    }
}

/// Keys under `hosts` of what `--host` names, by key or DNS name.
///
/// # Errors
/// A host is not in the spec.
pub fn host_keys<'a>(hosts: &[String], model: &'a Model) -> Result<Vec<&'a str>, CommandError> {
    let mut keys = Vec::new();
    for wanted in hosts {
        let before = keys.len();
        let matching = model
            .exposures
            .iter()
            .filter(|exposure| exposure.key == *wanted || exposure.host.as_str() == wanted);
        keys.extend(matching.map(|exposure| exposure.key.as_str()));
        if keys.len() == before {
            let known: Vec<&str> =
                model.exposures.iter().map(|exposure| exposure.host.as_str()).collect();
            return Err(unknown("--host", "host", wanted, &known));
        }
    }
    Ok(keys)
}

/// What a flag names is not there; a near miss is proposed.
pub fn unknown(flag: &str, what: &str, wanted: &str, known: &[&str]) -> CommandError {
    let help = match nearest(wanted, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there is {}", crate::model::context::listed(known)),
    };
    CommandError::Input(vec![
        Diagnostic::error("unknown-selection", format!("{flag}: no {what} `{wanted}`")).help(help),
    ])
}
