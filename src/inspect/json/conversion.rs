//! From what was found to what is printed of it.

use super::{
    Certificate, Constraints, InspectedKey, List, Origin, Other, Revoked, Shown, State, Subtrees,
};
use crate::inspect::examination::{Examined, ExaminedKey, ExaminedList, Inspection};
use crate::inspect::item::{self, KeyFacts};
use crate::inspect::words;
use crate::pki::crl::RevokedEntry;
use crate::pki::request::{NameConstraints, SerialNumber, Subtree};
use crate::time::Timestamp;

impl<'a> Shown<'a> {
    /// Shows everything.
    #[must_use]
    pub fn of(inspection: &'a Inspection) -> Self {
        let Inspection { at, certificates, keys, revocation_lists, others, problems } = inspection;
        let certificates = certificates.iter().enumerate();
        let other =
            |(at, content): &'a (item::Origin, String)| Other { origin: at.into(), content };
        Self {
            time: *at,
            at: *at,
            certificates: certificates
                .map(|(at, one)| Certificate::of(inspection, at, one))
                .collect(),
            private_keys: keys.iter().map(InspectedKey::of).collect(),
            revocation_lists: revocation_lists.iter().map(|one| List::of(one, *at)).collect(),
            others: others.iter().map(other).collect(),
            problems,
        }
    }
}

impl<'a> From<&'a item::Origin> for Origin<'a> {
    fn from(item::Origin { file, object, key, line, friendly_name }: &'a item::Origin) -> Self {
        Self {
            path: file,
            file,
            object: object.as_deref(),
            key: key.as_deref(),
            line: *line,
            friendly_name: friendly_name.as_deref(),
        }
    }
}

/// Seconds until a time; negative once it is over.
fn remaining(until: Timestamp, now: Timestamp) -> i64 {
    until.unix() - now.unix()
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().concat()
}

impl<'a> Certificate<'a> {
    fn of(inspection: &'a Inspection, index: usize, one: &'a Examined) -> Self {
        let Examined {
            certificate: facts,
            details,
            origins,
            role,
            is_self_signed,
            issuer,
            problems,
        } = one;
        let bits = facts.key_usage.map(words::key_usages).unwrap_or_default();
        let purposes = facts.extended_key_usage.iter().flatten().map(words::purpose);
        let purposes: Vec<(String, String)> = purposes.collect();
        // cert-manager has one list for both extensions.
        let usages = bits.iter().map(|(_, usage)| (*usage).to_owned());
        let usages = usages.chain(purposes.iter().map(|(_, usage)| usage.clone())).collect();
        Self {
            origins: origins.iter().map(Origin::from).collect(),
            role: *role,
            version: details.version,
            subject: facts.subject.rfc2253(),
            common_name: facts.subject.common_names().into_iter().next(),
            issuer: facts.issuer.rfc2253(),
            serial: &facts.serial,
            serial_number: &facts.serial,
            not_before: facts.not_before,
            not_after: facts.not_after,
            remaining_seconds: remaining(facts.not_after, inspection.at),
            public_key: &details.public_key,
            signature_algorithm: &details.signature.name,
            is_authority: facts.is_authority,
            is_self_signed: *is_self_signed,
            issued_by: *issuer,
            has_private_key: inspection.keys.iter().any(|key| key.certificates.contains(&index)),
            path_len_constraint: facts.max_path_len,
            subject_key_identifier: facts.subject_key_id.as_deref().map(hexadecimal),
            authority_key_identifier: facts.authority_key_id.as_deref().map(hexadecimal),
            fingerprint_sha256: facts.fingerprint(),
            former_fingerprint: facts.fingerprint(),
            spki_sha256: facts.spki_hash,
            former_spki: facts.spki_hash,
            crl_distribution_points: &details.revocation_lists,
            ocsp_servers: &details.ocsp,
            issuing_certificate_urls: &details.issuer_certificates,
            critical_extensions: &details.critical,
            unknown_extensions: details.unknown.iter().map(|(oid, _)| oid.as_str()).collect(),
            dns_names: &facts.names.dns,
            ip_addresses: &facts.names.ip,
            email_addresses: &facts.names.email,
            uris: &facts.names.uri,
            other_names: &details.other_names,
            name_constraints: facts.name_constraints.as_ref().map(Constraints::from),
            key_usage: bits.iter().map(|(name, _)| *name).collect(),
            extended_key_usage: purposes.into_iter().map(|(name, _)| name).collect(),
            usages,
            problems,
        }
    }
}

impl From<&NameConstraints> for Constraints {
    fn from(NameConstraints { critical, permitted, excluded }: &NameConstraints) -> Self {
        let [permitted, excluded] = [permitted, excluded].map(|trees| Subtrees::of(trees));
        Self { critical: *critical, permitted, excluded }
    }
}

impl Subtrees {
    /// Each kind apart, in cert-manager's words; `None` where there are none.
    fn of(trees: &[Subtree]) -> Option<Self> {
        let mut names = Self::default();
        for tree in trees {
            match tree {
                Subtree::Dns(name) => names.dns_domains.push(name.clone()),
                Subtree::Ip { address, prefix } => {
                    names.ip_ranges.push(format!("{address}/{prefix}"));
                }
                Subtree::Email(name) => names.email_addresses.push(name.clone()),
                Subtree::Uri(name) => names.uri_domains.push(name.clone()),
                Subtree::Directory(name) => names.directory_names.push(name.rfc2253()),
                Subtree::Other(words) => names.other_names.push(words.clone()),
            }
        }
        (!trees.is_empty()).then_some(names)
    }
}

impl<'a> InspectedKey<'a> {
    fn of(ExaminedKey { origin, facts, certificates, problems }: &'a ExaminedKey) -> Self {
        let (state, reason, known) = match facts {
            KeyFacts::Known { kind, spki_hash } => {
                (State::Readable, None, Some((kind, *spki_hash)))
            }
            KeyFacts::Encrypted => (State::Encrypted, None, None),
            KeyFacts::Unknown(why) => (State::Unknown, Some(why.as_str()), None),
        };
        let spki_sha256 = known.map(|(_, spki_hash)| spki_hash);
        Self {
            origin: origin.into(),
            state,
            reason,
            public_key: known.map(|(kind, _)| kind),
            spki_sha256,
            former_spki: spki_sha256,
            certificates,
            problems,
        }
    }
}

impl<'a> List<'a> {
    fn of(
        ExaminedList { origin, list, issuer, problems }: &'a ExaminedList,
        now: Timestamp,
    ) -> Self {
        let revoked = |(serial, entry): (&'a SerialNumber, &RevokedEntry)| Revoked {
            serial,
            serial_number: serial,
            revocation_date: entry.at,
            reason: words::revocation_reason(entry.reason),
        };
        Self {
            origin: origin.into(),
            issuer: list.issuer.rfc2253(),
            signed_by: *issuer,
            crl_number: list.number.as_ref(),
            this_update: list.this_update,
            next_update: list.next_update,
            remaining_seconds: list.next_update.map(|next| remaining(next, now)),
            authority_key_identifier: list.authority_key_id.as_deref().map(hexadecimal),
            signature_algorithm: &list.signature.name,
            revoked_certificates: list.entries().into_iter().map(revoked).collect(),
            problems,
        }
    }
}
