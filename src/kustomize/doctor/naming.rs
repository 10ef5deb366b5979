//! Settings of kustomizations that rename what the plugin gives, but not what its annotations name.

use super::object::Object;
use super::reference::Reference;
use super::tree::{Content, Folder, Role, Tree};
use crate::diagnostic::{Diagnostic, literal};
use crate::path;
use crate::specification::document::KIND;

/// A Secret that an annotation names together with its namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The Secret's namespace.
    pub namespace: String,
    /// The Secret's name.
    pub name: String,
    /// The annotation.
    pub annotation: String,
}

/// What each setting on the way of a reference's objects breaks.
#[must_use]
pub fn mistakes(tree: &Tree, reference: &Reference<'_>, named: &[Named]) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for trail in &reference.trails {
        let applied = applied(tree, reference, trail);
        if applied.iter().any(|folder| carries(folder)) {
            continue;
        }
        for folder in applied {
            for diagnostic in of_folder(folder, named) {
                if !found.contains(&diagnostic) {
                    found.push(diagnostic);
                }
            }
        }
    }
    found
}

/// The kustomizations that rename what a reference gives, and where nothing mends it; a transformer's
/// objects come too late for its own.
fn applied<'a>(tree: &'a Tree, reference: &Reference<'_>, trail: &[usize]) -> Vec<&'a Folder> {
    let is_generator = reference.role == Role::Generator;
    let last = if is_generator { trail.len() } else { trail.len().saturating_sub(1) };
    let mended = trail.iter().position(|index| mends(tree, &tree.folders[*index]));
    let last = mended.map_or(last, |mended| last.min(mended));
    let mut indices = trail[..last].to_vec();
    let mut next = 0;
    while let Some(index) = indices.get(next) {
        // Components work on all that their user has, generated objects included.
        let below = tree.folders[*index].below();
        let components = below.filter(|(entry, _)| entry.role == Role::Component);
        let components: Vec<usize> = components.map(|(_, index)| index).collect();
        indices.extend(components.into_iter().filter(|index| !trail.contains(index)).take(100));
        next += 1;
        if next > 1_000 {
            break;
        }
    }
    indices.sort_unstable();
    indices.dedup();
    indices.iter().map(|index| &tree.folders[*index]).collect()
}

/// Whether a transformer of a kustomization mends what it and all below it have broken.
fn mends(tree: &Tree, folder: &Folder) -> bool {
    let is_mending = |object: &Object| {
        object.text("kind") == Some(KIND)
            && object.value.pointer("/plugin/mendReferences") == Some(&true.into())
    };
    folder.entries.iter().filter(|entry| entry.role == Role::Transformer).any(|entry| {
        let within = match &entry.content {
            Content::Folder(below) => tree.folders[*below].entries.as_slice(),
            Content::Objects { .. } => std::slice::from_ref(entry),
        };
        within.iter().any(|entry| match &entry.content {
            Content::Objects { objects, .. } => objects.iter().any(is_mending),
            Content::Folder(_) => false,
        })
    })
}

/// Whether replacements of a kustomization may carry new names into the annotation.
fn carries(folder: &Folder) -> bool {
    let text = |value: &serde_json::Value| value.to_string();
    let replacements = folder.field("replacements").map(text).unwrap_or_default();
    replacements.contains("auth-tls-secret") || replacements.contains("\"path\"")
}

fn of_folder(folder: &Folder, named: &[Named]) -> Vec<Diagnostic> {
    ["namespace", "namePrefix", "nameSuffix"]
        .into_iter()
        .filter_map(|key| Some((key, folder.text(key)?)))
        .filter_map(|(key, value)| {
            let differs = |named: &&Named| key != "namespace" || named.namespace != value;
            Some(torn(folder, key, value, named.iter().find(differs)?))
        })
        .collect()
}

fn torn(folder: &Folder, key: &str, value: &str, named: &Named) -> Diagnostic {
    let Named { namespace, name, annotation } = named;
    let title = format!(
        "`{key}: {value}` renames the Secret `{namespace}/{name}`, but not where the annotation `{annotation}` names it: the host would name a Secret that is not there"
    );
    let help = match key {
        "namespace" => format!(
            "write `spec.namespace: {value}` in the plugin's configuration, and remove `namespace` here"
        ),
        _ => format!("write the names that you want in the spec, and remove {} here", literal(key)),
    };
    Diagnostic::error("torn-reference", title)
        .at(folder.kustomization.span(&path![key]))
        .help(help)
        .help("or carry the new name into the annotation with `replacements`, with `options: {delimiter: /}`")
        .help("or name the plugin in the outermost kustomization under `transformers`: it then adds its objects last; with `plugin.mendReferences: true`, one with `spec: {}` repairs broken references")
}
