//! Extensions of RFC 3779 (addresses and numbers of networks), as far as it takes to see that OpenSSL reads them.

use super::input::{Input, tag};

/// Whether it is an extension of RFC 3779 that OpenSSL does not read, by its identifier and its value.
#[must_use]
pub fn is_malformed(identifier: &str, value: &[u8]) -> bool {
    let read = match identifier {
        "1.3.6.1.5.5.7.1.7" => addresses,
        "1.3.6.1.5.5.7.1.8" => systems,
        _ => return false,
    };
    read(Input(value)).is_none()
}

/// `IPAddrBlocks` (section 2.2.3.1): for each family of addresses, what it has.
fn addresses(mut value: Input<'_>) -> Option<()> {
    let mut families = value.element(tag::SEQUENCE)?;
    while !families.is_empty() {
        let mut family = families.element(tag::SEQUENCE)?;
        family.element(tag::OCTET_STRING)?;
        choice(&mut family, tag::BIT_STRING)?;
    }
    Some(())
}

/// `ASIdentifiers` (section 3.2.3.1): numbers, and routing domains.
fn systems(mut value: Input<'_>) -> Option<()> {
    let mut kinds = value.element(tag::SEQUENCE)?;
    for number in [0, 1] {
        if kinds.begins_with(tag::outer(number)) {
            choice(&mut kinds.element(tag::outer(number))?, tag::INTEGER)?;
        }
    }
    kinds.is_empty().then_some(())
}

/// NULL, which stands for what the issuer has, or a list of single values and ranges.
fn choice(input: &mut Input<'_>, kind: u8) -> Option<()> {
    if input.begins_with(tag::NULL) {
        return input.element(tag::NULL).map(drop);
    }
    let mut all = input.element(tag::SEQUENCE)?;
    while !all.is_empty() {
        if all.begins_with(kind) {
            all.element(kind)?;
        } else {
            let mut range = all.element(tag::SEQUENCE)?;
            range.element(kind)?;
            range.element(kind)?;
        }
    }
    Some(())
}
