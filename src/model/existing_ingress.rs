//! Hosts whose Ingress exists already: which one it is, and what the spec says of it in vain.

use super::context::{Context, Findings};
use crate::diagnostic::Diagnostic;
use crate::path;
use crate::specification::selector::Selector;
use crate::specification::value::FalseOr;
use crate::specification::{self, ExistingIngress, PatchTarget};

/// What selects the Ingress objects.
pub fn resolve(
    context: Context<'_>,
    key: &str,
    written: &ExistingIngress,
    findings: &mut Findings,
) -> Option<PatchTarget> {
    let ExistingIngress { name, namespace, label_selector, annotation_selector } = written.clone();
    let target = PatchTarget {
        group: Some("networking.k8s.io".to_owned()),
        version: None,
        kind: Some("Ingress".to_owned()),
        name,
        namespace,
        label_selector,
        annotation_selector,
    };
    match Selector::of_target(&target) {
        Ok(_) => Some(target),
        Err(problem) => {
            findings.push(
                Diagnostic::error("invalid-selector", problem).at(context.value(&path![
                    "hosts",
                    key,
                    "existingIngress"
                ])),
            );
            None
        }
    }
}

/// Whether the host's certificate is its Ingress's own business: `tls = false` says that there is none.
pub fn has_own_tls(context: Context<'_>, written: &specification::Host) -> bool {
    let said = written.tls.as_ref().or(context.spec.defaults.hosts.tls.as_ref());
    written.existing_ingress.is_some() && !matches!(said, Some(FalseOr::False))
}

/// What only an Ingress of ours could express.
pub fn refuse_without_effect(
    context: Context<'_>,
    key: &str,
    written: &specification::Host,
    findings: &mut Findings,
) {
    let said = [
        ("service", written.service.is_some()),
        ("routes", !written.routes.is_empty()),
        ("ingressName", written.ingress_name.is_some()),
        ("annotations", !written.annotations.is_empty()),
    ];
    for (field, _) in said.into_iter().filter(|(_, said)| *said) {
        findings.push(
            Diagnostic::error(
                "key-without-effect",
                format!(
                    "`{field}` cannot be combined with `existingIngress`: that Ingress defines it"
                ),
            )
            .at(context.key(&path!["hosts", key, field]))
            .related(context.key(&path!["hosts", key, "existingIngress"]), "it exists already")
            .help(format!(
                "remove `{field}`, or remove `existingIngress` if mtlsgen is to make the Ingress"
            )),
        );
    }
}

/// Nothing would be added to the Ingress.
pub fn refuse_nothing_to_add(context: Context<'_>, key: &str, findings: &mut Findings) {
    // What was refused while reading has been reported.
    let is_reported = |field: &str| context.has(&path!["hosts", key, field]);
    let is_said = |field: &str| {
        let host = context.spec.hosts.get(key);
        host.is_some_and(|host| match field {
            "tls" => host.tls.is_some(),
            _ => host.client_auth.is_some(),
        })
    };
    if ["tls", "clientAuth"].into_iter().any(|field| is_reported(field) && !is_said(field)) {
        return;
    }
    findings.push(
        Diagnostic::error(
            "key-without-effect",
            "there is nothing to add to the existing Ingress: this host has neither `clientAuth` nor `tls`",
        )
        .at(context.key(&path!["hosts", key, "existingIngress"]))
        .help("write `clientAuth.cas = [\"...\"]`, or remove the host"),
    );
}
