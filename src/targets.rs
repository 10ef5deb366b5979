//! Ingress dialects: one a file.

mod arrangement;
pub mod envoy_gateway;
pub mod existing;
#[cfg(test)]
pub(crate) mod fixture;
pub mod ingress_nginx;
pub mod support;
mod view;

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::manifest::{Misread, Object, ObjectSet};
use crate::model::{Conventions, Exposure, Model};
use crate::specification::document::{Locate, Places};
use crate::store::Material;

pub use arrangement::{Arrangement, HostArrangement, Pinned};
pub use existing::{Amendment, Edit, Existing};
pub use support::{Feature, Support};
pub use view::{
    BackendView, FinalObjects, IngressView, PathView, PortView, RuleView, SecretView, SettingsView,
    TlsView, Trust, Views,
};

/// All targets, the default first.
pub static TARGETS: &[&dyn Target] = &[&ingress_nginx::IngressNginx, &envoy_gateway::EnvoyGateway];

/// Targets that later versions will have.
pub const PLANNED: &[&str] = &[
    "alb",
    "contour",
    "gateway-api",
    "haproxy-ingress",
    "istio",
    "nginx-gateway-fabric",
    "nginx-ingress",
    "traefik",
    "traefik-ingress-nginx",
];

/// What is not as mtlsgen makes it about the objects of a host.
#[derive(Debug, Default)]
pub struct Explanation {
    /// What differs, in words.
    pub reasons: Vec<String>,
    /// Annotations that are refused on protected hosts.
    pub annotations: BTreeSet<String>,
    /// Whether an Ingress of others for the host is all that differs.
    pub is_of_others: bool,
}

/// An object that exists already.
pub struct Entrusted {
    /// What it is taken to be.
    pub object: Object,
    /// What is said where it is not shown.
    pub unseen: Diagnostic,
}

/// An ingress dialect.
///
/// Implementations take the [`Exposure`] apart without `..`, so that a new field of the model does not
/// compile until each of them expresses or refuses it.
pub trait Target: Sync {
    /// Its name in the spec.
    fn name(&self) -> &'static str;

    /// What the model takes from it.
    fn conventions(&self) -> &'static Conventions;

    /// How far it can do what a spec asks for.
    fn support(&self, feature: Feature) -> Support;

    /// How it arranges what the model asks for; the warnings are beside it. It refuses what [`Target::support`] says is
    /// missing where that would admit clients, and what its own rules refuse.
    ///
    /// # Errors
    /// What it cannot arrange as the spec says, warnings included.
    fn arrange<'m>(
        &self,
        model: &'m Model,
        places: &dyn Places,
    ) -> Result<Arrangement<'m>, Vec<Diagnostic>>;

    /// What [`Target::arrange`] finds, what would be silently open, and other findings; before anything is
    /// rendered.
    fn check(&self, model: &Model, places: &dyn Places) -> Vec<Diagnostic>;

    /// Gives `add` the objects that expose the hosts of the model whose objects do not exist already, in the order of the hosts;
    /// `material` has their revocation lists.
    ///
    /// # Errors
    ///
    /// What cannot be expressed.
    fn objects(
        &self,
        model: &Model,
        arrangement: &Arrangement<'_>,
        material: &dyn Material,
        add: &mut dyn FnMut(Object),
    ) -> Result<(), Vec<Diagnostic>>;

    /// What objects that exist already lack for the hosts of the model that they expose. It adds, and never overwrites; whether
    /// they then do what is asked is for the comparison of all objects to say.
    fn amend(
        &self,
        model: &Model,
        arrangement: &Arrangement<'_>,
        existing: &Existing<'_>,
        locate: Locate<'_>,
    ) -> Amendment;

    /// Objects that the spec says exist already, for the hosts of the model: what they are taken to be where they are not shown, and
    /// what is said of that.
    fn entrusted(&self, model: &Model, locate: Locate<'_>) -> Vec<Entrusted>;

    /// Findings about the final objects, after templates, patches and annotations, other than which clients are admitted.
    fn check_objects(
        &self,
        model: &Model,
        objects: &ObjectSet<'_>,
        locate: Locate<'_>,
    ) -> Vec<Diagnostic>;

    /// Differences of the objects that expose a host from those of mtlsgen, where the admitted clients are not those of the spec.
    fn explain(&self, model: &Model, exposure: &Exposure, objects: &ObjectSet<'_>) -> Explanation;

    /// The finding that the effect of an annotation is not known, with how to keep that annotation anyway.
    fn ways_out(&self, refused: Diagnostic, annotation: &str) -> Diagnostic;
}

/// Objects that cannot be judged, since they are not of the form of their kind.
#[must_use]
pub fn misread(objects: Vec<Misread>) -> Vec<Diagnostic> {
    let one = |object: Misread| {
        Diagnostic::error("object-invalid", object.to_string())
            .help("the API server would refuse it; correct its source")
            .about(&object.identity)
    };
    objects.into_iter().map(one).collect()
}

/// How the target of a model arranges it.
///
/// # Errors
/// There is no such target, or it cannot arrange what the model asks for.
pub fn arranged(model: &Model) -> Result<Arrangement<'_>, Vec<Diagnostic>> {
    let nowhere: Locate<'_> = &|_| None;
    of(model)?.arrange(model, &nowhere)
}

/// The target of a model.
///
/// # Errors
/// There is no such target.
pub fn of(model: &Model) -> Result<&'static dyn Target, Vec<Diagnostic>> {
    find(&model.target).ok_or_else(|| {
        vec![Diagnostic::error(
            "unknown-reference",
            format!("there is no target `{}`", model.target),
        )]
    })
}

/// What a model takes from the target that a spec names; from the default one where it names none, or one that there is not,
/// which [`of`] refuses.
#[must_use]
pub fn conventions(target: Option<&str>) -> &'static Conventions {
    target.and_then(find).unwrap_or(TARGETS[0]).conventions()
}

/// The target of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Target> {
    TARGETS.iter().copied().find(|target| target.name() == name)
}

/// Whether that is the name of a target, present or planned.
#[must_use]
pub fn is_name(name: &str) -> bool {
    find(name).is_some() || PLANNED.contains(&name)
}
