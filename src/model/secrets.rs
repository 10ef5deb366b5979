//! Secrets: which ones are to be rendered, each once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::context::{Context, Findings};
use super::{Client, Exposure, Labels, Reference, Secret, SecretContent, ServerCertificateSource};
use crate::diagnostic::Diagnostic;
use crate::manifest::name_suffix_hash;
use crate::path;
use crate::pki::request::Holder;
use crate::specification::document::Path;

/// The Secrets that hosts and clients need, in the order of namespace and name.
pub fn resolve(
    context: Context<'_>,
    exposures: &[Exposure],
    clients: &BTreeMap<String, Client>,
    findings: &mut Findings,
) -> Vec<Secret> {
    let mut secrets = Collector { context, found: BTreeMap::new() };
    for exposure in exposures {
        let host = Some(exposure);
        if let Some(tls) = &exposure.tls
            && let ServerCertificateSource::Held(holder) = &tls.source
        {
            let reference = Reference {
                namespace: exposure.namespace.to_string(),
                name: tls.secret_name.to_string(),
            };
            secrets.add(
                reference,
                SecretContent::KeyPair(holder.clone()),
                host,
                path!["hosts", &exposure.key, "tls"],
                findings,
            );
        }
        if let Some(auth) = exposure.client_auth.as_ref().filter(|auth| !auth.existing) {
            let bundle =
                SecretContent::TrustBundle(super::sorted(auth.authorities.iter().cloned()));
            secrets.add(
                auth.secret.clone(),
                bundle,
                host,
                path!["hosts", &exposure.key, "clientAuth"],
                findings,
            );
        }
        refuse_combined(context, exposure, findings);
    }
    for (name, client) in clients {
        let Some(written) = context.spec.clients.get(name) else { continue };
        if let Some(secret_name) = &written.secret_name {
            if client.revoked.is_some() {
                findings.push(not_rendered(context, name, secret_name.as_str()));
                continue;
            }
            let reference = Reference {
                namespace: super::namespace(context.spec, written.namespace.as_ref()).to_string(),
                name: secret_name.to_string(),
            };
            let key_pair = SecretContent::KeyPair(Holder::Client(name.clone()));
            secrets.add(reference, key_pair, None, path!["clients", name, "secretName"], findings);
        }
    }
    refuse_existing_names(context, exposures, &secrets, findings);
    secrets.found.into_values().map(|(secret, _)| secret).collect()
}

/// A client that is refused needs no certificate in the cluster.
fn not_rendered(context: Context<'_>, name: &str, secret: &str) -> Diagnostic {
    let title = format!("the client `{name}` is revoked: its Secret `{secret}` is not rendered");
    Diagnostic::notice("revoked-client", title)
        .at(context.value(&path!["clients", name, "secretName"]))
        .help(format!("delete the one in the cluster: `kubectl delete secret {secret}`"))
}

struct Collector<'a> {
    context: Context<'a>,
    found: BTreeMap<Reference, (Secret, Path)>,
}

impl Collector<'_> {
    fn add(
        &mut self,
        reference: Reference,
        content: SecretContent,
        exposure: Option<&Exposure>,
        path: Path,
        findings: &mut Findings,
    ) {
        let labels: Labels = exposure
            .map_or_else(|| super::labels(self.context.spec), |exposure| exposure.labels.clone());
        let mut entry = match self.found.entry(reference) {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => {
                refuse_no_room_for_suffix(self.context, entry.key(), &path, findings);
                let secret = Secret {
                    reference: entry.key().clone(),
                    content,
                    exposures: exposure.iter().map(|exposure| exposure.key.clone()).collect(),
                    labels,
                    annotations: self.context.spec.annotations.clone(),
                };
                entry.insert((secret, path));
                return;
            }
        };
        let (known, first) = entry.get_mut();
        if known.content != content {
            findings.push(
                Diagnostic::error(
                    "duplicate-object",
                    format!("Secret `{}` would have two contents", known.reference),
                )
                .at(self.context.value(&path))
                .related(self.context.value(first), "the other content")
                .help("give one of them another `secretName`"),
            );
        }
        // A Secret that several hosts use carries only what all of them say of it.
        known.labels.retain(|key, value| labels.get(key) == Some(value));
        known.exposures.extend(exposure.map(|exposure| exposure.key.clone()));
    }
}

/// Names have 253 characters at most, the suffix included.
fn refuse_no_room_for_suffix(
    context: Context<'_>,
    reference: &Reference,
    path: &Path,
    findings: &mut Findings,
) {
    let longest = 253 - name_suffix_hash::LENGTH;
    let length = reference.name.len();
    if context.spec.secrets.name_suffix_hash != Some(true) || length <= longest {
        return;
    }
    findings.push(
        Diagnostic::error(
            "name-too-long",
            format!("the name of the Secret `{reference}` has {length} characters, and `secrets.nameSuffixHash` leaves room for {longest}"),
        )
        .at(context.value(path))
        .help("write a shorter `secretName`"),
    );
}

/// In one Secret for both, a changed `ca.crt` alone is not noticed by the controller, and
/// certificates in `tls.crt` become trusted.
fn refuse_combined(context: Context<'_>, exposure: &Exposure, findings: &mut Findings) {
    let (Some(tls), Some(auth)) = (&exposure.tls, &exposure.client_auth) else { return };
    let same = auth.secret.name == tls.secret_name.as_str()
        && auth.secret.namespace == exposure.namespace.as_str();
    if !same {
        return;
    }
    let place = context.value(&path!["hosts", &exposure.key, "clientAuth", "secretName"]);
    let title = format!(
        "Secret `{}` would hold the server's key and the clients' authorities",
        auth.secret
    );
    let help = "give the trust bundle a Secret of its own: the controller misses a change of `ca.crt` in a combined one, and trusts the certificates in `tls.crt`";
    let diagnostic = if auth.existing {
        Diagnostic::warning("combined-secret", title)
    } else {
        Diagnostic::error("combined-secret", title)
    };
    findings.push(diagnostic.at(place).help(help));
}

/// A Secret that others fill is not to be rendered for another host.
fn refuse_existing_names(
    context: Context<'_>,
    exposures: &[Exposure],
    secrets: &Collector<'_>,
    findings: &mut Findings,
) {
    for exposure in exposures {
        let foreign_server = exposure
            .tls
            .iter()
            .filter(|tls| !matches!(tls.source, ServerCertificateSource::Held(_)))
            .map(|tls| Reference {
                namespace: exposure.namespace.to_string(),
                name: tls.secret_name.to_string(),
            });
        let foreign_trust = exposure
            .client_auth
            .iter()
            .filter(|auth| auth.existing)
            .map(|auth| auth.secret.clone());
        for reference in foreign_server.chain(foreign_trust) {
            let Some((_, first)) = secrets.found.get(&reference) else { continue };
            findings.push(
                Diagnostic::error(
                    "duplicate-object",
                    format!("Secret `{reference}` is filled both by others and by mtlsgen"),
                )
                .at(context.key(&path!["hosts", &exposure.key]))
                .related(context.value(first), "mtlsgen would fill it for this")
                .help("give one of them another `secretName`"),
            );
        }
    }
}
