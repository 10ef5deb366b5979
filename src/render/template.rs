//! Templates: the built-in ones, and those of users that replace or add to them.

mod budget;
mod builtins;
mod engine;
mod error;
pub(super) mod format;
mod guarded;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Source, nearest};
use crate::targets;

pub(crate) use engine::Engine;
pub(super) use engine::environment;
pub(crate) use view::model_view;

/// The built-in templates by name; names of a target's own start with the target's.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("deployment.yaml.j2", include_str!("../../templates/deployment.yaml.j2")),
    ("secret.yaml.j2", include_str!("../../templates/secret.yaml.j2")),
    ("service.yaml.j2", include_str!("../../templates/service.yaml.j2")),
    (
        "ingress-nginx/ingress.yaml.j2",
        include_str!("../../templates/ingress-nginx/ingress.yaml.j2"),
    ),
    (
        "envoy-gateway/client-traffic-policy.yaml.j2",
        include_str!("../../templates/envoy-gateway/client-traffic-policy.yaml.j2"),
    ),
    (
        "envoy-gateway/gateway.yaml.j2",
        include_str!("../../templates/envoy-gateway/gateway.yaml.j2"),
    ),
    (
        "envoy-gateway/http-route.yaml.j2",
        include_str!("../../templates/envoy-gateway/http-route.yaml.j2"),
    ),
    (
        "envoy-gateway/listener-set.yaml.j2",
        include_str!("../../templates/envoy-gateway/listener-set.yaml.j2"),
    ),
    (
        "envoy-gateway/reference-grant.yaml.j2",
        include_str!("../../templates/envoy-gateway/reference-grant.yaml.j2"),
    ),
];

/// Prefix under which a template of the user reaches the built-in one that it replaces.
const ORIGINAL: &str = "builtin/";
/// What names of templates end with.
const SUFFIX: &str = ".yaml.j2";

/// The templates of one run.
#[derive(Clone, Debug, Default)]
pub struct TemplateSet {
    files: BTreeMap<String, Arc<Source>>,
}

impl TemplateSet {
    /// The built-in templates alone.
    #[must_use]
    pub fn built_in() -> Self {
        Self::default()
    }

    /// The built-in templates, and files of the user by name: the path below their folder, with `/`,
    /// such as `ingress-nginx/ingress.yaml.j2`. A file with a built-in's name replaces it, another one
    /// is rendered once with the whole model, one whose name starts with `_` is only there for others.
    ///
    /// # Errors
    ///
    /// Files that are not templates, and names that look like a built-in's but are not.
    pub fn new(files: BTreeMap<String, Arc<Source>>) -> Result<Self, Vec<Diagnostic>> {
        let set = Self { files };
        let mut diagnostics: Vec<_> =
            set.extra_names().filter_map(|name| set.misplaced(name)).collect();
        diagnostics.extend(Engine::new(&set).err().into_iter().flatten());
        if diagnostics.is_empty() { Ok(set) } else { Err(diagnostics) }
    }

    /// The name of a template in messages.
    pub(crate) fn origin(&self, name: &str) -> String {
        match self.files.get(name) {
            Some(source) => format!("template `{}`", source.name),
            None => format!("built-in template `{name}`"),
        }
    }

    /// Names of the templates that are rendered once each with the whole model.
    pub(crate) fn extras(&self, target: &str) -> impl Iterator<Item = &str> {
        self.extra_names()
            .filter(move |name| folder(name) == target || !targets::is_name(folder(name)))
    }

    /// The file of that name, if it is the user's.
    pub(crate) fn source(&self, name: &str) -> Option<&Arc<Source>> {
        self.files.get(name)
    }

    /// Whether there is any file of the user.
    pub(crate) fn is_built_in_alone(&self) -> bool {
        self.files.is_empty()
    }

    fn extra_names(&self) -> impl Iterator<Item = &str> {
        self.files
            .keys()
            .map(String::as_str)
            .filter(|name| !is_built_in(name) && !base_name(name).starts_with('_'))
    }

    /// A file that looks like a replacement of a built-in template, but has another name.
    fn misplaced(&self, name: &str) -> Option<Diagnostic> {
        let names = || BUILT_IN.iter().map(|(name, _)| *name);
        let same_base = names().find(|known| base_name(known) == base_name(name));
        let meant = same_base.or_else(|| {
            let near = nearest(stem(name), names().map(stem))?;
            names().find(|known| stem(known) == near)
        })?;
        let of_other_target = targets::is_name(folder(name)) && folder(name) != folder(meant);
        if !name.ends_with(SUFFIX) || of_other_target || (name.contains('/') && same_base.is_none())
        {
            return None;
        }
        let source = self.files.get(name).map_or(name, |source| source.name.as_str());
        Some(
            Diagnostic::error(
                "template-misnamed",
                format!("the template `{source}` replaces nothing: the built-in one is `{meant}`"),
            )
            .help(format!("rename it to `{meant}`, below the folder of templates"))
            .help("a template that adds objects needs a name less like a built-in one's"),
        )
    }
}

fn is_built_in(name: &str) -> bool {
    BUILT_IN.iter().any(|(known, _)| *known == name)
}

fn base_name(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, base)| base)
}

fn stem(name: &str) -> &str {
    base_name(name).trim_end_matches(SUFFIX)
}

fn folder(name: &str) -> &str {
    name.split_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests;
