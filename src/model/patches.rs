//! Patches: read, but not yet applied.

use super::context::{Context, Findings};
use super::{Patch, supplied};
use crate::diagnostic::Diagnostic;
use crate::guard::without_words_of;
use crate::path;
use crate::specification;

/// All patches in their order; those with errors are left out.
pub fn resolve(context: Context<'_>, findings: &mut Findings) -> Vec<Patch> {
    let patches = &context.spec.patches;
    patches
        .iter()
        .enumerate()
        .filter_map(|(index, written)| patch(context, index, written, findings))
        .collect()
}

fn patch(
    context: Context<'_>,
    index: usize,
    written: &specification::Patch,
    findings: &mut Findings,
) -> Option<Patch> {
    let here = path!["patches", index];
    let (text, place) = match (&written.patch, &written.path) {
        (Some(serde_json::Value::String(text)), None) => {
            (text.clone(), path!["patches", index, "patch"])
        }
        (Some(structure), None) => {
            return Some(Patch { index, target: written.target.clone(), patch: structure.clone() });
        }
        (None, Some(file)) => {
            let place = path!["patches", index, "path"];
            let bytes = supplied::bytes(context, &place, file.as_str(), findings)?;
            let Ok(text) = std::str::from_utf8(bytes) else {
                findings.push(
                    Diagnostic::error("invalid-patch", format!("`{file}` is not text"))
                        .at(context.value(&place))
                        .help("a patch is a YAML or JSON file"),
                );
                return None;
            };
            (text.to_owned(), place)
        }
        (None, None)
            if ["patch", "path"].iter().any(|key| context.has(&path!["patches", index, *key])) =>
        {
            return None; // It was refused while reading.
        }
        (both, _) => {
            let title = if both.is_some() {
                "`patch` and `path` exclude each other"
            } else {
                "this patch is empty"
            };
            findings.push(
                Diagnostic::error("conflicting-keys", title)
                    .at(context.value(&here))
                    .help("write the change under `patch`, or name its file under `path`"),
            );
            return None;
        }
    };
    match crate::yaml::parse(&text) {
        Ok(mut documents) if documents.len() == 1 => {
            Some(Patch { index, target: written.target.clone(), patch: documents.remove(0) })
        }
        Ok(documents) => {
            findings.push(
                Diagnostic::error(
                    "invalid-patch",
                    format!("a patch is one document, this has {}", documents.len()),
                )
                .at(context.value(&place))
                .help("write one entry under `patches` for each"),
            );
            None
        }
        Err(problem) => {
            let mut problem = problem.to_string();
            if written.path.is_some() {
                // It may be any file: nothing of it is shown.
                problem = without_words_of(&text, &problem);
            }
            findings.push(
                Diagnostic::error("invalid-patch", format!("the patch is not YAML: {problem}"))
                    .at(context.value(&place))
                    .help("write an object (strategic merge) or a list of operations (RFC 6902)"),
            );
            None
        }
    }
}
