//! Leaves: hosts and clients, of each holder the newest certificate that works, and the older ones.

use std::collections::{BTreeMap, BTreeSet};

use super::authorities::{Authority, is_self_signed_server};
use super::role::{Role, is_guessed, role};
use super::{Case, Entry, Pki, Source, described};
use crate::import::found::LeftOut;
use crate::import::names::{self, Names};
use crate::pki::certificate::Certificate;
use crate::pki::certificate::details::PublicKey;
use crate::pki::chain;
use crate::pki::crl::RevocationList;
use crate::pki::key::KeyKind;
use crate::pki::request::{Holder, Issuer, SerialNumber};

/// Who signed a leaf.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Signer {
    Itself,
    /// An authority that has an entry.
    Ours(String),
    /// An issuer whose certificate is not here, or is not taken over.
    Stranger,
}

/// Serials by authority.
type Revoked = BTreeMap<String, BTreeSet<SerialNumber>>;

/// What certificates of one holder have in common.
type Key = (bool, String);

struct Leaf<'a> {
    certificate: &'a Certificate,
    signer: Signer,
}

/// Adds entries for all leaves.
pub(super) fn judge(case: Case<'_>, authorities: &[Authority<'_>], pki: &mut Pki) {
    let mut groups: BTreeMap<Key, (Role, Vec<Leaf<'_>>)> = BTreeMap::new();
    for found in case.found.certificates.values() {
        let certificate = &found.certificate;
        if certificate.is_authority && !is_self_signed_server(case, certificate) {
            continue;
        }
        if is_left_to_cert_manager(case, certificate) {
            continue;
        }
        weak(case, certificate, pki);
        let signer = signer(authorities, certificate);
        match role(case, certificate) {
            Ok(role) => {
                let key = key(&role, certificate, &signer);
                let group = groups.entry(key).or_insert_with(|| (role, Vec::new()));
                group.1.push(Leaf { certificate, signer });
            }
            Err(why) => pki.left_out.push(left_out(case, certificate, why)),
        }
    }
    let revoked = revoked(pki);
    let mut names = (Names::default(), Names::default());
    let (hosts, clients): (Vec<_>, Vec<_>) =
        groups.into_values().partition(|(role, _)| matches!(role, Role::Host(_)));
    for (role, leaves) in hosts.into_iter().chain(clients) {
        let leaves = newest_first(case, &revoked, leaves);
        let holder = match &role {
            Role::Host(host) => Holder::Host(names.0.give(host.as_str())),
            Role::Client => {
                let places = leaves.iter().flat_map(|leaf| case.places(leaf.certificate));
                let places = places.collect::<Vec<_>>().into_iter();
                Holder::Client(names.1.give(&names::client(leaves[0].certificate, places)))
            }
        };
        match entry(case, authorities, &revoked, holder, &leaves, pki) {
            Ok(entry) => pki.entries.push(entry),
            Err(reason) => pki.left_out.push(reason),
        }
    }
}

/// Whether cert-manager fills the Secret that it is in: the entry of the host names the issuer.
fn is_left_to_cert_manager(case: Case<'_>, certificate: &Certificate) -> bool {
    let is_left = |secret| case.sites.iter().any(|site| site.leaves_to_cert_manager(secret));
    case.secrets(certificate).any(is_left)
}

fn left_out(case: Case<'_>, certificate: &Certificate, why: impl Into<String>) -> LeftOut {
    LeftOut::new(
        &case.place(certificate),
        format!("the certificate {}", described(certificate)),
        why,
    )
}

fn signer(authorities: &[Authority<'_>], certificate: &Certificate) -> Signer {
    if certificate.is_self_signed() {
        return Signer::Itself;
    }
    let signed = |one: &&Authority<'_>| one.name.is_some() && one.signed(certificate);
    let name = authorities.iter().find(signed).and_then(|one| one.name.clone());
    name.map_or(Signer::Stranger, Signer::Ours)
}

/// A host is who it is by its name; a client by its issuer, subject and names.
fn key(role: &Role, certificate: &Certificate, signer: &Signer) -> Key {
    match role {
        Role::Host(host) => (false, host.to_string()),
        Role::Client => {
            (true, format!("{signer:?} {} {:?}", certificate.subject.rfc2253(), certificate.names))
        }
    }
}

/// What is revoked, by the lists of others as well.
fn revoked(pki: &Pki) -> Revoked {
    let mut revoked = Revoked::new();
    for new in &pki.revocations {
        revoked.entry(new.authority.clone()).or_default().insert(new.serial.clone());
    }
    for entry in &pki.entries {
        let own =
            |list: &&RevocationList| entry.certificate.as_ref().is_some_and(|c| list.names(c));
        let serials = entry.lists.iter().filter(own).flat_map(|list| list.revoked.keys().cloned());
        revoked.entry(entry.holder.name().to_owned()).or_default().extend(serials);
    }
    revoked
}

/// What works before what does not, what has its key before what has not, the newest first.
fn newest_first<'a>(case: Case<'_>, revoked: &Revoked, mut leaves: Vec<Leaf<'a>>) -> Vec<Leaf<'a>> {
    let rank = |leaf: &Leaf<'_>| {
        (
            over(case, revoked, leaf).is_none(),
            case.has_key(leaf.certificate),
            leaf.certificate.not_before,
        )
    };
    leaves.sort_by_key(|leaf| std::cmp::Reverse(rank(leaf)));
    leaves
}

/// The issuer in the words of a spec, if the authority is one that can sign there.
fn issuer(pki: &Pki, signer: &Signer) -> Option<Issuer> {
    match signer {
        Signer::Itself => Some(Issuer::SelfSigned),
        Signer::Ours(name) if pki.authority(name)?.can_sign() => {
            Some(Issuer::Authority(name.clone()))
        }
        Signer::Ours(_) | Signer::Stranger => None,
    }
}

fn entry(
    case: Case<'_>,
    authorities: &[Authority<'_>],
    revoked: &Revoked,
    holder: Holder,
    leaves: &[Leaf<'_>],
    pki: &mut Pki,
) -> Result<Entry, LeftOut> {
    let own = leaves[0].certificate;
    let unsayable = case.unsayable(&holder, own);
    let source = source(case, authorities, pki, &holder, &leaves[0], unsayable.is_some());
    let source = source.map_err(|why| left_out(case, own, why))?;
    let over = over(case, revoked, &leaves[0]);
    if let (Some(over), Source::Supplied) = (&over, &source) {
        return Err(left_out(case, own, format!("it {over}")));
    }
    let mut entry = Entry::of(case, holder, source, own);
    entry.secret = case.secret(own, "tls.crt");
    if let Some(site) = case.served_host(own) {
        entry.secret = case.secrets(own).find(|secret| site.has_certificate_in(secret)).cloned();
    }
    entry.older = leaves[1..]
        .iter()
        .map(|leaf| (leaf, leaf.certificate))
        .filter(|(_, one)| !case.is_over(one) && super::unstorable(one).is_none())
        .filter_map(|(leaf, one)| Some((issuer(pki, &leaf.signer)?, one.clone())))
        .collect();
    if let Some(over) = over {
        entry.in_spec = false;
        pki.notes.push(format!(
            "{}: its certificate {over}; the store remembers it, the spec has no entry",
            entry.holder
        ));
    } else if entry.source == Source::Supplied {
        supplied(case, authorities, &mut entry, unsayable, pki);
    } else if let Some(why) = unsayable {
        entry.in_spec = false;
        pki.left_out.push(left_out(case, own, format!("no entry of a spec describes it: {why}; the store remembers it, so that it can be revoked")));
    } else {
        let keeps_key = matches!(entry.holder, Holder::Client(_)) && !entry.has_key;
        if keeps_key && case.forms.names_request(&entry.holder) {
            entry.csr = case.found.requests.get(&own.spki_hash).cloned();
        }
        report(&entry, pki);
    }
    if matches!(entry.holder, Holder::Host(_)) && is_guessed(case, own) {
        pki.notes.push(guess(&entry, own));
    }
    Ok(entry)
}

/// What a certificate without a DNS name is taken for, and how it is taken for something else.
fn guess(entry: &Entry, own: &Certificate) -> String {
    let (flag, other) =
        if own.is_authority { ("--authority", "authority") } else { ("--client", "client") };
    let name = own.subject.common_names().pop().unwrap_or_default();
    format!(
        "{}: its certificate has the name in the common name alone: it is taken for a server's; `{flag} {name}` takes it for that of {} {other}",
        entry.holder,
        if own.is_authority { "an" } else { "a" },
    )
}

/// Where the certificate comes from in a spec.
///
/// # Errors
/// Why it can come from nowhere.
fn source(
    case: Case<'_>,
    authorities: &[Authority<'_>],
    pki: &Pki,
    holder: &Holder,
    leaf: &Leaf<'_>,
    is_unsayable: bool,
) -> Result<Source, String> {
    let own = leaf.certificate;
    let issuer = issuer(pki, &leaf.signer);
    if !matches!(holder, Holder::Host(_)) {
        return match issuer {
            Some(Issuer::SelfSigned) => {
                Err("it is self-signed, and no host could trust its authority".to_owned())
            }
            Some(issuer) => super::unstorable(own).map_or(Ok(Source::Issued(issuer)), Err),
            None => Err(format!(
                "{}, so it could not be renewed{}",
                no_issuer(authorities, pki, own),
                match &leaf.signer {
                    Signer::Ours(name) if pki.authority(name).is_some() => {
                        "; hosts can still trust that authority"
                    }
                    _ => "",
                }
            )),
        };
    }
    if let Some(why) = case.forms.refused(holder) {
        return Err(why.to_owned());
    }
    match too_short(own) {
        _ if case.has_key(own) => {}
        Some(key) => {
            return Err(format!(
                "its key is too short ({key}) to be used: have `render` issue another one"
            ));
        }
        None => {
            return Err("its private key is not here, and a server needs it".to_owned());
        }
    }
    Ok(match issuer {
        Some(issuer) if !is_unsayable && !own.is_authority => Source::Issued(issuer),
        _ => Source::Supplied,
    })
}

/// Why nothing here can sign the next certificate.
fn no_issuer(authorities: &[Authority<'_>], pki: &Pki, own: &Certificate) -> String {
    let issuer = own.issuer.rfc2253();
    let is_taken_over =
        |one: &Authority<'_>| one.name.as_deref().is_some_and(|name| pki.authority(name).is_some());
    let mut signers = authorities.iter().filter(|one| one.signed(own)).peekable();
    if signers.peek().is_some() && !signers.any(is_taken_over) {
        return format!("its issuer `{issuer}` is not taken over");
    }
    format!("the private key of its issuer `{issuer}` is not here")
}

/// Why a certificate does not work any more, as the end of a sentence.
fn over(case: Case<'_>, revoked: &Revoked, leaf: &Leaf<'_>) -> Option<String> {
    let own = leaf.certificate;
    if case.is_over(own) {
        return Some(format!("expired at {}", own.not_after));
    }
    let Signer::Ours(name) = &leaf.signer else { return None };
    let is_revoked = revoked.get(name).is_some_and(|serials| serials.contains(&own.serial));
    is_revoked.then(|| "is revoked".to_owned())
}

/// A certificate of a host that others renew: its chain as far as it is here.
fn supplied(
    case: Case<'_>,
    authorities: &[Authority<'_>],
    entry: &mut Entry,
    why: Option<String>,
    pki: &mut Pki,
) {
    let Some(own) = &entry.certificate else { return };
    let valid = authorities.iter().flat_map(|one| one.certificates.iter().copied());
    let pool: Vec<Certificate> = valid.filter(|one| !case.is_over(one)).cloned().collect();
    let chain = chain::order(own, &pool);
    entry.above = chain::served(&chain.certificates)[1..].iter().copied().cloned().collect();
    let why = why.unwrap_or_else(|| {
        if own.is_authority {
            "it is a self-signed authority certificate, which a server should not have".to_owned()
        } else {
            no_issuer(authorities, pki, own)
        }
    });
    pki.notes.push(format!(
        "{}: its certificate stays a file that you replace in time, before {}: {why}",
        entry.holder, own.not_after
    ));
}

fn report(entry: &Entry, pki: &mut Pki) {
    let Some(own) = &entry.certificate else { return };
    let purposes = own.extended_key_usage.as_deref().map_or(0, <[_]>::len);
    if purposes != 1 {
        pki.notes.push(format!(
            "{}: its certificate allows more uses than needed (extended key usage: {}); the next one does not",
            entry.holder,
            own.extended_key_usage.as_ref().map_or_else(
                || "everything".to_owned(),
                |all| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            )
        ));
    }
    let next = match (entry.has_key, &entry.csr) {
        (true, _) => return,
        (false, Some(_)) => {
            "its owner has the private key; the next certificate is for the same one, by the signing request that came along"
        }
        (false, None) => "its private key is not here; the next certificate has a new key",
    };
    pki.notes.push(format!("{}: {next}", entry.holder));
}

/// The key of a certificate, if it can be broken.
fn too_short(certificate: &Certificate) -> Option<PublicKey> {
    let key = certificate.details().public_key;
    let is_short = key.algorithm == "RSA" && key.size.is_some_and(|bits| bits < 2048);
    is_short.then_some(key)
}

/// Keys and signatures that are too weak by now; they work as long as the other side takes them.
fn weak(case: Case<'_>, certificate: &Certificate, pki: &mut Pki) {
    let signature = certificate.details().signature;
    let what = match too_short(certificate) {
        Some(key) => format!("its key is too short ({key})"),
        None if signature.is_weak => format!("its signature is weak ({})", signature.name),
        None => return,
    };
    let place = case.place(certificate);
    pki.notes.push(format!(
        "{place}: the certificate {}: {what}: replace it soon with one of {}",
        described(certificate),
        KeyKind::EcdsaP256
    ));
}
