//! cfssl's requests without a certificate: entries that the next `render` issues.

use super::{Case, Entry, Pki, Source};
use crate::import::cfssl::{Profile, Wanted};
use crate::import::found::{LeftOut, Place};
use crate::import::names;
use crate::pki::key::KeyKind;
use crate::pki::request::{Holder, Issuer};
use crate::specification::value::HostName;

/// Adds entries for all requests.
pub(super) fn judge(case: Case<'_>, pki: &mut Pki) {
    for (place, wanted) in &case.found.wanted {
        if is_known(case, wanted) {
            continue;
        }
        match entry(case, pki, place, wanted) {
            Ok(entry) => pki.entries.push(entry),
            Err(why) => {
                let what = format!("the request for `{}`", wanted.subject.rfc2253());
                pki.left_out.push(LeftOut::new(place, what, why));
            }
        }
    }
    // Hosts before clients, as everywhere.
    pki.entries.sort_by_key(|entry| match entry.holder {
        Holder::Authority(_) => 0,
        Holder::Host(_) => 1,
        Holder::Client(_) => 2,
    });
}

/// Whether a certificate with this subject is here: the request is answered.
fn is_known(case: Case<'_>, wanted: &Wanted) -> bool {
    case.found.certificates.values().any(|found| {
        let mut own = found.certificate.subject.attributes();
        let mut asked = wanted.subject.attributes();
        for attributes in [&mut own, &mut asked] {
            attributes.sort_by(|a, b| (&a.oid, &a.value).cmp(&(&b.oid, &b.value)));
        }
        own == asked
    })
}

/// The kind of key that a request asks for, if mtlsgen makes it.
pub(super) fn key_kind(wanted: &Wanted) -> Option<KeyKind> {
    match (wanted.algorithm.as_str(), wanted.size) {
        ("ecdsa", 0 | 256) => Some(KeyKind::EcdsaP256),
        ("ecdsa", 384) => Some(KeyKind::EcdsaP384),
        ("rsa", 0 | 2048) => Some(KeyKind::Rsa2048),
        ("rsa", 3072) => Some(KeyKind::Rsa3072),
        ("rsa", 4096) => Some(KeyKind::Rsa4096),
        ("ed25519", _) => Some(KeyKind::Ed25519),
        _ => None,
    }
}

fn entry(case: Case<'_>, pki: &Pki, place: &Place, wanted: &Wanted) -> Result<Entry, String> {
    if wanted.is_authority {
        return Err(
            "it asks for an authority, whose certificate is not here: declare it under `cas`"
                .to_owned(),
        );
    }
    if key_kind(wanted).is_none() {
        return Err(format!(
            "mtlsgen makes no {} keys of {} bits: it makes ECDSA of 256 or 384, RSA of 2048, 3072 or 4096, and Ed25519",
            wanted.algorithm, wanted.size
        ));
    }
    let issuer = issuer(case, pki)?;
    let host = wanted.dns.iter().find_map(|name| name.parse::<HostName>().ok());
    let (profile, is_host) = profile(case, place, host.is_some())?;
    let holder = match host.filter(|_| is_host) {
        Some(host) => Holder::Host(host.to_string()),
        None => Holder::Client(client_name(place, wanted)),
    };
    if pki.entries.iter().any(|entry| entry.holder == holder) {
        return Err(format!("there is a certificate of {holder} already"));
    }
    Ok(Entry {
        holder,
        source: Source::Issued(Issuer::Authority(issuer)),
        certificate: None,
        above: Vec::new(),
        wanted: Some(wanted.clone()),
        has_key: false,
        csr: None,
        in_spec: true,
        older: Vec::new(),
        secret: None,
        place: place.clone(),
        duration: profile.expiry,
        renew_before: None,
        lists: Vec::new(),
    })
}

fn client_name(place: &Place, wanted: &Wanted) -> String {
    let wishes = [wanted.common_name.as_str(), place.stem()];
    wishes.into_iter().find(|name| names::is_free_name(name)).unwrap_or("client").to_owned()
}

/// The authority that was named, or the only one with a key that has none below it.
fn issuer(case: Case<'_>, pki: &Pki) -> Result<String, String> {
    let signs = |entry: &&Entry| matches!(entry.holder, Holder::Authority(_)) && entry.has_key;
    let signers: Vec<&str> =
        pki.entries.iter().filter(signs).map(|entry| entry.holder.name()).collect();
    if let Some(named) = &case.options.issuer {
        if signers.contains(&named.as_str()) {
            return Ok(named.clone());
        }
        return Err(format!("there is no authority `{named}` with its key: {}", offered(&signers)));
    }
    let is_above = |name: &&str| {
        let below = Source::Issued(Issuer::Authority((*name).to_owned()));
        let authority = |entry: &&Entry| matches!(entry.holder, Holder::Authority(_));
        pki.entries.iter().filter(authority).any(|entry| entry.source == below)
    };
    let lowest: Vec<&str> = signers.iter().copied().filter(|name| !is_above(name)).collect();
    match lowest.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => Err("no authority with its key is here that could sign it".to_owned()),
        several => Err(format!(
            "several authorities could sign it: say which with `--issuer`: {}",
            offered(several)
        )),
    }
}

fn offered(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "there is none".to_owned() } else { names.join(", ") }
}

/// The profile that was named, or the only one for such a certificate; and whether it makes a host's.
fn profile<'a>(
    case: Case<'a>,
    place: &Place,
    has_host: bool,
) -> Result<(&'a Profile, bool), String> {
    let all = || case.found.profiles.iter().flat_map(|(_, profiles)| profiles);
    let called = |name: &str| {
        all().find(|(own, _)| own.as_deref() == Some(name)).map(|(_, profile)| profile)
    };
    let is_host = |profile: &Profile| has_host && profile.server;
    if let Some(name) = &case.options.profile {
        let profile = called(name).ok_or_else(|| format!("there is no profile `{name}`"))?;
        return Ok((profile, is_host(profile)));
    }
    if let Some(profile) = called(place.stem()).filter(|profile| !profile.is_authority) {
        return Ok((profile, is_host(profile)));
    }
    let fits = |profile: &Profile| {
        !profile.is_authority && if has_host { profile.server } else { profile.client }
    };
    let named: Vec<_> = all().filter(|(name, profile)| name.is_some() && fits(profile)).collect();
    let exact: Vec<_> =
        named.iter().copied().filter(|(_, profile)| profile.server != profile.client).collect();
    let chosen = if exact.is_empty() { named } else { exact };
    match chosen.as_slice() {
        [(_, profile)] => Ok((profile, is_host(profile))),
        [] => match all().find(|(name, profile)| name.is_none() && fits(profile)) {
            Some((_, profile)) => Ok((profile, is_host(profile))),
            None => {
                Err("no profile for it is here: name the file `ca-config.json` as well".to_owned())
            }
        },
        several => {
            let offers: Vec<&str> =
                several.iter().filter_map(|(name, _)| name.as_deref()).collect();
            Err(format!("several profiles fit: say which with `--profile`: {}", offered(&offers)))
        }
    }
}
