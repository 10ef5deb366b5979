//! The objects of a build that call the plugin, and how often each of them does.

use super::fields;
use super::function::{self, Style};
use super::kind;
use super::object::Object;
use super::tree::{Content, Entry, Role, Tree};
use crate::diagnostic::{Diagnostic, Nature, literal};
use crate::path;

/// How many ways through the folders are followed.
const MOST_VISITS: usize = 10_000;

/// An object that a kustomization names as plugin, and that is ours or seems to be meant so.
#[derive(Clone, Debug)]
pub struct Reference<'a> {
    /// The list that names it.
    pub role: Role,
    /// The kustomization that names it, where the plugin runs: its index in the tree.
    pub folder: usize,
    /// The object.
    pub object: &'a Object,
    /// How Kustomize calls the plugin.
    pub style: Style,
    /// Whether it is in a file that Kustomize refuses by default.
    pub outside: bool,
    /// For each time that a build runs it, the folders on the way, the one that is built first.
    pub trails: Vec<Vec<usize>>,
    /// What is wrong with the object itself.
    pub mistakes: Vec<Diagnostic>,
}

/// The references of a build in the order in which they run, and what is wrong with the build itself.
#[must_use]
pub fn references(tree: &Tree) -> (Vec<Reference<'_>>, Vec<Diagnostic>) {
    let mut walk = Walk { tree, references: Vec::new(), found: Vec::new(), visits: 0 };
    if !tree.folders.is_empty() {
        walk.folder(0, &mut vec![0], false);
    }
    let Walk { mut references, mut found, .. } = walk;
    found.extend(tree.folders.iter().flat_map(fields::mistakes));
    for reference in &mut references {
        let (style, mistake) = function::style(reference.object);
        reference.mistakes = kind::mistakes(reference.object, &style);
        reference.mistakes.extend(mistake);
        reference.mistakes.extend(arguments(reference.object, &style));
        if reference.role == Role::Validator {
            reference.mistakes.push(as_validator(reference.object));
        }
        reference.style = style;
    }
    (references, found)
}

struct Walk<'a> {
    tree: &'a Tree,
    references: Vec<Reference<'a>>,
    found: Vec<Diagnostic>,
    visits: usize,
}

impl<'a> Walk<'a> {
    /// Follows a folder; `is_plugin`: its objects are configurations of plugins themselves.
    fn folder(&mut self, index: usize, trail: &mut Vec<usize>, is_plugin: bool) {
        self.visits += 1;
        if self.visits == MOST_VISITS {
            self.found.push(too_many_ways());
        }
        if self.visits >= MOST_VISITS {
            return;
        }
        for entry in &self.tree.folders[index].entries {
            match &entry.content {
                Content::Objects { objects, outside } if entry.role.is_plugin() => {
                    for object in objects {
                        self.refer(entry.role, index, object, *outside, trail);
                    }
                }
                Content::Objects { objects, .. } => {
                    if !is_plugin {
                        self.found.extend(objects.iter().filter_map(as_resource));
                    }
                }
                Content::Folder(below) if self.leads_back(*below, trail) => {
                    self.found.push(cycle(entry));
                }
                Content::Folder(below) => {
                    if entry.role.is_plugin() {
                        for object in self.objects(*below, &mut trail.clone()) {
                            self.refer(entry.role, index, object, false, trail);
                        }
                    }
                    trail.push(*below);
                    self.folder(*below, trail, is_plugin || entry.role.is_plugin());
                    trail.pop();
                }
            }
        }
    }

    /// Whether a folder is, or has in it, one that is being built: Kustomize refuses both.
    fn leads_back(&self, below: usize, trail: &[usize]) -> bool {
        let path = &self.tree.folders[below].path;
        trail.iter().any(|index| self.tree.folders[*index].path.starts_with(path))
    }

    /// The objects under `resources` of a folder and of those below it.
    fn objects(&self, index: usize, trail: &mut Vec<usize>) -> Vec<&'a Object> {
        let mut all = Vec::new();
        for entry in self.tree.folders[index].entries.iter().filter(|e| e.role == Role::Resource) {
            match &entry.content {
                Content::Objects { objects, .. } => all.extend(objects),
                Content::Folder(below) if !trail.contains(below) && *below != index => {
                    trail.push(*below);
                    all.extend(self.objects(*below, trail));
                    trail.pop();
                }
                Content::Folder(_) => {}
            }
        }
        all
    }

    fn refer(
        &mut self,
        role: Role,
        folder: usize,
        object: &'a Object,
        outside: bool,
        trail: &[usize],
    ) {
        let (style, _) = function::style(object);
        if !kind::is_meant(object, &style) {
            return;
        }
        let trails = vec![trail.to_vec()];
        let same = |known: &&mut Reference<'_>| {
            std::ptr::eq(known.object, object) && known.folder == folder && known.role == role
        };
        match self.references.iter_mut().find(same) {
            Some(known) => known.trails.extend(trails),
            None => self.references.push(Reference {
                role,
                folder,
                object,
                style,
                outside,
                trails,
                mistakes: Vec::new(),
            }),
        }
    }
}

fn as_resource(object: &Object) -> Option<Diagnostic> {
    let (style, _) = function::style(object);
    kind::is_meant(object, &style).then(|| {
        let title = format!(
            "the object {} is under `resources`: a build prints it unchanged, and no cluster has its kind",
            literal(object.name())
        );
        Diagnostic::error("plugin-as-resource", title)
            .at(object.span(&path!["kind"]))
            .help("name its file under `generators` instead")
    })
}

fn as_validator(object: &Object) -> Diagnostic {
    let title = format!(
        "the object {} is under `validators`, which must not change anything: Kustomize refuses or drops its output",
        literal(object.name())
    );
    Diagnostic::error("plugin-as-validator", title)
        .at(object.span(&path!["kind"]))
        .help("name its file under `generators` instead")
}

fn too_many_ways() -> Diagnostic {
    let title = format!(
        "a build takes more than {MOST_VISITS} paths through its folders: not all of them were checked"
    );
    Diagnostic::warning("too-many-ways", title).help("name each base once")
}

fn cycle(entry: &Entry) -> Diagnostic {
    Diagnostic::error("cycle", "this leads back to a folder that is being built, or to one around it: Kustomize refuses cycles")
        .being(Nature::EndsBuild)
        .at(entry.span.clone())
        .help("remove it")
}

/// What is wrong with the arguments of a function that calls us.
fn arguments(object: &Object, style: &Style) -> Option<Diagnostic> {
    let Style::Function { path, args, .. } = style else { return None };
    let at = object.span(&path!["metadata", "annotations"]);
    if path.is_empty() {
        let title = "the function names no executable: Kustomize silently ignores it, and its objects are missing";
        let diagnostic = Diagnostic::error("no-executable", title).at(at);
        return Some(diagnostic.help("write `exec: {path: mtlsgen, args: [kustomize]}`"));
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    let first = args.first().map(String::as_str);
    let (title, help) = match (name, first) {
        ("mtlsgen", Some("kustomize")) => return None,
        ("mtlsgen", _) => (
            "called without `kustomize` as its first argument, mtlsgen is not a plugin, and the build fails",
            "write `args: [kustomize]` beside `path`",
        ),
        (crate::specification::document::KIND, Some("kustomize")) => (
            "under the name `MutualTLS`, mtlsgen takes `kustomize` for the name of a file, and the build fails",
            "remove `args`",
        ),
        _ => return None,
    };
    Some(Diagnostic::error("function-arguments", title).at(at).help(help))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::Source;
    use crate::kustomize::doctor::object::objects;
    use crate::kustomize::doctor::tree::Folder;

    const OURS: &str = "{apiVersion: mtlsgen.dev/v1alpha1, kind: MutualTLS, metadata: {name: a}}";

    fn object(text: &str) -> Object {
        let source = Source { name: "a.yaml".into(), directory: "".into(), text: text.into() };
        objects(&Arc::new(source)).unwrap().remove(0)
    }

    fn folder(path: &str, below: &[usize]) -> Folder {
        let entry = |index: &usize| Entry {
            role: Role::Resource,
            span: None,
            content: Content::Folder(*index),
        };
        Folder {
            path: PathBuf::from(path),
            shown: PathBuf::from(path),
            kustomization: object("resources: []"),
            entries: below.iter().map(entry).collect(),
        }
    }

    fn with_plugin(mut folder: Folder, config: &str) -> Folder {
        let content = Content::Objects { objects: vec![object(config)], outside: false };
        folder.entries.push(Entry { role: Role::Generator, span: None, content });
        folder
    }

    fn tree(folders: Vec<Folder>) -> Tree {
        Tree { folders, findings: Vec::new() }
    }

    #[test]
    fn every_way_to_a_plugin_is_known() {
        let tree = tree(vec![
            folder("/top", &[1, 2]),
            folder("/one", &[3]),
            folder("/two", &[3]),
            with_plugin(folder("/base", &[]), OURS),
        ]);
        let (all, found) = references(&tree);
        assert_eq!(found, []);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].trails, [[0, 1, 3], [0, 2, 3]]);
        assert_eq!((all[0].folder, &all[0].style), (3, &Style::ExecPlugin));
    }

    #[test]
    fn other_plugins_are_not_ours() {
        let other = "{apiVersion: builtin, kind: NamespaceTransformer, metadata: {name: a}}";
        let tree = tree(vec![with_plugin(folder("/", &[]), other)]);
        assert_eq!(references(&tree).0.len(), 0);
        assert_eq!(references(&Tree::default()).0.len(), 0);
    }

    #[test]
    fn cycles_end() {
        for (top, below) in [("/top", "/top/a"), ("/a", "/b")] {
            let tree = tree(vec![folder(top, &[1]), folder(below, &[0])]);
            let (_, found) = references(&tree);
            assert_eq!(found.iter().map(|found| found.code).collect::<Vec<_>>(), ["cycle"]);
        }
    }

    #[test]
    fn ways_without_end_are_cut_short() {
        let deep = |index: usize| folder(&format!("/{index}"), &[index + 1, index + 1]);
        let mut folders: Vec<Folder> = (0..16).map(deep).collect();
        folders.push(with_plugin(folder("/16", &[]), OURS));
        let tree = tree(folders);
        let (all, found) = references(&tree);
        assert_eq!(found.iter().map(|found| found.code).collect::<Vec<_>>(), ["too-many-ways"]);
        assert!(all[0].trails.len() < MOST_VISITS);
    }
}
