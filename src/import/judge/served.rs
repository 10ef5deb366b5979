//! What Ingresses serve, judged with the certificates that were found: whose certificate a host has, what it trusts, which clients
//! its list of subjects admits.

use std::collections::BTreeSet;

use regex_lite::Regex;

use super::authorities::chain;
use super::{Case, Entry, Pki};
use crate::identity::DEFAULT_NAMESPACE;
use crate::import::found::{LeftOut, Place, SecretName};
use crate::import::sites::{Site, SiteAuth};
use crate::pki::certificate::Certificate;
use crate::pki::request::Holder;

/// The hosts that get an entry.
pub(super) fn judge(case: Case<'_>, pki: &mut Pki) -> Vec<Site> {
    let mut sites: Vec<Site> = Vec::new();
    for site in case.sites {
        let holder = Holder::Host(site.host.clone());
        if let Some(why) = case.forms.without_site(&holder) {
            pki.left_out.push(left_out(site, why, "the clients that it serves today"));
            continue;
        }
        let mut site = site.clone();
        site.certificate_of = sharing(pki, &sites, &site);
        let Some(auth) = site.auth.clone() else {
            sites.push(site);
            continue;
        };
        site.cas = trusted(case, pki, &auth);
        if let Some(expression) = &auth.subjects {
            let admitted = admitted(pki, site.cas.as_deref().unwrap_or_default(), expression);
            if admitted.is_empty() {
                let why = format!(
                    "`auth-tls-match-cn` is `{}`, and no client that was found matches it: a spec lists clients by name",
                    expression.escape_debug()
                );
                pki.left_out.push(left_out(&site, &why, "the clients that it serves today"));
                continue;
            }
            pki.notes.push(format!(
                "host `{}`: `auth-tls-match-cn` `{}` becomes a list of the clients that were found and match: {}",
                site.host,
                expression.escape_debug(),
                admitted.join(", ")
            ));
            site.allow = Some(admitted);
        }
        sites.push(site);
    }
    sites
}

fn left_out(site: &Site, why: &str, needed_by: &str) -> LeftOut {
    let left_out = LeftOut::new(&site.place, format!("host `{}`", site.host), why);
    LeftOut { needed_by: Some(needed_by.to_owned()), ..left_out }
}

/// The host before this one whose entry has the certificate of the same Secret.
fn sharing(pki: &Pki, sites: &[Site], site: &Site) -> Option<String> {
    let has_own =
        |host: &str| pki.entries.iter().any(|entry| entry.is_host() && entry.holder.name() == host);
    let other = sites.iter().find(|other| {
        other.namespace == site.namespace && other.tls == site.tls && has_own(&other.host)
    })?;
    (!has_own(&site.host)).then(|| other.host.clone())
}

/// The Secret of a trust bundle, as places have it.
fn is_bundle(place: &Place, auth: &SiteAuth) -> bool {
    let (namespace, name) = &auth.secret;
    let is_it = |secret: &SecretName| {
        secret.name == *name
            && secret.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE) == namespace
    };
    place.key.as_deref() == Some("ca.crt") && place.secret.as_ref().is_some_and(is_it)
}

/// Names of the authorities that a host has to list so that its bundle is the one it has: those of the bundle that sign no other
/// one of it; `None`: not all of them are entries.
fn trusted(case: Case<'_>, pki: &Pki, auth: &SiteAuth) -> Option<Vec<String>> {
    let bundle: Vec<&Certificate> = case
        .found
        .certificates
        .values()
        .filter(|found| found.places.iter().any(|place| is_bundle(place, auth)))
        .map(|found| &found.certificate)
        .collect();
    if bundle.is_empty() {
        return None;
    }
    let authorities: Vec<&Entry> =
        pki.entries.iter().filter(|entry| matches!(entry.holder, Holder::Authority(_))).collect();
    let mut names = BTreeSet::new();
    for own in &bundle {
        let is_own = |entry: &&&Entry| entry.certificate.as_ref() == Some(*own);
        let entry = authorities.iter().find(is_own);
        let signs_another = bundle.iter().any(|other| other != own && other.may_be_signed_by(own));
        match entry {
            Some(entry) if !signs_another => drop(names.insert(entry.holder.name().to_owned())),
            // What is above a supplied one is in its file.
            None if !signs_another => return None,
            _ => {}
        }
    }
    // Without an issuer that is in no bundle and no file, another bundle would be made.
    let made: BTreeSet<_> = authorities
        .iter()
        .filter(|entry| names.contains(entry.holder.name()))
        .flat_map(|entry| chain(entry))
        .map(|one| one.fingerprint())
        .collect();
    let is_whole = bundle.iter().all(|own| made.contains(&own.fingerprint()) || above(pki, own));
    (is_whole && !names.is_empty()).then(|| names.into_iter().collect())
}

/// Whether an authority is an entry: those below it have it in their bundles.
fn above(pki: &Pki, own: &Certificate) -> bool {
    pki.entries.iter().any(|entry| entry.certificate.as_ref() == Some(own))
}

/// Clients of these authorities whose subjects a regular expression matches, as nginx compares them.
fn admitted(pki: &Pki, cas: &[String], expression: &str) -> Vec<String> {
    let Ok(expression) = Regex::new(expression) else { return Vec::new() };
    let clients = pki.entries.iter().filter(|entry| {
        entry.in_spec
            && matches!(entry.holder, Holder::Client(_))
            && entry.issuer().is_some_and(|name| cas.iter().any(|own| own == name))
    });
    let matches = |entry: &&Entry| expression.is_match(&entry.subject().rfc2253());
    clients.filter(matches).map(|entry| entry.holder.name().to_owned()).collect()
}
