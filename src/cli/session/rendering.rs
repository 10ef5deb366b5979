//! From a model and what it has to manifests: the only place that asks `render` and `complete`.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::{Session, Setup};
use crate::cli::report::CommandError;
use crate::complete::{Completed, Completer, with_local};
use crate::diagnostic::Diagnostic;
use crate::manifest::{Disclosure, Namespace, Object};
use crate::model::Model;
use crate::render::template::TemplateSet;
use crate::render::{self, Checked};
use crate::secret_format::Handed;
use crate::specification::document::{Document, Step};
use crate::store::Material;

/// How objects are rendered: with which templates, and where messages find what they are about.
pub struct Rendering {
    document: Arc<Document>,
    templates: TemplateSet,
    is_apart: bool,
}

/// Objects that came in.
#[derive(Clone, Copy)]
pub struct Among<'a> {
    /// The objects, in their order.
    pub items: &'a [Value],
    /// Namespace of those that say none.
    pub namespace: Namespace<'a>,
    /// Whether objects are not applied that `config.kubernetes.io/local-config` marks.
    pub drops_local: bool,
}

impl Among<'_> {
    /// Findings, each with help that names the objects it speaks of and that are not applied.
    pub(super) fn explained(&self, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
        if self.drops_local { with_local(found, self.items, self.namespace.name()) } else { found }
    }
}

impl Session {
    /// How the spec's objects are rendered: with the templates of `folder`, else with those that the spec names.
    ///
    /// # Errors
    /// The folder or a template cannot be read.
    pub fn rendering(&self, folder: Option<&Path>) -> Result<Rendering, CommandError> {
        let templates = self.templates(folder)?;
        Ok(Rendering { document: Arc::clone(&self.document), templates, is_apart: false })
    }
}

impl Rendering {
    /// The same; if `is_apart`, Ingresses that exist already may be missing among the objects: none is asked for, or
    /// only the build sees them.
    #[must_use]
    pub fn apart(self, is_apart: bool) -> Self {
        Self { is_apart, ..self }
    }

    /// The manifests of a model, in the order in which they can be applied.
    ///
    /// # Errors
    /// What is wrong with templates, patches and what they give; and every host that would be open.
    pub fn manifests(
        &self,
        model: &Model,
        material: &dyn Material,
        disclosure: Disclosure,
    ) -> Result<Checked, CommandError> {
        let locate = |path: &[Step]| self.document.span(path);
        let render = if self.is_apart { render::render_apart } else { render::render };
        render(model, material, &self.templates, disclosure, &locate).map_err(CommandError::Input)
    }

    /// What a model adds to objects that came in, and these objects completed.
    ///
    /// # Errors
    /// As with [`Rendering::manifests`], and what keeps a host from being protected whose Ingress came in.
    pub fn complete(
        &self,
        model: &Model,
        material: &dyn Material,
        disclosure: Disclosure,
        Among { items, namespace, drops_local }: Among<'_>,
    ) -> Result<Completed, CommandError> {
        let (templates, locate) = (&self.templates, |path: &[Step]| self.document.span(path));
        let completer = Completer {
            model,
            material,
            templates,
            disclosure,
            locate: &locate,
            namespace,
            drops_local,
        };
        completer.complete(items.to_vec()).map_err(CommandError::Input)
    }
}

impl Setup {
    /// Objects in the form in which the spec hands Secrets over.
    ///
    /// # Errors
    /// Secrets that cannot be handed over so.
    pub fn handed_over<'a>(
        &self,
        objects: impl IntoIterator<Item = &'a Object>,
    ) -> Result<Vec<Handed<'a>>, CommandError> {
        render::handed_over(self.model(), objects).map_err(CommandError::Input)
    }
}
