//! Extensions that OpenSSL reads of every certificate (`ossl_x509v3_cache_extensions`), as far as the library or Go takes
//! what OpenSSL does not.

use super::input::{Input, tag};
use crate::pki::name::DistinguishedName;

/// Whether it is an extension that OpenSSL does not read, by its identifier and its value.
#[must_use]
pub fn is_malformed(identifier: &str, value: &[u8]) -> bool {
    let read = match identifier {
        "2.5.29.17" => alternative_names,
        "2.5.29.30" => name_constraints,
        "2.5.29.35" => authority_key,
        "1.3.6.1.5.5.7.1.7" => addresses,
        "1.3.6.1.5.5.7.1.8" => systems,
        _ => return false,
    };
    read(Input(value)).is_none()
}

fn alternative_names(mut value: Input<'_>) -> Option<()> {
    general_names(value.element(tag::SEQUENCE)?)
}

fn general_names(mut names: Input<'_>) -> Option<()> {
    while !names.is_empty() {
        general_name(&mut names)?;
    }
    Some(())
}

/// One of the nine kinds of `GeneralName` (RFC 5280, section 4.2.1.6); what strings hold is not looked at.
fn general_name(names: &mut Input<'_>) -> Option<()> {
    let (kind, mut name) = names.any()?;
    match kind {
        0xa0 => {
            name.element(tag::OBJECT_IDENTIFIER)?;
            name.element(tag::outer(0)).filter(|_| name.is_empty()).map(drop)
        }
        0xa4 => DistinguishedName::from_der(name.0).ok().map(drop),
        0x81 | 0x82 | 0x86..=0x88 | 0xa3 | 0xa5 => Some(()),
        _ => None,
    }
}

fn name_constraints(mut value: Input<'_>) -> Option<()> {
    let mut fields = value.element(tag::SEQUENCE)?;
    for number in [0, 1] {
        let mut trees = fields.optional(tag::outer(number))?;
        while !trees.is_empty() {
            general_name(&mut trees.element(tag::SEQUENCE)?)?;
        }
    }
    fields.is_empty().then_some(())
}

/// `AuthorityKeyIdentifier` (RFC 5280, section 4.2.1.1).
fn authority_key(mut value: Input<'_>) -> Option<()> {
    let mut fields = value.element(tag::SEQUENCE)?;
    fields.optional(tag::own(0))?;
    general_names(fields.optional(tag::outer(1))?)?;
    fields.optional(tag::own(2))?;
    fields.is_empty().then_some(())
}

/// `IPAddrBlocks` (RFC 3779, section 2.2.3.1): for each family of addresses, what it has.
fn addresses(mut value: Input<'_>) -> Option<()> {
    let mut families = value.element(tag::SEQUENCE)?;
    while !families.is_empty() {
        let mut family = families.element(tag::SEQUENCE)?;
        family.element(tag::OCTET_STRING)?;
        choice(&mut family, tag::BIT_STRING)?;
    }
    Some(())
}

/// `ASIdentifiers` (RFC 3779, section 3.2.3.1): numbers, and routing domains.
fn systems(mut value: Input<'_>) -> Option<()> {
    let mut kinds = value.element(tag::SEQUENCE)?;
    for number in [0, 1] {
        if kinds.begins_with(tag::outer(number)) {
            choice(&mut kinds.element(tag::outer(number))?, tag::INTEGER)?;
        }
    }
    kinds.is_empty().then_some(())
}

/// NULL, which means the issuer's value, or a list of single values and ranges.
fn choice(input: &mut Input<'_>, kind: u8) -> Option<()> {
    if input.begins_with(tag::NULL) {
        return input.element(tag::NULL).map(drop);
    }
    let mut all = input.element(tag::SEQUENCE)?;
    while !all.is_empty() {
        if all.begins_with(kind) {
            single(&mut all, kind)?;
        } else {
            let mut range = all.element(tag::SEQUENCE)?;
            single(&mut range, kind)?;
            single(&mut range, kind)?;
        }
    }
    Some(())
}

/// A number, or the first bits of an address.
fn single(input: &mut Input<'_>, kind: u8) -> Option<()> {
    let first = input.element(kind)?.0.first();
    first.filter(|unused| kind != tag::BIT_STRING || **unused < 8).map(drop)
}
