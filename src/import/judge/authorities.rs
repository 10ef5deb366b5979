//! Authorities: certificates of one name and key are one authority, and each is below its issuer.

use std::collections::{BTreeMap, BTreeSet};

use super::notes;
use super::role::{self, Role};
use super::{Case, Entry, Pki, Source, described};
use crate::import::found::{LeftOut, Lost, Place};
use crate::import::names::{self, Names};
use crate::pki::certificate::{Certificate, key_usage};
use crate::pki::key::SpkiHash;
use crate::pki::name::DistinguishedName;
use crate::pki::request::{Holder, Issuer};

/// One name and key, and every certificate of it, the one to use first.
#[derive(Debug)]
pub(super) struct Authority<'a> {
    pub(super) certificates: Vec<&'a Certificate>,
    /// Position of the issuer of the first certificate; `None`: itself, or not here.
    parent: Option<usize>,
    /// Name of its entry, once it has one.
    pub(super) name: Option<String>,
}

impl Authority<'_> {
    pub(super) fn current(&self) -> &Certificate {
        self.certificates[0]
    }

    /// Whether it signed that certificate, with any of its own.
    pub(super) fn signed(&self, certificate: &Certificate) -> bool {
        self.certificates.iter().any(|own| certificate.may_be_signed_by(own))
    }
}

/// All authorities; those that can be taken over have entries in `pki`, issuers first.
pub(super) fn judge<'a>(case: Case<'a>, pki: &mut Pki) -> Vec<Authority<'a>> {
    let mut authorities = groups(case, pki);
    let order = top_down(&authorities);
    let mut supplied: BTreeSet<usize> = BTreeSet::new();
    let wished = wished(case, &authorities, &order);
    // A supplied authority carries its whole chain: none of those above it may be ours at the same time.
    for index in &order {
        let holder = Holder::Authority(wished[index].clone());
        if case.unsayable(&holder, authorities[*index].current()).is_some() {
            let mut above = Some(*index);
            while let Some(next) = above {
                supplied.insert(next);
                above = authorities[next].parent;
            }
        }
    }
    for index in order {
        let name = wished[&index].clone();
        match entry(case, &authorities, index, &name, supplied.contains(&index), pki) {
            Ok(entry) => {
                pki.entries.push(entry);
                authorities[index].name = Some(name);
            }
            Err(left_out) => pki.left_out.push(left_out),
        }
    }
    authorities
}

/// Names of all; those of a store's holders are theirs before others get them.
fn wished(
    case: Case<'_>,
    authorities: &[Authority<'_>],
    order: &[usize],
) -> BTreeMap<usize, String> {
    let places: Vec<Vec<&Place>> = authorities
        .iter()
        .map(|one| one.certificates.iter().flat_map(|own| case.places(own)).collect())
        .collect();
    let own_places = |index: usize| {
        // Behind the certificate of an authority stand those above it, in the same file.
        let is_below = |other: &usize| authorities[*other].parent == Some(index);
        let below: BTreeSet<&Place> = (0..authorities.len())
            .filter(is_below)
            .flat_map(|other| places[other].iter().copied())
            .collect();
        places[index].iter().copied().filter(move |place| !below.contains(place))
    };
    let mut given = Names::default();
    let (stored, others): (Vec<usize>, Vec<usize>) =
        order.iter().partition(|index| names::is_in_store(own_places(**index)));
    let give = |index: usize| {
        let name = names::authority(authorities[index].current(), own_places(index));
        (index, given.give(&name))
    };
    stored.into_iter().chain(others).map(give).collect()
}

/// Whether this is what `openssl req -x509` makes for servers: self-signed, an authority by default, with the name of a
/// host, and nothing below it.
pub(super) fn is_self_signed_server(case: Case<'_>, certificate: &Certificate) -> bool {
    let options = case.options;
    if !certificate.is_authority
        || !certificate.is_self_signed()
        || options.authorities.said_of(certificate).is_some()
    {
        return false;
    }
    if options.hosts.said_of(certificate).is_some() || case.served_host(certificate).is_some() {
        return true;
    }
    names::host(certificate).is_some()
        && case.has_key(certificate)
        && !(names::has_no_names(certificate) && is_kept_as_authority(case, certificate))
        && signs_nothing(case, certificate)
}

/// Whether somewhere it says that it is an authority's: its key usage, a Secret, or the name of its file.
fn is_kept_as_authority(case: Case<'_>, certificate: &Certificate) -> bool {
    const STEMS: [&str; 6] = ["ca", "cacert", "rootca", "root", "authority", "issuer"];
    let is_called = |place: &Place| {
        let stem = place.stem().to_lowercase();
        stem.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| STEMS.contains(&word))
    };
    let may_sign = certificate.key_usage.is_some_and(|bits| bits & key_usage::KEY_CERT_SIGN != 0);
    may_sign
        || case.trust_secret(certificate).is_some()
        || case.places(certificate).any(|place| place.secret.is_none() && is_called(place))
}

/// Whether nothing that was found is below it; earlier certificates of its own key are not.
fn signs_nothing(case: Case<'_>, certificate: &Certificate) -> bool {
    let mut others = case.found.certificates.values().map(|found| &found.certificate);
    !others.any(|other| {
        other.spki_hash != certificate.spki_hash && other.may_be_signed_by(certificate)
    })
}

/// Certificates of authorities by name and key.
fn groups<'a>(case: Case<'a>, pki: &mut Pki) -> Vec<Authority<'a>> {
    let mut groups: BTreeMap<(&DistinguishedName, SpkiHash), Vec<&Certificate>> = BTreeMap::new();
    for found in case.found.certificates.values() {
        let certificate = &found.certificate;
        if !certificate.is_authority || is_self_signed_server(case, certificate) {
            continue;
        }
        if certificate.may_sign_certificates() {
            groups
                .entry((&certificate.subject, certificate.spki_hash))
                .or_default()
                .push(certificate);
        } else {
            let what = format!("the authority {}", described(certificate));
            let why = "its key usage forbids signing certificates (it lacks `keyCertSign`)";
            let left_out = LeftOut::new(&case.place(certificate), what, why);
            pki.left_out.push(left_out.being(Lost::Authority(certificate.fingerprint())));
        }
    }
    let mut authorities: Vec<Authority<'_>> = groups
        .into_values()
        .map(|certificates| Authority { certificates, parent: None, name: None })
        .collect();
    for index in 0..authorities.len() {
        let rank = |one: &&Certificate| {
            let is_root = one.is_self_signed();
            let is_known = is_root || authorities.iter().any(|other| other.signed(one));
            (!case.is_over(one), is_known, is_root, one.not_after)
        };
        let mut certificates = authorities[index].certificates.clone();
        certificates.sort_by_key(|one| std::cmp::Reverse(rank(one)));
        authorities[index].certificates = certificates;
    }
    for index in 0..authorities.len() {
        let own = authorities[index].current();
        let parent = authorities.iter().position(|other| other.signed(own));
        authorities[index].parent =
            parent.filter(|parent| *parent != index && !own.is_self_signed());
    }
    authorities
}

/// Positions, issuers before what they sign; of those who sign each other in a circle none.
fn top_down(authorities: &[Authority<'_>]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    loop {
        let ready: Vec<usize> = (0..authorities.len())
            .filter(|index| !order.contains(index))
            .filter(|index| authorities[*index].parent.is_none_or(|parent| order.contains(&parent)))
            .collect();
        if ready.is_empty() {
            return order;
        }
        order.extend(ready);
    }
}

/// What a spec says of an authority, or why it says nothing.
fn entry(
    case: Case<'_>,
    authorities: &[Authority<'_>],
    index: usize,
    name: &str,
    as_file: bool,
    pki: &mut Pki,
) -> Result<Entry, LeftOut> {
    let authority = &authorities[index];
    let own = authority.current();
    let refuse = |why: String| {
        LeftOut::new(&case.place(own), format!("the authority {}", described(own)), why)
            .being(Lost::Authority(own.fingerprint()))
    };
    if case.is_over(own) {
        return Err(refuse(format!(
            "it expired at {}, and nothing that it signed works",
            own.not_after
        )));
    }
    let parent = match authority.parent {
        // The signature of a root is not verified.
        None if own.is_self_signed() || own.is_anchor() => None,
        None => {
            return Err(refuse(format!(
                "its issuer `{}` is not here: without the root, the controller trusts no client",
                own.issuer.rfc2253()
            )));
        }
        Some(parent) => {
            match authorities[parent].name.as_deref().and_then(|name| pki.authority(name)) {
                Some(parent) => Some(parent),
                None => return Err(refuse("its issuer is not taken over".to_owned())),
            }
        }
    };
    let holder = Holder::Authority(name.to_owned());
    if let Some(why) = case.forms.refused(&holder) {
        return Err(refuse(why.to_owned()));
    }
    let mut entry = Entry::of(case, holder, source(parent, case.has_key(own), as_file), own);
    entry.secret = case.trust_secret(own);
    if entry.source == Source::Supplied {
        entry.above = parent.map(chain).unwrap_or_default();
    } else {
        entry.older = older(case, authorities, authority);
    }
    cross_signed(case, authority, pki);
    notes::report(case, &entry, pki);
    notes::doubts(&entry, pki);
    Ok(entry)
}

/// Where the certificate comes from in a spec: a file, unless it and those above it can be ours.
fn source(parent: Option<&Entry>, has_key: bool, as_file: bool) -> Source {
    match parent {
        None if has_key && !as_file => Source::Issued(Issuer::SelfSigned),
        Some(parent)
            if !as_file && parent.can_sign() && (has_key || parent.source != Source::Supplied) =>
        {
            Source::Issued(Issuer::Authority(parent.holder.name().to_owned()))
        }
        _ => Source::Supplied,
    }
}

/// Further certificates of one name and key, with who signed them.
fn older(
    case: Case<'_>,
    authorities: &[Authority<'_>],
    authority: &Authority<'_>,
) -> Vec<(Issuer, Certificate)> {
    let signer = |one: &Certificate| {
        if one.is_self_signed() {
            return Some(Issuer::SelfSigned);
        }
        let signer = authorities.iter().find(|other| other.signed(one))?.name.clone()?;
        Some(Issuer::Authority(signer))
    };
    let certificates = authority.certificates[1..].iter();
    certificates
        .filter(|one| !case.is_over(one) && super::unstorable(one).is_none())
        .filter_map(|one| Some((signer(one)?, (*one).clone())))
        .collect()
}

/// Certificates of one name and key that other authorities signed: a chain has one way up.
fn cross_signed(case: Case<'_>, authority: &Authority<'_>, pki: &mut Pki) {
    let own = authority.current();
    let others = authority.certificates[1..].iter();
    for other in others.filter(|one| !case.is_over(one) && one.issuer != own.issuer) {
        if other.is_self_signed() {
            continue;
        }
        let issuer = other.issuer.rfc2253();
        let what = format!("the certificate of the authority {} by `{issuer}`", described(own));
        let why = format!(
            "it has another one from `{}`, and servers send one chain: clients that trust `{issuer}` alone accept a server's certificate below it only if it is supplied as a file that this one follows (`tls.certificate`)",
            own.issuer.rfc2253()
        );
        pki.left_out.push(LeftOut::new(&case.place(other), what, why));
    }
}

/// The certificate of an authority and those above it.
pub(super) fn chain(entry: &Entry) -> Vec<Certificate> {
    entry.certificate.iter().chain(&entry.above).cloned().collect()
}

/// Certificates of others that are only above certificates of others need no entry: trusting them would
/// mean trusting everything that they sign. Those with clients stay, so that hosts can trust these.
pub(super) fn drop_mere_chain_members(case: Case<'_>, pki: &mut Pki) {
    let supplied = || pki.entries.iter().filter(|entry| entry.source == Source::Supplied);
    let stands_above = |own: &Certificate| {
        supplied().any(|entry| {
            // Roots are in no file of a server.
            let top = entry.above.last().or(entry.certificate.as_ref());
            let is_other = entry.certificate.as_ref() != Some(own);
            entry.above.contains(own)
                || is_other && top.is_some_and(|top| top.may_be_signed_by(own))
        })
    };
    let is_mere = |entry: &Entry| {
        matches!(entry.holder, Holder::Authority(_))
            && entry.source == Source::Supplied
            && !entry.has_key
            && entry.secret.is_none()
            && entry
                .certificate
                .as_ref()
                .is_some_and(|own| stands_above(own) && !has_clients(case, own))
            && !is_trusted(pki, entry.holder.name())
    };
    let issuers: BTreeSet<String> = pki
        .entries
        .iter()
        .filter_map(|entry| match &entry.source {
            Source::Issued(Issuer::Authority(name)) => Some(name.clone()),
            _ => None,
        })
        .collect();
    let mere: BTreeSet<String> = pki
        .entries
        .iter()
        .filter(|entry| is_mere(entry) && !issuers.contains(entry.holder.name()))
        .map(|entry| entry.holder.name().to_owned())
        .collect();
    pki.entries
        .retain(|entry| !matches!(&entry.holder, Holder::Authority(name) if mere.contains(name)));
    pki.notes.extend(mere.into_iter().map(|name| format!(
        "authority `{name}`: without its key it only completes the chains of other certificates, whose files contain it; to trust its clients, declare it under `cas`"
    )));
}

/// Whether an Ingress has clients below it admitted.
fn is_trusted(pki: &Pki, name: &str) -> bool {
    pki.sites.iter().filter_map(|site| site.cas.as_ref()).flatten().any(|own| own == name)
}

/// Whether a client below this authority was found.
fn has_clients(case: Case<'_>, own: &Certificate) -> bool {
    let mut leaves = case.found.certificates.values().map(|found| &found.certificate);
    leaves.any(|leaf| {
        !leaf.is_authority
            && !case.is_over(leaf)
            && matches!(role::role(case, leaf), Ok(Role::Client))
            && leaf.may_be_signed_by(own)
    })
}
