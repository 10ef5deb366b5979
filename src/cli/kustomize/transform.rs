//! What a plugin does among the objects of others, before and beside giving its own.

use serde_json::Value;

use crate::cli::report::{CommandError, Report};
use crate::cli::session::Session;
use crate::diagnostic::{Diagnostic, has_errors};
use crate::kustomize::{annotation_of, broken_references};
use crate::model::Model;
use crate::path;
use crate::specification::Spec;
use crate::specification::document::Document;
use crate::specification::plugin::Plugin;

/// What Kustomize marks the objects with that it hands to a transformer.
const ID: &str = "kustomize.config.k8s.io/id";

/// The objects that came in; shows what Kustomize has broken among them, or mends it.
pub fn with_whole_references(
    items: &[Value],
    plugin: &Plugin,
    report: Report,
) -> Result<Vec<Value>, CommandError> {
    let mut items = items.to_vec();
    let broken = if plugin.mend_references {
        broken_references::mend(&mut items)
    } else {
        broken_references::check(&items)
    };
    if has_errors(&broken) {
        return Err(CommandError::Input(broken));
    }
    report.diagnostics(&broken);
    Ok(items)
}

/// Whether only the check was requested: a transformer whose spec declares nothing.
pub fn is_check_alone(session: &Session, items: &[Value]) -> bool {
    // To a generator, Kustomize hands nothing but its own configuration, and without this mark.
    let is_of_build = |item: &Value| annotation_of(item, ID).is_some();
    declares_nothing(session) && items.iter().any(is_of_build)
}

/// Whether the spec declares nothing, and means it: as far as it could be read, there is nothing wrong with it.
pub fn declares_nothing(session: &Session) -> bool {
    let Spec { cas, services, hosts, clients, .. } = &session.spec;
    let declares =
        !(cas.is_empty() && services.is_empty() && hosts.is_empty() && clients.is_empty());
    !declares && !has_errors(&session.findings)
}

/// Kustomize would end names in a hash that end in one already, and references would say the first.
pub fn refuse_two_hashes(
    document: &Document,
    plugin: &Plugin,
    model: &Model,
) -> Result<(), CommandError> {
    if !plugin.needs_hash || !model.name_suffix_hash {
        return Ok(());
    }
    let title = "`plugin.needsHash` and `secrets.nameSuffixHash` exclude each other: both end names in a hash";
    let diagnostic = Diagnostic::error("conflicting-keys", title)
        .at(document.plugin_span(&path!["needsHash"]))
        .help("remove `plugin.needsHash`: `secrets.nameSuffixHash` reaches references that Kustomize does not");
    Err(CommandError::Input(vec![diagnostic]))
}
