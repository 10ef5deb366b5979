//! Judges what was found: which certificate signed which, which keys belong where, what a spec can say, what stays behind.

mod authorities;
mod forms;
mod leaves;
mod needs;
mod notes;
mod options;
mod requests;
mod revocations;
mod role;
mod served;

pub use forms::Forms;
pub use options::{Options, Said};

use std::collections::BTreeSet;

use super::cfssl::Wanted;
use super::found::{Found, LeftOut, Place, SecretName};
use super::sites::{self, Site};
use crate::pki::acceptance::{self, Refusal};
use crate::pki::certificate::Certificate;
use crate::pki::crl::RevocationList;
use crate::pki::key::{KeyKind, SpkiHash};
use crate::pki::name::DistinguishedName;
use crate::pki::request::{AlternativeNames, Holder, Issuer};
use crate::store::NewRevocation;
use crate::time::{Seconds, Timestamp};

/// Where a holder's certificate comes from, in the words of a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An entry describes it, and mtlsgen renews it.
    Issued(Issuer),
    /// A file; its issuer renews it.
    Supplied,
}

/// One holder.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Who.
    pub holder: Holder,
    /// Where the certificate comes from.
    pub source: Source,
    /// Its certificate; `None` for what a request asks for.
    pub certificate: Option<Certificate>,
    /// The certificates above it in a file of its own: issuers of a supplied certificate.
    pub above: Vec<Certificate>,
    /// What a request asks for.
    pub wanted: Option<Wanted>,
    /// Whether its key is at hand.
    pub has_key: bool,
    /// The signing request of a client whose key is its owner's alone, as PEM.
    pub csr: Option<String>,
    /// Whether it gets an entry; otherwise the store alone remembers it.
    pub in_spec: bool,
    /// Older certificates of the same holder, with who signed them.
    pub older: Vec<(Issuer, Certificate)>,
    /// The Secret that holds it.
    pub secret: Option<SecretName>,
    /// Where it was found.
    pub place: Place,
    /// Validity of the next one.
    pub duration: Option<Seconds>,
    /// How long before its end it is renewed, where the usual time is too long.
    pub renew_before: Option<Seconds>,
    /// Revocation lists that its owner made, of an external authority.
    pub lists: Vec<RevocationList>,
}

/// A foreign PKI as a spec and a store can hold it.
#[derive(Debug, Default)]
pub struct Pki {
    /// Holders: authorities first, each behind its issuer, then hosts, then clients.
    pub entries: Vec<Entry>,
    /// Hosts that Ingresses serve; some have an entry with their certificate.
    pub sites: Vec<Site>,
    /// What is revoked.
    pub revocations: Vec<NewRevocation>,
    /// The newest revocation list of each authority of ours.
    pub lists: Vec<(String, RevocationList)>,
    /// What stays behind.
    pub left_out: Vec<LeftOut>,
    /// What people should know.
    pub notes: Vec<String>,
}

/// What every step sees.
#[derive(Clone, Copy)]
struct Case<'a> {
    found: &'a Found,
    sites: &'a [Site],
    options: &'a Options,
    forms: &'a Forms,
    now: Timestamp,
}

/// Judges everything.
#[must_use]
pub fn judge(found: &Found, options: &Options, forms: &Forms, now: Timestamp) -> Pki {
    let sites = sites::sites(found);
    let case = Case { found, sites: &sites.all, options, forms, now };
    let mut pki =
        Pki { left_out: found.left_out.clone(), notes: found.notes.clone(), ..Pki::default() };
    pki.left_out.extend(sites.left_out);
    pki.notes.extend(sites.notes);
    let authorities = authorities::judge(case, &mut pki);
    revocations::judge(case, &authorities, &mut pki);
    leaves::judge(case, &authorities, &mut pki);
    requests::judge(case, &mut pki);
    pki.sites = served::judge(case, &mut pki);
    authorities::drop_mere_chain_members(case, &mut pki);
    unused_keys(case, &mut pki);
    not_begun(case, &mut pki);
    needs::mark(case, &mut pki);
    pki.left_out.sort();
    pki.left_out.dedup();
    pki
}

/// Certificates whose time has not come: they are kept, and work nowhere before.
fn not_begun(case: Case<'_>, pki: &mut Pki) {
    let begins = |entry: &Entry| Some(entry.certificate.as_ref()?.not_before);
    let early = pki.entries.iter().filter_map(|entry| {
        let begins = begins(entry).filter(|begins| *begins > case.now)?;
        let remedy = match entry.source {
            Source::Issued(_) => {
                format!("{} reissues it", Holder::command("cert renew", [&entry.holder]))
            }
            Source::Supplied => "get another one".to_owned(),
        };
        Some(format!(
            "{}: its certificate is valid from {begins} on; it is {} now: check the clock; if it is right, {remedy}",
            entry.holder, case.now
        ))
    });
    pki.notes.extend(early);
}

/// Keys to which no certificate belongs.
fn unused_keys(case: Case<'_>, pki: &mut Pki) {
    let used: BTreeSet<SpkiHash> =
        case.found.certificates.values().map(|found| found.certificate.spki_hash).collect();
    for (hash, (_, place)) in &case.found.keys {
        if !used.contains(hash) {
            let why = "no certificate that was found matches it";
            pki.left_out.push(LeftOut::new(place, "a private key", why));
        }
    }
}

impl Case<'_> {
    fn has_key(&self, certificate: &Certificate) -> bool {
        self.found.keys.contains_key(&certificate.spki_hash)
    }

    fn is_over(&self, certificate: &Certificate) -> bool {
        certificate.not_after < self.now
    }

    fn places(&self, certificate: &Certificate) -> impl Iterator<Item = &Place> + Clone {
        let found = self.found.certificates.get(&certificate.fingerprint());
        found.into_iter().flat_map(|found| &found.places)
    }

    /// Why no entry of a spec describes the certificate of this holder, if none does.
    fn unsayable(&self, holder: &Holder, certificate: &Certificate) -> Option<String> {
        let known = self.forms.unsayable(holder).map(str::to_owned);
        known.or_else(|| unstorable(certificate))
    }

    /// The place to name: copies under serials lie deeper or have longer names.
    fn place(&self, certificate: &Certificate) -> Place {
        let shortest = self.places(certificate).min_by_key(|place| (place.file.len(), *place));
        shortest.cloned().unwrap_or_default()
    }

    /// The Secret with this certificate under that key.
    fn secret(&self, certificate: &Certificate, key: &str) -> Option<SecretName> {
        let mut places = self.places(certificate);
        places.find(|place| place.key.as_deref() == Some(key)).and_then(|p| p.secret.clone())
    }

    /// The Secrets that hold this certificate for a server or a client.
    fn secrets(&self, certificate: &Certificate) -> impl Iterator<Item = &SecretName> {
        let places = self.places(certificate);
        let own = places.filter(|place| place.key.as_deref() == Some("tls.crt"));
        own.filter_map(|place| place.secret.as_ref())
    }

    /// The host whose Ingress names a Secret that holds this certificate; the first one, where several do.
    fn served_host(&self, certificate: &Certificate) -> Option<&Site> {
        let is_in =
            |site: &&Site| self.secrets(certificate).any(|secret| site.has_certificate_in(secret));
        self.sites.iter().find(is_in)
    }

    /// The Secret that holds this authority for those who trust it: beside `tls.crt` it is only the issuer's.
    fn trust_secret(&self, certificate: &Certificate) -> Option<SecretName> {
        let secret = self.secret(certificate, "ca.crt")?;
        let is_beside = |place: &Place| {
            place.secret.as_ref() == Some(&secret) && place.key.as_deref() == Some("tls.crt")
        };
        let mut all = self.found.certificates.values().flat_map(|found| &found.places);
        (!all.any(is_beside)).then_some(secret)
    }
}

impl Entry {
    fn of(case: Case<'_>, holder: Holder, source: Source, certificate: &Certificate) -> Self {
        let length = Seconds(certificate.not_after.since(certificate.not_before).0 + 1);
        Self {
            renew_before: case.forms.renewed_before(&holder),
            holder,
            source,
            certificate: Some(certificate.clone()),
            above: Vec::new(),
            wanted: None,
            has_key: case.has_key(certificate),
            csr: None,
            in_spec: true,
            older: Vec::new(),
            secret: None,
            place: case.place(certificate),
            duration: Some(length),
            lists: Vec::new(),
        }
    }

    /// Whether the spec has an entry of this host.
    #[must_use]
    pub fn is_host(&self) -> bool {
        self.in_spec && matches!(self.holder, Holder::Host(_))
    }

    /// Subject of the certificate, there or to be.
    #[must_use]
    pub fn subject(&self) -> DistinguishedName {
        let own = self.certificate.as_ref().map(|certificate| certificate.subject.clone());
        own.or_else(|| self.wanted.as_ref().map(|wanted| wanted.subject.clone()))
            .unwrap_or_default()
    }

    /// Names of the certificate, there or to be.
    #[must_use]
    pub fn names(&self) -> AlternativeNames {
        match (&self.certificate, &self.wanted) {
            (Some(certificate), _) => certificate.names.clone(),
            (None, Some(wanted)) => AlternativeNames {
                dns: wanted.dns.clone(),
                ip: wanted.ip.clone(),
                email: wanted.email.clone(),
                uri: wanted.uri.clone(),
            },
            (None, None) => AlternativeNames::default(),
        }
    }

    /// Kind of the key, there or to be.
    #[must_use]
    pub fn key_kind(&self) -> Option<KeyKind> {
        match (&self.certificate, &self.wanted) {
            (Some(certificate), _) => certificate.key_kind,
            (None, wanted) => wanted.as_ref().and_then(requests::key_kind),
        }
    }

    /// Why nginx refuses every client of an authority, and whose certificate is to blame: of those in its file. What is
    /// issued again in the end is judged by itself, as those above it are by themselves.
    #[must_use]
    pub fn refusal(&self) -> Option<(Certificate, Refusal)> {
        let chain: Vec<&Certificate> = self.certificate.iter().chain(&self.above).collect();
        let found = match (&self.source, chain.as_slice()) {
            (Source::Issued(issuer), [own, ..]) => {
                let is_root = *issuer == Issuer::SelfSigned;
                acceptance::refusal(own, is_root).map(|refusal| (*own, refusal))
            }
            _ => acceptance::refusal_of_chain(&chain),
        };
        found.map(|(blamed, refusal)| (blamed.clone(), refusal))
    }

    /// The authority of the spec that signs it.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        if let Source::Issued(Issuer::Authority(name)) = &self.source { Some(name) } else { None }
    }

    /// Whether mtlsgen can sign with it.
    #[must_use]
    pub fn can_sign(&self) -> bool {
        matches!(self.source, Source::Issued(_)) || self.has_key
    }
}

impl Pki {
    /// What Ingresses make of a host.
    #[must_use]
    pub fn site(&self, holder: &Holder) -> Option<&Site> {
        self.sites.iter().find(|site| matches!(holder, Holder::Host(name) if *name == site.host))
    }

    /// The entry of an authority.
    #[must_use]
    pub fn authority(&self, name: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| matches!(&entry.holder, Holder::Authority(own) if own == name))
    }
}

/// Why no ledger can hold a certificate (RFC 5280, section 4.1.2.2).
fn unstorable(certificate: &Certificate) -> Option<String> {
    let octets = &certificate.serial.0;
    let fits = !certificate.serial.is_negative()
        && (1..=20).contains(&octets.len())
        && octets.iter().any(|octet| *octet != 0);
    (!fits).then(|| {
        format!("its serial {} is not a positive number of 20 octets at most", certificate.serial)
    })
}

/// What an authority is called in messages.
fn described(certificate: &Certificate) -> String {
    let name = certificate.subject.rfc2253();
    if name.is_empty() { format!("serial {}", certificate.serial) } else { format!("`{name}`") }
}
