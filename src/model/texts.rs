//! Texts that not every way into the cluster carries.

use super::Annotations;
use super::context::{Context, Findings};
use crate::diagnostic::{Diagnostic, literal};
use crate::specification::document::{Path, Step};
use crate::specification::{Environment, Service, Spec};

/// Warns of values that `kubectl apply --server-side` cannot carry.
///
/// kubectl sends them as JSON, and the API server reads that as YAML 1.1, whose reader refuses such
/// characters and takes U+0085 for a line break (`go.yaml.in/yaml/v2`, `readerc.go` and `yamlprivateh.go`).
pub fn warn_of_lost(context: Context<'_>, findings: &mut Findings) {
    for (path, text) in free_texts(context.spec) {
        let Some(lost) = text.chars().find(|character| is_lost(*character)) else { continue };
        let lost = literal(&lost.escape_default().to_string());
        findings.push(
            Diagnostic::warning(
                "server-side-apply",
                format!("the value contains {lost}, which `kubectl apply --server-side` refuses or changes"),
            )
            .at(context.value(&path))
            .help("remove the character, or apply without `--server-side`"),
        );
    }
}

fn is_lost(character: char) -> bool {
    matches!(character, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// The values that can be any text, with their places.
fn free_texts(spec: &Spec) -> Vec<(Path, &str)> {
    let mut texts = Vec::new();
    annotations(&[], &spec.annotations, &mut texts);
    for (key, service) in &spec.services {
        annotations(&["services", key.as_str()], &service.annotations, &mut texts);
        environment(key.as_str(), service, &mut texts);
    }
    for (key, host) in &spec.hosts {
        annotations(&["hosts", key], &host.annotations, &mut texts);
    }
    texts
}

fn annotations<'a>(base: &[&str], values: &'a Annotations, texts: &mut Vec<(Path, &'a str)>) {
    let table: Path = base.iter().chain(&["annotations"]).map(|step| Step::from(*step)).collect();
    for (key, value) in values {
        texts.push(([table.as_slice(), &[key.as_str().into()]].concat(), value));
    }
}

fn environment<'a>(key: &str, service: &'a Service, texts: &mut Vec<(Path, &'a str)>) {
    let base = crate::path!["services", key, "env"];
    let at = |steps: &[Step]| [base.as_slice(), steps].concat();
    match &service.env {
        None => {}
        Some(Environment::Table(table)) => texts.extend(
            table.iter().map(|(name, value)| (at(&[name.as_str().into()]), value.as_str())),
        ),
        Some(Environment::List(list)) => {
            texts.extend(list.iter().enumerate().filter_map(|(index, variable)| {
                let value = variable.get("value")?.as_str()?;
                Some((at(&[Step::Index(index), "value".into()]), value))
            }));
        }
    }
}
