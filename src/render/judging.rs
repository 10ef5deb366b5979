//! What the target and the Secret format say of a model.

use crate::diagnostic::{Diagnostic, nearest};
use crate::model::{Model, Unjudged};
use crate::path;
use crate::specification::document::{Document, Path};
use crate::{secret_format, targets};

/// The same, with what target and Secret format find.
#[must_use]
pub fn judged(found: Unjudged, document: &Document) -> Unjudged {
    found.with(|model| {
        let mut findings: Vec<Diagnostic> = unknown_names(model)
            .into_iter()
            .map(|(path, finding)| finding.at(document.span(&path)))
            .collect();
        let target = targets::find(&model.target).unwrap_or(targets::TARGETS[0]);
        findings.extend(target.check(model, document));
        findings
    })
}

/// Target and format that this version does not have, each with the place of its name.
fn unknown_names(model: &Model) -> Vec<(Path, Diagnostic)> {
    let formats: Vec<&str> = secret_format::FORMATS.iter().map(|format| format.name()).collect();
    let (target, format) = (&model.target, &model.secret_format);
    let target = unknown_target(target);
    let format = unknown("Secret format", format, &formats, secret_format::PLANNED);
    let target = target.map(|finding| (path!["target"], finding));
    target.into_iter().chain(format.map(|finding| (path!["secrets", "format"], finding))).collect()
}

/// What is wrong with a target of that name, wherever it was said; nothing if it can be written.
#[must_use]
pub fn unknown_target(name: &str) -> Option<Diagnostic> {
    let targets: Vec<&str> = targets::TARGETS.iter().map(|target| target.name()).collect();
    unknown("target", name, &targets, targets::PLANNED)
}

fn unknown(what: &str, name: &str, known: &[&str], planned: &[&str]) -> Option<Diagnostic> {
    if known.contains(&name) {
        return None;
    }
    let diagnostic = if planned.contains(&name) {
        Diagnostic::error("not-supported-yet", format!("{what} `{name}` is not supported yet"))
    } else {
        Diagnostic::error("unknown-reference", format!("there is no {what} `{name}`"))
    };
    let offered = || known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Some(diagnostic.help(match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("this version writes {}", offered()),
    }))
}

#[cfg(test)]
mod tests {
    use crate::specification::{DEFAULT_SECRET_FORMAT, DEFAULT_TARGET};
    use crate::{secret_format, targets};

    #[test]
    fn the_first_of_each_list_is_the_default() {
        assert_eq!(targets::TARGETS[0].name(), DEFAULT_TARGET);
        assert_eq!(secret_format::FORMATS[0].name(), DEFAULT_SECRET_FORMAT);
    }
}
