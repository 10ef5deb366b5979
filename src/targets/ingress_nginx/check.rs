//! What can be said about a model before anything is rendered.

use std::collections::BTreeSet;

use super::own_annotations::{self, Annotations, CLUSTER_ISSUER, ISSUER, verify_word};
use super::{PREFIX, allowed, arrange, conventions, ingress_nginx_versions};
use crate::controllers::ingress_nginx::shares_sessions;
use crate::controllers::{self, Reader};
use crate::diagnostic::{Diagnostic, Nature, Span};
use crate::domain;
use crate::model::{Exposure, Model, ServerCertificateSource};
use crate::specification::Verify;
use crate::specification::document::Locate;
use crate::specification::document::Step;
use crate::targets::HostArrangement;

/// Errors, warnings and notices, host by host, except for hosts that are refused already.
pub(super) fn check(
    model: &Model,
    refused: &BTreeSet<&str>,
    locate: Locate<'_>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let arrangement = arrange::of(model);
    let mut reported = BTreeSet::new();
    found.extend(sessions(model, locate));
    let judged = |exposure: &&Exposure| !refused.contains(exposure.key.as_str());
    for exposure in model.exposures.iter().filter(judged) {
        let arranged = arrangement.host(&exposure.key);
        let host = Host { model, exposure, arranged, locate };
        host.own_annotations(&mut found);
        found.extend(allowed::check(model, exposure, locate));
        let ours = host.our_annotations(&mut found);
        host.client_auth(&mut found);
        host.trust_secret(&mut reported, &mut found);
        host.verify_word(&mut found);
        host.blocked_words(&ours, &mut found);
        host.wildcard(&mut reported, &mut found);
    }
    found
}

/// A version in which a TLS session of one host opens another: where all hosts ask for the same clients, that opens nothing.
fn sessions(model: &Model, locate: Locate<'_>) -> Option<Diagnostic> {
    let versions = ingress_nginx_versions(model);
    let version = versions.into_iter().find(|version| shares_sessions(version))?;
    let mut asked = model.exposures.iter().map(|exposure| {
        let auth = exposure.client_auth.as_ref()?;
        Some((&auth.authorities, auth.existing.then_some(&auth.secret), &auth.allow, auth.verify))
    });
    let first = asked.next()?;
    (asked.any(|other| other != first) && model.exposures.iter().any(is_protected)).then(|| {
        let title = format!(
            "in ingress-nginx {version}, a TLS session of one host opens another that asks for other clients (CVE-2025-23419)"
        );
        Diagnostic::error("controller-version", title)
            .at(locate(&["controllers".into()]))
            .help("run 1.12.4, 1.13.0 or newer, and say so under `controllers`")
    })
}

/// Whether clients of the host are authenticated at all.
pub(super) fn is_protected(exposure: &Exposure) -> bool {
    exposure.client_auth.as_ref().is_some_and(|auth| auth.verify != Verify::Off)
}

/// Code and subject of a diagnostic that was reported.
type Reported = (&'static str, String);

struct Host<'a> {
    model: &'a Model,
    exposure: &'a Exposure,
    arranged: Option<&'a HostArrangement<'a>>,
    locate: Locate<'a>,
}

impl Host<'_> {
    /// Place of an annotation, which may have come from the top of the spec.
    fn annotation_span(&self, annotation: &str) -> Option<Span> {
        let top = self.model.annotations.get(annotation);
        if top.is_some() && top == self.exposure.annotations.get(annotation) {
            return (self.locate)(&["annotations".into(), annotation.into()]);
        }
        (self.locate)(&[
            "hosts".into(),
            Step::from(&self.exposure.key),
            "annotations".into(),
            annotation.into(),
        ])
    }

    fn client_auth_span(&self, field: &str) -> Option<Span> {
        (self.locate)(&[
            "hosts".into(),
            Step::from(&self.exposure.key),
            "clientAuth".into(),
            field.into(),
        ])
    }

    /// Annotations that are mtlsgen's to set, or that open the door.
    fn own_annotations(&self, found: &mut Vec<Diagnostic>) {
        for (annotation, value) in &self.exposure.annotations {
            let annotation = annotation.as_str();
            if let Some(instead) = self.reserved(annotation) {
                found.push(
                    Diagnostic::error(
                        "annotation-reserved",
                        format!(
                            "the annotation `{annotation}` is mtlsgen's to set on host `{}`",
                            self.exposure.key
                        ),
                    )
                    .at(self.annotation_span(annotation))
                    .help(instead),
                );
            } else {
                let found_here = allowed::judge(self.exposure, annotation, value);
                found.extend(found_here.map(|it| it.at(self.annotation_span(annotation))));
            }
        }
    }

    /// What to write instead of an annotation that mtlsgen sets itself.
    fn reserved(&self, annotation: &str) -> Option<String> {
        let protected = is_protected(self.exposure);
        let instead = match annotation.strip_prefix(PREFIX) {
            Some("auth-tls-secret") => {
                "write `clientAuth.cas`, or `clientAuth.secretName` for a Secret that exists"
            }
            Some("auth-tls-verify-client") => "write `clientAuth.verify`",
            Some("auth-tls-verify-depth") => "write `clientAuth.verifyDepth`",
            Some("auth-tls-pass-certificate-to-upstream") => {
                "write `clientAuth.passCertificateToUpstream`"
            }
            Some("auth-tls-error-page") => "write `clientAuth.errorPage`",
            Some("auth-tls-match-cn") => "write `clientAuth.allow`",
            Some(name) if name.starts_with("auth-tls-") => "write `clientAuth`",
            Some("force-ssl-redirect") if protected => {
                "leave it out: protected hosts are always redirected to HTTPS"
            }
            _ if annotation == CLUSTER_ISSUER => "write `tls.certManager.clusterIssuer`",
            _ if annotation == ISSUER => "write `tls.certManager.issuer`",
            _ if annotation == "kubernetes.io/tls-acme" => "write `tls.certManager`",
            _ if annotation == "kubernetes.io/ingress.class" => "write `ingressClassName`",
            _ => return None,
        };
        Some(instead.to_owned())
    }

    /// The annotations that mtlsgen sets itself, as far as they can express the settings.
    fn our_annotations(&self, found: &mut Vec<Diagnostic>) -> Annotations {
        own_annotations::of(self.exposure, self.arranged).unwrap_or_else(|error| {
            found.push(error.at(self.client_auth_span("allow")));
            Annotations::new()
        })
    }

    fn client_auth(&self, found: &mut Vec<Diagnostic>) {
        let Some(auth) = &self.exposure.client_auth else { return };
        let key = &self.exposure.key;
        if auth.allow.is_some() && auth.verify != Verify::On {
            found.push(
                Diagnostic::error(
                    "allow-without-verify",
                    format!("host `{key}` has `allow` beside `verify = \"{}\"`: subjects of unverified certificates prove nothing", verify_word(auth.verify)),
                )
                .at(self.client_auth_span("verify"))
                .help("leave `verify` out (it is `on`), or leave `allow` out"),
            );
        }
        if is_protected(self.exposure) && self.is_acme() {
            found.extend(self.challenges());
        }
        if auth.allow.is_some() && self.is_acme() {
            found.push(
                Diagnostic::warning(
                    "allow-blocks-acme",
                    format!("host `{key}` has `allow`, which also refuses cert-manager's HTTP-01 challenges on port 80"),
                )
                .at(self.client_auth_span("allow"))
                .help("let that issuer use DNS-01 challenges"),
            );
        }
    }

    /// What a solver's Ingress beside that of the host does to it, by reader.
    fn challenges(&self) -> impl Iterator<Item = Diagnostic> {
        let readers = self.model.controllers.iter();
        readers.filter_map(|Reader { name, declared }| {
            let does = controllers::find(name)?.at_challenges(declared)?;
            let version = declared.version.as_deref().unwrap_or_default();
            let key = &self.exposure.key;
            let title = format!("while cert-manager answers an HTTP-01 challenge for host `{key}`, {name} {version} {does}");
            let place = (self.locate)(&["hosts".into(), Step::from(key)]);
            Some(Diagnostic::warning("challenge-unprotected", title).at(place).help(
                "let that issuer use DNS-01 challenges, or use a later version of the controller",
            ))
        })
    }

    fn is_acme(&self) -> bool {
        let source = self.exposure.tls.as_ref().map(|tls| &tls.source);
        matches!(
            source,
            Some(ServerCertificateSource::ClusterIssuer(_) | ServerCertificateSource::Issuer(_))
        )
    }

    /// A Secret that mtlsgen does not fill; once, however many hosts trust it.
    fn trust_secret(&self, reported: &mut BTreeSet<Reported>, found: &mut Vec<Diagnostic>) {
        let Some(auth) = self.exposure.client_auth.as_ref().filter(|auth| auth.existing) else {
            return;
        };
        let (key, secret) = (&self.exposure.key, &auth.secret);
        let unseen = reported.insert(("trust-secret-unseen", secret.to_string()));
        found.extend(unseen.then(|| {
            Diagnostic::warning(
                "trust-secret-unseen",
                format!("host `{key}`: Secret `{secret}` was not provided, so its contents are unchecked: without a key `ca.crt`, the controller admits every client"),
            )
            .being(Nature::Unseen)
            .at(self.client_auth_span("secretName"))
            .help(format!("check that this prints a certificate: kubectl get secret -n {} {} -o jsonpath='{{.data.ca\\.crt}}' | base64 -d", secret.namespace, secret.name))
        }));
        if secret.namespace != self.exposure.namespace.as_str()
            && reported.insert(("trust-secret-elsewhere", secret.to_string()))
        {
            found.push(
                Diagnostic::warning(
                    "trust-secret-elsewhere",
                    format!("host `{key}` is in namespace `{}`, its Secret `{secret}` is not: from 1.12 on, ingress-nginx answers every request with 403 unless its ConfigMap has `allow-cross-namespace-resources: \"true\"`", self.exposure.namespace),
                )
                .at(self.client_auth_span("secretName"))
                .help("name the authorities in `clientAuth.cas`: mtlsgen puts their certificates into the right namespace"),
            );
        }
    }

    fn verify_word(&self, found: &mut Vec<Diagnostic>) {
        let Some(auth) = &self.exposure.client_auth else { return };
        let (code, title) = match auth.verify {
            Verify::On | Verify::Optional => return,
            Verify::OptionalNoCa => ("verify-by-backend", self.unverified()),
            Verify::Off => (
                "verify-off",
                format!(
                    "host `{}` names trusted authorities but requests no certificate",
                    self.exposure.key
                ),
            ),
        };
        let mut notice = Diagnostic::notice(code, title).at(self.client_auth_span("verify"));
        if auth.verify == Verify::OptionalNoCa {
            for (name, why) in self.misjudging() {
                notice = notice.help(format!("the header `ssl-client-verify` of {name} does not say which are valid: {why}; write `verify = \"optional\"`, which admits verified certificates alone"));
            }
        }
        found.push(notice);
    }

    /// What a service has to do where any certificate passes.
    fn unverified(&self) -> String {
        let key = &self.exposure.key;
        let all = self.model.controllers.len();
        if all > 0 && self.misjudging().count() == all {
            return format!(
                "host `{key}` admits certificates of any authority, and no header says which are valid"
            );
        }
        format!(
            "host `{key}` admits certificates of any authority: the service must check that the header `ssl-client-verify` is `SUCCESS`"
        )
    }

    /// Readers whose header about unverified certificates is wrong, and why.
    fn misjudging(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let readers = self.model.controllers.iter();
        readers.filter_map(|Reader { name, .. }| {
            Some((name.as_str(), controllers::find(name)?.misjudges_unverified()?))
        })
    }

    /// Values that clusters with the proposed blocklist refuse.
    fn blocked_words(&self, ours: &Annotations, found: &mut Vec<Diagnostic>) {
        let key = &self.exposure.key;
        let own =
            self.exposure.annotations.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        for (annotation, value) in ours.iter().map(|(k, v)| (*k, v.as_str())).chain(own) {
            let Some(word) = conventions::blocked(value) else { continue };
            let name = annotation.rsplit_once('/').map_or(annotation, |(_, name)| name);
            found.push(
                Diagnostic::warning(
                    "annotation-word",
                    format!("the annotation `{name}` of host `{key}` contains `{word}`: where the controller's ConfigMap has the proposed `annotation-value-word-blocklist`, the whole Ingress is skipped"),
                )
                .at(self.annotation_span(annotation))
                .help("choose another name or value, or take the word off that list"),
            );
        }
    }

    /// A wildcard's settings do not reach hosts that have an entry of their own.
    fn wildcard(&self, reported: &mut BTreeSet<Reported>, found: &mut Vec<Diagnostic>) {
        let Some(domain) = self.exposure.host.as_str().strip_prefix("*.") else { return };
        if !is_protected(self.exposure) {
            return;
        }
        let open = self.model.exposures.iter().filter(|other| {
            !is_protected(other) && domain::of_wildcard(other.host.as_str()) == Some(domain)
        });
        for other in open {
            if !reported.insert(("wildcard-not-inherited", other.key.clone())) {
                continue;
            }
            found.push(
                Diagnostic::notice(
                    "wildcard-not-inherited",
                    format!("host `{}` is below the protected `{}`, but requires no certificate: a host with an entry of its own takes nothing from a wildcard", other.key, self.exposure.host),
                )
                .at((self.locate)(&["hosts".into(), Step::from(&other.key)])),
            );
        }
    }
}
