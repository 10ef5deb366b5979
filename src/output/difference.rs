//! Changes as a unified diff that people can read.

use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

use super::change::{Change, ChangeKind, Changes, ExistingTree};
use super::layout::{File, OutputTree, SECRETS};
use super::owned_files::{RECORD, Record};
use super::readable::{Origin, readable};

/// Lines around a change.
const CONTEXT: usize = 3;

const BOLD: &str = "\u{1b}[1m";
const CYAN: &str = "\u{1b}[36m";
const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const RESET: &str = "\u{1b}[0m";

/// What `changes` says, as a unified diff of what people may see: certificates as facts, private keys as fingerprints.
pub fn difference(
    changes: &Changes,
    tree: &OutputTree,
    existing: &ExistingTree,
    colour: bool,
) -> String {
    let mut out = Printer { text: String::new(), colour };
    for change in &changes.files {
        out.file(change, tree, existing);
    }
    if changes.files.is_empty()
        && let Some(record) = &changes.record_after
    {
        out.record(existing.record.as_ref(), record);
    }
    out.text
}

struct Printer {
    text: String,
    colour: bool,
}

impl Printer {
    fn file(&mut self, change: &Change, tree: &OutputTree, existing: &ExistingTree) {
        let (old, new) = (existing.files.get(&change.path), tree.files().get(&change.path));
        let sensitive = is_sensitive(&change.path, new);
        let shown = |bytes: &[u8], is_as_made: bool| {
            let origin = match (sensitive, is_as_made) {
                (false, _) => Origin::Public,
                (true, true) => Origin::AsMade,
                (true, false) => Origin::Sensitive,
            };
            readable(&String::from_utf8_lossy(bytes), origin)
        };
        let old_text = old.map(|file| shown(&file.bytes, false)).unwrap_or_default();
        let new_text = new.map(|file| shown(&file.bytes, file.is_as_made)).unwrap_or_default();
        let modes = match (old, new) {
            (Some(old), Some(new)) if sensitive && old.mode & 0o077 != 0 => {
                (format!(" (mode {:04o})", old.mode & 0o7777), format!(" (mode {:04o})", new.mode))
            }
            _ => Default::default(),
        };
        let old_name =
            old.map_or("/dev/null".to_owned(), |_| format!("a/{}{}", change.path, modes.0));
        let new_name =
            new.map_or("/dev/null".to_owned(), |_| format!("b/{}{}", change.path, modes.1));
        self.header(&old_name, &new_name);
        if change.kind == ChangeKind::Modify && old_text == new_text {
            self.line("", "(differs only in ways that are not shown)\n");
        }
        self.hunks(&old_text, &new_text);
    }

    fn record(&mut self, old: Option<&Record>, new: &Record) {
        let old_name = old.map_or("/dev/null".to_owned(), |_| format!("a/{RECORD}"));
        self.header(&old_name, &format!("b/{RECORD}"));
        self.hunks(&old.map(Record::text).unwrap_or_default(), &new.text());
    }

    fn header(&mut self, old: &str, new: &str) {
        self.line(BOLD, &format!("--- {old}\n"));
        self.line(BOLD, &format!("+++ {new}\n"));
    }

    fn hunks(&mut self, old: &str, new: &str) {
        let diff = TextDiff::from_lines(old, new);
        for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
            self.line(CYAN, &format!("{}\n", hunk.header()));
            for change in hunk.iter_changes() {
                let style = match change.tag() {
                    ChangeTag::Equal => "",
                    ChangeTag::Delete => RED,
                    ChangeTag::Insert => GREEN,
                };
                self.line(style, &format!("{}{}", change.tag(), change.value()));
                if change.missing_newline() {
                    self.line("", "\n\\ No newline at end of file\n");
                }
            }
        }
    }

    fn line(&mut self, style: &str, line: &str) {
        if self.colour && !style.is_empty() {
            let (text, newline) = line.strip_suffix('\n').map_or((line, ""), |text| (text, "\n"));
            let _ = write!(self.text, "{style}{text}{RESET}{newline}");
        } else {
            self.text += line;
        }
    }
}

fn is_sensitive(path: &str, new: Option<&File>) -> bool {
    let below_secrets = path.strip_prefix(SECRETS).is_some_and(|rest| rest.starts_with('/'));
    new.map_or(below_secrets, |file| file.sensitive)
}

#[cfg(test)]
mod tests {
    use super::super::change::{ExistingFile, changes};
    use super::super::layout::Options;
    use super::super::layout::tests::{layout, manifest};
    use crate::manifest::Body;
    use crate::yaml;

    use super::*;

    fn existing(tree: &OutputTree) -> ExistingTree {
        let record = changes(tree, &ExistingTree::default()).unwrap().record_after;
        let files = tree.files().iter().map(|(path, file)| {
            (path.clone(), ExistingFile { bytes: file.bytes.clone(), mode: file.mode })
        });
        ExistingTree { record, files: files.collect() }
    }

    fn difference_between(old: &OutputTree, new: &OutputTree, colour: bool) -> String {
        let existing = existing(old);
        difference(&changes(new, &existing).unwrap(), new, &existing, colour)
    }

    fn service(text: &str) -> OutputTree {
        let mut service = manifest("Service", "a", false);
        service.body = Body::Value(yaml::parse(text).unwrap().remove(0).into());
        layout(&[service], Options::default())
    }

    #[test]
    fn a_change_shows_its_lines_with_context() {
        let (old, new) = (service("a: 1\nb: 2\n"), service("a: 1\nb: 3\n"));
        assert_eq!(
            difference_between(&old, &new, false),
            "--- a/default/service-a.yaml\n+++ b/default/service-a.yaml\n@@ -1,3 +1,3 @@\n \
             # Generated by mtlsgen: change the spec and render again, edits here are lost.\n \
             a: 1\n-b: 2\n+b: 3\n"
        );
        assert_eq!(difference_between(&old, &old, false), "");
    }

    #[test]
    fn colour_is_never_the_only_sign() {
        let (old, new) = (service("a: 1\n"), service("a: 2\n"));
        let plain = difference_between(&old, &new, false);
        let mut coloured = difference_between(&old, &new, true);
        assert!(coloured.contains("\u{1b}[31m-a: 1\u{1b}[0m\n"));
        for code in [BOLD, CYAN, RED, GREEN, RESET] {
            coloured = coloured.replace(code, "");
        }
        assert_eq!(coloured, plain);
    }

    #[test]
    fn added_and_removed_files_name_dev_null() {
        let empty = layout(&[], Options::default());
        let added = difference_between(&empty, &service("a: 1\n"), false);
        assert!(added.starts_with("--- /dev/null\n+++ b/default/service-a.yaml\n"), "{added}");
        let removed = difference_between(&service("a: 1\n"), &empty, false);
        assert!(removed.starts_with("--- a/default/service-a.yaml\n+++ /dev/null\n"), "{removed}");
    }

    #[test]
    fn a_change_of_permissions_is_shown() {
        let tree = layout(&[manifest("Secret", "a", true)], Options::default());
        let mut existing = existing(&tree);
        existing.files.get_mut("secrets/default/secret-a.yaml").unwrap().mode = 0o100_644;
        let text = difference(&changes(&tree, &existing).unwrap(), &tree, &existing, false);
        assert_eq!(
            text,
            "--- a/secrets/default/secret-a.yaml (mode 0644)\n+++ b/secrets/default/secret-a.yaml (mode 0600)\n"
        );
    }

    #[test]
    fn a_lost_record_is_a_difference() {
        let tree = service("a: 1\n");
        let mut existing = existing(&tree);
        existing.record = None;
        let text = difference(&changes(&tree, &existing).unwrap(), &tree, &existing, false);
        assert!(text.starts_with("--- /dev/null\n+++ b/.mtlsgen\n"), "{text}");
    }

    #[test]
    fn removed_secrets_are_not_shown() {
        let mut secret = manifest("Secret", "a", true);
        secret.body = Body::Value(serde_json::json!({"data": {"token": "c2VjcmV0"}}).into());
        let old = layout(&[secret], Options::default());
        let text = difference_between(&old, &layout(&[], Options::default()), false);
        assert!(text.contains("token: [") && !text.contains("c2VjcmV0"), "{text}");
    }
}
