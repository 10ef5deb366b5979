//! Reads kustomizations and what they name, as far as it may matter to the plugin.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::input;
use super::input_error::ReadError;
use crate::diagnostic::{Diagnostic, Nature, Source, Span, literal};
use crate::kustomize::doctor::object::{Object, objects};
use crate::kustomize::doctor::tree::{Content, Entry, FILE_NAMES, Folder, LISTS, Role, Tree};
use crate::path;

/// What a file of resources holds that may be meant for the plugin, in lower case.
const WORDS: [&str; 2] = ["mtlsgen", "mutualtls"];

/// Reads the kustomization of `directory` and those that it leads to.
///
/// # Errors
/// There is no such folder.
pub fn read(directory: &Path) -> Result<Tree, ReadError> {
    let real = fs::canonicalize(directory).map_err(|error| ReadError::new(directory, &error))?;
    let mut reader = Reader { tree: Tree::default(), known: BTreeMap::new() };
    reader.folder(real, normal(directory), None);
    Ok(reader.tree)
}

/// Objects that configure plugins of the kustomization of `directory`, of files in it or inline. What cannot be read is
/// left out: Kustomize says so itself.
#[must_use]
pub fn plugins(directory: &Path) -> Vec<Object> {
    let mut reader = Reader { tree: Tree::default(), known: BTreeMap::new() };
    let shown = normal(directory);
    let here = if shown.as_os_str().is_empty() { Path::new(".") } else { &shown };
    let Ok(path) = fs::canonicalize(here) else { return Vec::new() };
    let Some(kustomization) = reader.kustomization(&shown, None) else { return Vec::new() };
    let lists = kustomization.value.clone();
    let folder = Folder { path: path.clone(), shown, kustomization, entries: Vec::new() };
    reader.tree.folders.push(folder);
    let mut objects = Vec::new();
    for (key, role) in LISTS.into_iter().filter(|(_, role)| role.is_plugin()) {
        let items = lists.get(key).and_then(Value::as_array).into_iter().flatten();
        for item in items.filter_map(Value::as_str) {
            let real = fs::canonicalize(path.join(item));
            if real.is_ok_and(|real| !real.is_file() || !real.starts_with(&path)) {
                continue;
            }
            if let Some(Content::Objects { objects: found, .. }) =
                reader.content(0, role, item, key, None)
            {
                objects.extend(found);
            }
        }
    }
    objects
}

struct Reader {
    tree: Tree,
    /// Folders that were read, and whether they have a kustomization.
    known: BTreeMap<PathBuf, Option<usize>>,
}

impl Reader {
    /// Index of a folder among the tree's; `None`: it has no kustomization that can be read.
    fn folder(&mut self, path: PathBuf, shown: PathBuf, at: Option<Span>) -> Option<usize> {
        if let Some(known) = self.known.get(&path) {
            return *known;
        }
        let kustomization = self.kustomization(&shown, at);
        let index = kustomization.is_some().then_some(self.tree.folders.len());
        self.known.insert(path.clone(), index);
        let kustomization = kustomization?;
        let lists = kustomization.clone();
        self.tree.folders.push(Folder { path, shown, kustomization, entries: Vec::new() });
        let index = index?;
        let mut entries = Vec::new();
        for (key, role) in LISTS {
            let list = lists.value.get(key).and_then(Value::as_array);
            for (at, item) in list.into_iter().flatten().enumerate() {
                let span = lists.span(&path![key, at]);
                let content = item.as_str().and_then(|item| {
                    self.content(index, role, item, &format!("{key}[{at}]"), span.clone())
                });
                entries.extend(content.map(|content| Entry { role, span, content }));
            }
        }
        self.tree.folders[index].entries = entries;
        Some(index)
    }

    fn kustomization(&mut self, shown: &Path, at: Option<Span>) -> Option<Object> {
        let paths = FILE_NAMES.iter().map(|name| shown.join(name));
        let mut files: Vec<PathBuf> = paths.filter(|path| path.is_file()).collect();
        let called = if shown.as_os_str().is_empty() { Path::new(".") } else { shown }.display();
        if files.len() != 1 {
            let (title, help) = if files.is_empty() {
                (
                    format!("`{called}` has no kustomization"),
                    "name a folder with `kustomization.yaml`",
                )
            } else {
                let title = format!(
                    "`{called}` has {} kustomizations: Kustomize refuses them",
                    files.len()
                );
                (title, "keep `kustomization.yaml`")
            };
            self.tree.findings.push(
                Diagnostic::error("kustomization", title)
                    .being(Nature::EndsBuild)
                    .at(at)
                    .help(help),
            );
            return None;
        }
        let source = self.source(&files.remove(0), at.clone())?;
        let mut documents = self.objects(&source);
        if documents.is_empty() {
            let title = format!("the kustomization of `{called}` is empty or no YAML");
            self.tree
                .findings
                .push(Diagnostic::error("kustomization", title).being(Nature::EndsBuild).at(at));
            return None;
        }
        Some(documents.remove(0))
    }

    fn source(&mut self, path: &Path, at: Option<Span>) -> Option<Arc<Source>> {
        match input::spec_files(&[path.to_owned()]) {
            Ok(mut sources) => sources.pop(),
            Err(error) => {
                self.tree.findings.push(
                    Diagnostic::error("input", error.to_string()).being(Nature::EndsBuild).at(at),
                );
                None
            }
        }
    }

    fn objects(&mut self, source: &Arc<Source>) -> Vec<Object> {
        objects(source).unwrap_or_else(|mistake| {
            let code = "kustomization";
            self.tree.findings.push(Diagnostic { code, nature: Nature::EndsBuild, ..*mistake });
            Vec::new()
        })
    }

    /// What an item of a list leads to; `place` says which one it is.
    fn content(
        &mut self,
        index: usize,
        role: Role,
        item: &str,
        place: &str,
        at: Option<Span>,
    ) -> Option<Content> {
        if let Some(objects) = self.inline(index, role, item, place) {
            return Some(Content::Objects { objects, outside: false });
        }
        let folder = &self.tree.folders[index];
        let (root, joined) = (folder.path.clone(), folder.shown.join(item));
        let Ok(real) = fs::canonicalize(&joined) else {
            self.tree.findings.push(absent(item, at));
            return None;
        };
        let shown = Some(normal(&joined)).filter(|path| is_same(path, &real)).unwrap_or(joined);
        if real.is_dir() {
            return self.folder(real, shown, at).map(Content::Folder);
        }
        let source = self.source(&shown, at)?;
        let objects = if role.is_plugin() || may_matter(&source.text) {
            self.objects(&source)
        } else {
            Vec::new()
        };
        Some(Content::Objects { objects, outside: !real.starts_with(&root) })
    }

    /// Objects written inline in the list, which Kustomize looks for first.
    fn inline(&self, index: usize, role: Role, item: &str, place: &str) -> Option<Vec<Object>> {
        if !role.is_plugin() {
            return None;
        }
        let folder = &self.tree.folders[index];
        let name = format!("{}: {place}", folder.kustomization.source.name);
        let source = Source { name, directory: folder.shown.clone(), text: item.to_owned() };
        let objects = objects(&Arc::new(source)).ok()?;
        let whole = !objects.is_empty() && objects.iter().all(|object| object.value.is_object());
        whole.then_some(objects)
    }
}

fn may_matter(text: &str) -> bool {
    let text = text.to_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

fn absent(item: &str, at: Option<Span>) -> Diagnostic {
    let remote = ["://", "git@", "?ref=", ".git//", "github.com"];
    if remote.iter().any(|word| item.contains(word)) {
        let title = format!("{} was not looked at: it is not on this machine", literal(item));
        return Diagnostic::notice("remote", title).at(at);
    }
    let title = format!("{} does not exist: the build fails", literal(item));
    let help = "paths in a kustomization start from its folder";
    Diagnostic::error("missing-file", title).being(Nature::EndsBuild).at(at).help(help)
}

fn is_same(path: &Path, real: &Path) -> bool {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    fs::canonicalize(path).is_ok_and(|path| path == real)
}

/// A path without `.` and without `..` behind a folder.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(normal.components().next_back(), Some(Component::Normal(_))) =>
            {
                normal.pop();
            }
            component => normal.push(component),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_short() {
        for (path, wanted) in [
            (".", ""),
            ("./a", "a"),
            ("a/../b", "b"),
            ("../a/./b/..", "../a"),
            ("../../a", "../../a"),
            ("/a/../b", "/b"),
        ] {
            assert_eq!(normal(Path::new(path)), Path::new(wanted), "{path}");
        }
    }
}
