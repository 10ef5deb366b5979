//! Names and texts that Go reads, or does not.

use super::super::input::{Input, tag};
use super::Unread;

/// A Name (`parseName`).
pub(super) fn distinguished(mut name: Input<'_>, whose: &str) -> Result<(), Unread> {
    let refused = |what: &str, words| Unread::new(format!("names its {whose} {what}"), words);
    let damaged = || refused("in a damaged form", "invalid RDNSequence");
    let mut sets = name.element(tag::SEQUENCE).ok_or_else(damaged)?;
    while !sets.is_empty() {
        let mut set = sets.element(tag::SET).ok_or_else(damaged)?;
        while !set.is_empty() {
            let mut pair = set.element(tag::SEQUENCE).ok_or_else(damaged)?;
            pair.object_identifier().ok_or_else(|| {
                refused("with an attribute of an unusual type", "invalid attribute type")
            })?;
            let (kind, Input(value)) = pair.any().ok_or_else(damaged)?;
            if let Some((kind, words)) = wrong_string(kind, value) {
                return Err(refused(
                    &format!("with a {kind} that contains characters it may not"),
                    words,
                ));
            } else if !STRINGS.contains(&kind) {
                return Err(refused(
                    "with a value that is not a usual string (its type is UniversalString, VisibleString or another rare one)",
                    "unsupported string type",
                ));
            }
        }
    }
    Ok(())
}

const NUMERIC: u8 = 0x12;
const PRINTABLE: u8 = 0x13;
const UTF8: u8 = 0x0c;
const T61: u8 = 0x14;
const IA5: u8 = 0x16;
const BMP: u8 = 0x1e;
const STRINGS: [u8; 6] = [NUMERIC, PRINTABLE, UTF8, T61, IA5, BMP];

/// A string that does not hold what its type says (`parseASN1String`): the type, and Go's words.
fn wrong_string(kind: u8, value: &[u8]) -> Option<(&'static str, &'static str)> {
    let (is_right, name, words) = match kind {
        PRINTABLE => (
            value.iter().all(|octet| is_printable(*octet)),
            "PrintableString",
            "invalid PrintableString",
        ),
        UTF8 => (std::str::from_utf8(value).is_ok(), "UTF8String", "invalid UTF-8 string"),
        BMP => (is_basic_plane(value), "BMPString", "invalid BMPString"),
        IA5 => (value.is_ascii(), "IA5String", "invalid IA5String"),
        NUMERIC => {
            let is_numeric = |octet: &u8| octet.is_ascii_digit() || *octet == b' ';
            (value.iter().all(is_numeric), "NumericString", "invalid NumericString")
        }
        _ => return None,
    };
    (!is_right).then_some((name, words))
}

/// `*` and `&` are not of the type, but common.
fn is_printable(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b" '()+,-./:=?*&".contains(&octet)
}

fn is_basic_plane(value: &[u8]) -> bool {
    let value = value.strip_suffix(&[0, 0]).filter(|rest| rest.len() % 2 == 0).unwrap_or(value);
    let is_character = |pair: &[u8]| match pair {
        [high, low] => {
            let unit = u16::from_be_bytes([*high, *low]);
            !matches!(unit, 0xfffe | 0xffff | 0xfdd0..=0xfdef | 0xd800..=0xdfff)
        }
        _ => false,
    };
    value.chunks(2).all(is_character)
}

/// Whether a domain has no empty label and no character outside of visible ASCII (`domainNameValid`). A constraint may
/// begin with a dot.
pub(super) fn is_domain(text: &[u8], is_constraint: bool) -> bool {
    let text = text.strip_prefix(b".").filter(|_| is_constraint && text.len() > 1).unwrap_or(text);
    let is_label = |label: &[u8]| !label.is_empty() && label.iter().all(u8::is_ascii_graphic);
    text.is_empty() || text.split(|octet| *octet == b'.').all(is_label)
}

/// Whether it is an address of mail (`parseRFC2821Mailbox`).
pub(super) fn is_mailbox(text: &[u8]) -> bool {
    let rest = if let Some(quoted) = text.strip_prefix(b"\"") {
        behind_quoted(quoted)
    } else {
        behind_atoms(text)
    };
    rest.and_then(|rest| rest.strip_prefix(b"@")).is_some_and(|domain| is_domain(domain, false))
}

fn behind_quoted(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        rest = match rest {
            [b'"', rest @ ..] => return Some(rest),
            [b'\\', 1..=9 | 11 | 12 | 14..=127, rest @ ..]
            | [1..=8 | 11 | 12 | 14..=33 | 35..=91 | 93..=127, rest @ ..] => rest,
            _ => return None,
        }
    }
}

fn behind_atoms(text: &[u8]) -> Option<&[u8]> {
    let (mut local, mut rest) = (Vec::new(), text);
    loop {
        let (octet, behind) = match rest {
            [b'\\', escaped, behind @ ..] => (*escaped, behind),
            [b'\\'] => return None,
            [octet, behind @ ..]
                if octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(octet) =>
            {
                (*octet, behind)
            }
            _ => break,
        };
        local.push(octet);
        rest = behind;
    }
    // No empty atom.
    (!local.is_empty() && local.split(|octet| *octet == b'.').all(|atom| !atom.is_empty()))
        .then_some(rest)
}
