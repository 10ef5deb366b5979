//! The Gateway that a host names.

use super::Gateway;
use super::context::{Context, Findings};
use crate::diagnostic::Diagnostic;
use crate::path;
use crate::specification;
use crate::specification::value::NamespaceName;

/// A host's Gateway: its own, else the spec's, if one of them names one.
pub(super) fn resolve(
    context: Context<'_>,
    key: &str,
    written: &specification::Host,
    namespace: &NamespaceName,
    findings: &mut Findings,
) -> Option<Gateway> {
    let is_own = written.gateway.is_some();
    let gateway = written.gateway.as_ref().or(context.spec.gateway.as_ref())?;
    let specification::Gateway { name, namespace: elsewhere, existing } = gateway;
    let place = || if is_own { path!["hosts", key, "gateway"] } else { path!["gateway"] };
    if *existing && name.is_none() {
        let title = "a Gateway that exists already has a name, and `gateway` does not say which";
        findings.push(
            Diagnostic::error("missing-key", title)
                .at(context.value(&place()))
                .help("write `gateway = { name = \"NAME\", existing = true }`"),
        );
    }
    if !existing && elsewhere.is_some() {
        let place = [place(), path!["namespace"]].concat();
        let title = "a Gateway that mtlsgen makes is in the namespace of its hosts";
        findings.push(
            Diagnostic::error("key-without-effect", title).at(context.key(&place)).help(
                "remove `namespace`, or write `existing = true` if that Gateway exists already",
            ),
        );
    }
    let existing_in = existing.then(|| elsewhere.as_ref().unwrap_or(namespace).clone());
    Some(Gateway { name: name.clone(), existing_in, is_own })
}
