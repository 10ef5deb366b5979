//! From the spec to the model: one room after the other, every finding collected.

use std::collections::BTreeSet;

use super::authorities::Issuers;
use super::context::{Context, Findings};
use super::lineage::Lineage;
use super::supplied::Pool;
use super::tls::Certificates;
use super::{
    Annotations, Exposure, Labels, Model, Touched, authorities, client_auth, clients, derivation,
    encryption, hosts, patches, readers, secrets, services, shared, texts, untrusted,
};
use crate::diagnostic::{Diagnostic, Entry, Nature, Severity, has_errors};
use crate::path;
use crate::pki::request::{Holder, Issuer};
use crate::specification::document::{Path, Step};
use crate::specification::{self, Spec};
use crate::store::Keyring;

/// What resolving gives: the model, and the private keys that were supplied.
#[derive(Debug)]
pub struct Resolved {
    /// The set-up.
    pub model: Model,
    /// Keys of authorities and hosts that were supplied.
    pub keyring: Keyring,
}

/// Resolves the spec; `found` is what reading it has found.
#[must_use]
pub fn resolve(context: Context<'_>, found: Vec<Diagnostic>) -> Unjudged {
    let (resolved, findings) = all(context, found);
    Unjudged { resolved, findings }
}

fn is_of_the_time(finding: &Diagnostic) -> bool {
    finding.nature == Nature::OfTheTime
}

/// What resolving gives, and what was found: what of others is over, or does not hold yet, matters only to those who work
/// with it.
#[derive(Debug)]
pub struct Unjudged {
    /// The set-up.
    pub resolved: Resolved,
    /// All findings, errors of the time among them.
    findings: Vec<Diagnostic>,
}

impl Unjudged {
    /// The same, with further findings about the model.
    #[must_use]
    pub fn with(mut self, judge: impl FnOnce(&Model) -> Vec<Diagnostic>) -> Self {
        self.findings.extend(judge(&self.resolved.model));
        self
    }

    /// The same, if nothing was found that is an error at any time, whichever phase it comes from.
    ///
    /// # Errors
    /// All findings, if something was.
    pub fn right_at_some_time(self) -> Result<Self, Vec<Diagnostic>> {
        let is_wrong =
            |finding: &Diagnostic| finding.severity == Severity::Error && !is_of_the_time(finding);
        if self.findings.iter().any(is_wrong) { Err(self.findings) } else { Ok(self) }
    }

    /// The set-up, if no finding is an error, and the findings.
    #[must_use]
    pub fn now(self) -> (Option<Resolved>, Vec<Diagnostic>) {
        let Self { resolved, findings } = self;
        (Some(resolved).filter(|_| !has_errors(&findings)), findings)
    }

    /// The set-up and its findings, those of the time as warnings where they are about nothing that is touched.
    #[must_use]
    pub fn judged(self, touched: &Touched) -> (Resolved, Vec<Diagnostic>) {
        let Self { resolved, mut findings } = self;
        for finding in findings.iter_mut().filter(|finding| is_of_the_time(finding)) {
            if !finding.entry.as_deref().is_some_and(|entry| touched.has(entry)) {
                finding.severity = Severity::Warning;
            }
        }
        (resolved, findings)
    }

    /// Authorities of others that are not touched and whose keys are not here: they sign nothing now.
    #[must_use]
    pub fn silent(&self, touched: &Touched) -> BTreeSet<String> {
        let absent = self.resolved.keyring.absent().keys();
        let absent = absent.filter(|holder| !touched.has_holder(holder));
        let name = |holder: &Holder| match holder {
            Holder::Authority(name) => Some(name.clone()),
            Holder::Host(_) | Holder::Client(_) => None,
        };
        absent.filter_map(name).collect()
    }

    /// Holders below an authority of others that is not touched, and that is over, not valid yet, or whose key is not
    /// here: nothing can be signed for them now.
    #[must_use]
    pub fn out_of_reach(&self, touched: &Touched) -> BTreeSet<Holder> {
        let model = &self.resolved.model;
        let silent = self.silent(touched);
        let over = self.findings.iter().filter(|one| one.severity == Severity::Error);
        let over: Vec<&str> = over
            .filter_map(|finding| match finding.entry.as_deref()? {
                entry @ Entry::Authority(name) if !touched.has(entry) => Some(name.as_str()),
                _ => None,
            })
            .chain(silent.iter().map(String::as_str))
            .collect();
        let is_below = |issuer: &Issuer| match issuer {
            Issuer::Authority(issuer) => {
                over.iter().any(|name| model.lineage.is_at_or_below(issuer, name))
            }
            Issuer::SelfSigned => false,
        };
        let below = model.requests().filter(|request| is_below(&request.issuer));
        below.map(|request| request.holder.clone()).collect()
    }
}

/// The whole model, in spite of findings.
fn all(context: Context<'_>, found: Vec<Diagnostic>) -> (Resolved, Vec<Diagnostic>) {
    let mut findings = Findings::new(found);
    refuse_nothing(context, &mut findings);
    encryption::refuse_none_and_repeats(context, &mut findings);
    refuse_own_labels(context, &mut findings);
    texts::warn_of_lost(context, &mut findings);
    let pool = Pool::of(context);
    let mut keyring = Keyring::default();
    let authorities = authorities::resolve(context, &pool, &mut keyring, &mut findings);
    let lineage = Lineage::of(&authorities);
    let services = services::resolve(context, &mut findings);
    let issuers = Issuers { authorities: &authorities, keyring: &keyring, pool: &pool };
    let clients = clients::resolve(context, issuers, &mut findings);
    let mut certificates = Certificates::default();
    let known = hosts::Known { services: &services, issuers, clients: &clients, lineage: &lineage };
    let exposures = hosts::resolve(context, known, &mut certificates, &mut findings);
    refuse_lost_hosts(context, &exposures, &mut findings);
    let secrets = secrets::resolve(context, &exposures, &clients, &mut findings);
    let patches = patches::resolve(context, &mut findings);
    let client_signers = client_auth::signers(context.spec, &clients);
    let keyring = keyring.and(&certificates.keyring);
    let mut model = Model {
        name: context.spec.name.clone(),
        target: written(context.spec.target.as_ref(), specification::DEFAULT_TARGET),
        controllers: readers::resolve(context, &mut findings),
        default_class: readers::default_class(context.spec),
        secret_format: written(
            context.spec.secrets.format.as_ref(),
            specification::DEFAULT_SECRET_FORMAT,
        ),
        labels: shared::labels(context.spec),
        annotations: context.spec.annotations.clone(),
        authorities,
        services,
        exposures,
        clients,
        server_certificates: certificates.requests,
        supplied: certificates.supplied,
        lineage,
        client_signers,
        secrets,
        patches,
        allow_plain_in_git: context.spec.secrets.allow_plain_in_git.unwrap_or(false),
        name_suffix_hash: context.spec.secrets.name_suffix_hash.unwrap_or(false),
        derivation: None,
        conventions: context.conventions,
    };
    derivation::resolve(context, &mut model, &keyring, &mut findings);
    super::serials::refuse_repeats(context, &model, &mut findings);
    super::constraints::refuse_names_outside(context, &model, &mut findings);
    untrusted::notice(context, &model, &mut findings);
    (Resolved { model, keyring }, findings.0)
}

/// The last net: a host that was left out, with nothing said of it, would stay as it is in the cluster.
pub(super) fn refuse_lost_hosts(
    context: Context<'_>,
    exposures: &[Exposure],
    findings: &mut Findings,
) {
    if has_errors(&findings.0) {
        return;
    }
    let there: BTreeSet<&str> = exposures.iter().map(|exposure| exposure.key.as_str()).collect();
    for key in context.spec.hosts.keys().filter(|key| !there.contains(key.as_str())) {
        let title = format!("host `{key}` is not complete, and mtlsgen cannot say what is missing");
        findings.push(
            Diagnostic::error("host-incomplete", title)
                .at(context.key(&path!["hosts", key]))
                .help("compare the entry with those of other hosts, and report this message"),
        );
    }
}

fn written(name: Option<&String>, default: &str) -> String {
    name.map_or(default, String::as_str).to_owned()
}

/// A spec that declares nothing is a mistake: it would remove every object of an earlier one.
fn refuse_nothing(context: Context<'_>, findings: &mut Findings) {
    let Spec { cas, services, hosts, clients, .. } = context.spec;
    let nothing = cas.is_empty() && services.is_empty() && hosts.is_empty() && clients.is_empty();
    if nothing && !has_errors(&findings.0) {
        findings.push(
            Diagnostic::error("empty-spec", "the spec declares nothing")
                .at(context.value(&path![]))
                .help("declare `hosts`, `services`, `cas` or `clients`; `mtlsgen init` writes a spec to start from"),
        );
    }
}

/// `mtlsgen.dev/...` is what mtlsgen and `kubectl apply --prune` go by.
fn refuse_own_labels(context: Context<'_>, findings: &mut Findings) {
    for path in our_keys_in_metadata(context.spec) {
        let Some(Step::Key(key)) = path.last() else { continue };
        findings.push(
            Diagnostic::error("reserved-name", format!("`{key}` belongs to mtlsgen"))
                .at(context.key(&path))
                .help("choose another prefix; the label `mtlsgen.dev/name` is set by `name`"),
        );
    }
}

/// Where labels and annotations of the spec stand that are not the user's to set.
fn our_keys_in_metadata(spec: &Spec) -> Vec<Path> {
    let mut paths = Vec::new();
    let mut add = |base: &[&str], labels: &Labels, annotations: &Annotations| {
        let labels = labels.keys().map(|key| ("labels", key.as_str()));
        let annotations = annotations.keys().map(|key| ("annotations", key.as_str()));
        let ours = labels.chain(annotations).filter(|(_, key)| key.starts_with("mtlsgen.dev/"));
        paths.extend(ours.map(|(table, key)| {
            base.iter().chain(&[table, key]).map(|step| Step::from(*step)).collect::<Path>()
        }));
    };
    add(&[], &spec.labels, &spec.annotations);
    for (key, service) in &spec.services {
        add(&["services", key.as_str()], &service.labels, &service.annotations);
    }
    for (key, host) in &spec.hosts {
        add(&["hosts", key], &host.labels, &host.annotations);
    }
    paths
}
