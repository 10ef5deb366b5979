//! What Go reads of extensions (`processExtensions`).

use super::super::input::{Input, has_whole_parts, tag};
use super::names::{is_domain, is_mailbox};
use super::{Extension, Unread, uri};

/// Reads the value of an extension, all of it or what Go looks at.
type Reader = fn(Input<'_>) -> Option<()>;

/// Extensions that Go reads or ignores as a whole: identifier, name, reader, and Go's words if that fails.
const SHAPES: [(&str, &str, Reader, &str); 11] = [
    ("2.5.29.14", "subjectKeyIdentifier", octets, "invalid subject key identifier"),
    ("2.5.29.15", "keyUsage", bits, "invalid key usage"),
    ("2.5.29.19", "basicConstraints", basic_constraints, "invalid basic constraints"),
    ("2.5.29.31", "cRLDistributionPoints", distribution_points, "invalid CRL distribution point"),
    ("2.5.29.32", "certificatePolicies", policies, "invalid certificate policies"),
    ("2.5.29.33", "policyMappings", policy_mappings, "invalid policy mappings extension"),
    ("2.5.29.35", "authorityKeyIdentifier", authority_key, "invalid authority key identifier"),
    ("2.5.29.36", "policyConstraints", policy_constraints, "invalid policy constraints extension"),
    ("2.5.29.37", "extendedKeyUsage", purposes, "invalid extended key usages"),
    ("2.5.29.54", "inhibitAnyPolicy", small_integer, "invalid inhibit any policy extension"),
    ("1.3.6.1.5.5.7.1.1", "authorityInfoAccess", access, "invalid authority info access"),
];

/// Extensions that must not be critical, with Go's words.
const NEVER_CRITICAL: [(&str, &str); 3] = [
    ("2.5.29.14", "subject key identifier incorrectly marked critical"),
    ("2.5.29.35", "authority key identifier incorrectly marked critical"),
    ("1.3.6.1.5.5.7.1.1", "authority info access incorrectly marked critical"),
];

/// One extension of a certificate.
pub(super) fn judge(extension: &Extension<'_>) -> Result<(), Unread> {
    let Extension { identifier, value, critical } = extension;
    let never = NEVER_CRITICAL.into_iter().find(|(never, _)| *critical && never == identifier);
    if let Some((_, words)) = never {
        return Err(Unread::new(
            format!("has the extension {identifier} as a critical one"),
            words,
        ));
    }
    match identifier.as_str() {
        "2.5.29.17" => return alternative_names(*value),
        "2.5.29.30" => return name_constraints(*value),
        _ => {}
    }
    let known = SHAPES.into_iter().find(|(known, ..)| known == identifier);
    match known {
        Some((_, name, read, words)) if read(*value).is_none() => {
            Err(Unread::new(format!("has a malformed {name} (extension {identifier})"), words))
        }
        _ => Ok(()),
    }
}

fn octets(mut value: Input<'_>) -> Option<()> {
    value.element(tag::OCTET_STRING).map(drop)
}

fn bits(mut value: Input<'_>) -> Option<()> {
    value.bits().map(drop)
}

fn small_integer(mut value: Input<'_>) -> Option<()> {
    value.small_integer(tag::INTEGER).map(drop)
}

fn basic_constraints(mut value: Input<'_>) -> Option<()> {
    let mut fields = value.element(tag::SEQUENCE)?;
    if fields.begins_with(tag::BOOLEAN) {
        fields.boolean()?;
    }
    if fields.begins_with(tag::INTEGER) {
        // An `int` that is not negative.
        fields.small_integer(tag::INTEGER).filter(|octets| octets[0] & 0x80 == 0)?;
    }
    Some(())
}

/// Reads the elements of a SEQUENCE one after the other.
fn each(mut value: Input<'_>, mut read: impl FnMut(&mut Input<'_>) -> Option<()>) -> Option<()> {
    let mut elements = value.element(tag::SEQUENCE)?;
    while !elements.is_empty() {
        read(&mut elements)?;
    }
    Some(())
}

fn distribution_points(value: Input<'_>) -> Option<()> {
    each(value, |points| {
        let mut point = points.element(tag::SEQUENCE)?;
        if !point.begins_with(tag::outer(0)) {
            return Some(());
        }
        let mut full = point.element(tag::outer(0))?.element(tag::outer(0))?;
        while full.begins_with(tag::own(6)) {
            full.element(tag::own(6))?;
        }
        Some(())
    })
}

/// Each policy once.
fn policies(mut value: Input<'_>) -> Option<()> {
    let mut policies = value.element(tag::SEQUENCE)?;
    let mut seen = Vec::new();
    while !policies.is_empty() {
        let Input(policy) = policies.element(tag::SEQUENCE)?.element(tag::OBJECT_IDENTIFIER)?;
        if seen.contains(&policy) || !has_whole_parts(policy) {
            return None;
        }
        seen.push(policy);
    }
    Some(())
}

fn policy_mappings(value: Input<'_>) -> Option<()> {
    each(value, |mappings| {
        let mut mapping = mappings.element(tag::SEQUENCE)?;
        mapping.element(tag::OBJECT_IDENTIFIER)?;
        mapping.element(tag::OBJECT_IDENTIFIER).map(drop)
    })
}

pub(super) fn authority_key(mut value: Input<'_>) -> Option<()> {
    value.element(tag::SEQUENCE)?.optional(tag::own(0)).map(drop)
}

fn policy_constraints(mut value: Input<'_>) -> Option<()> {
    let mut fields = value.element(tag::SEQUENCE)?;
    for tag in [tag::own(0), tag::own(1)] {
        if fields.begins_with(tag) {
            fields.small_integer(tag)?;
        }
    }
    Some(())
}

fn purposes(value: Input<'_>) -> Option<()> {
    each(value, |purposes| purposes.object_identifier().map(drop))
}

fn access(value: Input<'_>) -> Option<()> {
    each(value, |places| {
        let mut place = places.element(tag::SEQUENCE)?;
        place.object_identifier()?;
        place.optional(tag::own(6)).map(drop)
    })
}

/// `parseSANExtension`.
fn alternative_names(mut value: Input<'_>) -> Result<(), Unread> {
    let refused = |what: &str, words| Unread::new(format!("has a subjectAltName {what}"), words);
    let damaged = || refused("that is damaged", "invalid subject alternative name");
    let mut names = value.element(tag::SEQUENCE).ok_or_else(damaged)?;
    while !names.is_empty() {
        let (kind, Input(name)) = names.any().ok_or_else(damaged)?;
        // Go goes by the number alone.
        let (words, what) = match kind ^ 0x80 {
            1 if !name.is_ascii() => ("SAN rfc822Name is malformed", "with an e-mail address"),
            2 if !name.is_ascii() => ("SAN dNSName is malformed", "with a DNS name"),
            6 if !name.is_ascii() => ("SAN uniformResourceIdentifier is malformed", "with a URI"),
            6 => match uri::problem(name) {
                Some(words) => {
                    let what = format!("with the URI `{}`, which is malformed", shown(name));
                    return Err(refused(&what, words));
                }
                None => continue,
            },
            7 if !matches!(name.len(), 4 | 16) => {
                let what = format!("with an IP address of {} octets", name.len());
                return Err(refused(&what, "cannot parse IP address of length"));
            }
            _ => continue,
        };
        return Err(refused(&format!("{what} that is not in ASCII"), words));
    }
    Ok(())
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// `parseNameConstraintsExtension`.
fn name_constraints(mut value: Input<'_>) -> Result<(), Unread> {
    let refused = |what: &str, words| Unread::new(format!("has nameConstraints {what}"), words);
    let damaged = || refused("that are damaged", "invalid NameConstraints extension");
    let mut fields = value.element(tag::SEQUENCE).ok_or_else(damaged)?;
    let permitted = fields.optional(tag::outer(0)).ok_or_else(damaged)?;
    let excluded = fields.optional(tag::outer(1)).ok_or_else(damaged)?;
    if !value.is_empty() || !fields.is_empty() {
        return Err(damaged());
    }
    if permitted.is_empty() && excluded.is_empty() {
        return Err(refused("without a subtree", "empty name constraints extension"));
    }
    for mut trees in [permitted, excluded] {
        while !trees.is_empty() {
            let tree = trees.element(tag::SEQUENCE).and_then(|mut tree| tree.any());
            let (kind, Input(name)) = tree.ok_or_else(damaged)?;
            if let Some((kind, words)) = wrong_subtree(kind, name) {
                let what = format!("with a malformed subtree of the kind {kind}");
                return Err(refused(&what, words));
            }
        }
    }
    Ok(())
}

/// Kind of a subtree that Go does not take, and Go's words.
pub(super) fn wrong_subtree(kind: u8, name: &[u8]) -> Option<(String, &'static str)> {
    let named = |kind: &str| format!("{kind} (`{}`)", shown(name));
    let is_text = matches!(kind, 0x81 | 0x82 | 0x86);
    if is_text && !name.is_ascii() {
        return Some((named("e-mail, DNS or URI"), "invalid constraint value"));
    }
    match kind {
        0x82 if !is_domain(name, true) => {
            Some((named("DNS"), "failed to parse dnsName constraint"))
        }
        0x81 => {
            let is_right =
                if name.contains(&b'@') { is_mailbox(name) } else { is_domain(name, true) };
            (!is_right).then(|| (named("e-mail"), "failed to parse rfc822Name constraint"))
        }
        0x86 => {
            let is_address = std::str::from_utf8(name)
                .is_ok_and(|text| text.parse::<std::net::IpAddr>().is_ok());
            (is_address || !is_domain(name, true))
                .then(|| (named("URI"), "failed to parse URI constraint"))
        }
        0x87 => {
            let (_, mask) = name.split_at(name.len() / 2);
            let zeros = mask.iter().position(|octet| *octet != 0xff).unwrap_or(mask.len());
            let is_mask = mask[zeros..].iter().enumerate().all(|(at, octet)| {
                *octet == 0 || at == 0 && octet.leading_ones() + octet.trailing_zeros() == 8
            });
            match name.len() {
                8 | 32 if is_mask => None,
                8 | 32 => Some((
                    "IP (its mask has gaps)".to_owned(),
                    "IP constraint contained invalid mask",
                )),
                length => Some((
                    format!("IP (it has {length} octets)"),
                    "IP constraint contained value of length",
                )),
            }
        }
        _ => None,
    }
}
