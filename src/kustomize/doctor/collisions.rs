//! References that meet in one build: one that runs twice, two that give the same objects.

use std::collections::BTreeMap;

use super::outcome::Examined;
use super::reference::Reference;
use super::tree::{Role, Tree};
use crate::diagnostic::{Diagnostic, Nature, literal};
use crate::path;

/// What a reference gives, as far as it could be found out.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Kind, namespace and name of its objects.
    pub objects: Vec<String>,
    /// Whether it issues by the way.
    pub issues: bool,
    /// Whether it says what happens where an object exists already.
    pub has_behavior: bool,
}

/// What is wrong with references that meet; `given` has an item for each of them.
#[must_use]
pub fn mistakes(tree: &Tree, all: &[Examined<'_>], given: &[Given]) -> Vec<Diagnostic> {
    let mut found = same_configuration(all);
    for (examined, given) in all.iter().zip(given) {
        found.extend(several_runs(tree, examined, given));
    }
    found.extend(same_objects(all, given));
    found
}

/// Two configurations of one list with the same kind and name, which Kustomize refuses.
fn same_configuration(all: &[Examined<'_>]) -> Vec<Diagnostic> {
    let mut known: BTreeMap<_, &Reference<'_>> = BTreeMap::new();
    let mut found = Vec::new();
    for Examined { reference, .. } in all {
        let object = reference.object;
        let id = (object.text("apiVersion"), object.text("kind"), object.name());
        let key = (reference.folder, reference.role, id);
        let Some(first) = known.insert(key, reference) else { continue };
        let title = format!(
            "two {}s of one kustomization are called {}: Kustomize refuses the second (`may not add resource with an already registered id`)",
            reference.role.word(),
            literal(object.name())
        );
        let place = |reference: &Reference<'_>| reference.object.span(&path!["metadata", "name"]);
        found.push(
            Diagnostic::error("same-name", title)
                .being(Nature::EndsBuild)
                .at(place(reference))
                .related(place(first), "the first one")
                .help("give one of them another `metadata.name`, or name the file once"),
        );
    }
    found
}

/// A configuration that a build reaches on several ways.
fn several_runs(tree: &Tree, examined: &Examined<'_>, given: &Given) -> Option<Diagnostic> {
    let Examined { reference, title, .. } = examined;
    let runs = reference.trails.len();
    if runs < 2 {
        return None;
    }
    let at = reference.object.span(&path!["kind"]);
    let names: Vec<_> = reference.trails.iter().map(|trail| naming(tree, trail)).collect();
    let same = names.iter().enumerate().any(|(index, name)| names[..index].contains(name));
    if same && reference.role == Role::Generator && !given.has_behavior {
        let title = format!(
            "a build reaches `{title}` by {runs} paths and gets the same objects each time: Kustomize refuses them (`may not add resource with an already registered id`)"
        );
        return Some(
            Diagnostic::error("several-runs", title).being(Nature::EndsBuildLate).at(at).help(
                "name its folder once, or give each path a `namePrefix` or `nameSuffix` of its own",
            ),
        );
    }
    let title =
        format!("a build runs the plugin {runs} times for `{title}`, once for each path to it");
    Some(if given.issues {
        Diagnostic::warning("several-runs", title)
            .at(at)
            .help("remove `plugin.issue`, since issuing should run once; run `mtlsgen render` before a build instead")
    } else {
        Diagnostic::notice("several-runs", title)
            .at(at)
            .help("each time it gives the same objects, and issues nothing")
    })
}

/// What the folders on a way make of names.
fn naming(tree: &Tree, trail: &[usize]) -> Vec<(&'static str, String)> {
    let settings = |index: &usize| {
        let folder = &tree.folders[*index];
        let keys = ["namespace", "namePrefix", "nameSuffix"].into_iter();
        keys.filter_map(|key| Some((key, folder.text(key)?.to_owned()))).collect::<Vec<_>>()
    };
    trail.iter().flat_map(settings).collect()
}

/// Two generators of one kustomization that give the same object.
fn same_objects(all: &[Examined<'_>], given: &[Given]) -> Vec<Diagnostic> {
    let mut known: BTreeMap<(usize, &str), &str> = BTreeMap::new();
    let mut found = Vec::new();
    for (examined, given) in all.iter().zip(given) {
        let Examined { reference, title, .. } = examined;
        if reference.role != Role::Generator {
            continue;
        }
        let met = given.objects.iter().find_map(|object| {
            let first = known.get(&(reference.folder, object.as_str()))?;
            Some((object, *first))
        });
        if let Some((object, first)) =
            met.filter(|(_, first)| !given.has_behavior && *first != title)
        {
            let title = format!(
                "`{title}` gives {object}, as does `{first}`: Kustomize refuses the second"
            );
            found.push(
                Diagnostic::error("same-objects", title).being(Nature::EndsBuildLate)
                    .at(reference.object.span(&path!["kind"]))
                    .help("keep it in one configuration; or write `plugin.behavior: replace` in the later one"),
            );
        }
        known.extend(
            given
                .objects
                .iter()
                .map(|object| ((reference.folder, object.as_str()), title.as_str())),
        );
    }
    found
}
