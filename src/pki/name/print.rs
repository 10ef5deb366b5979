//! Prints names as OpenSSL does with `XN_FLAG_RFC2253`, which is what nginx's `$ssl_client_s_dn`
//! holds.
//!
//! The rules are those of OpenSSL's `crypto/asn1/a_strex.c`, its oddities included: what nginx
//! compares is this text, not what the RFC would have said.

use std::fmt::Write;

use x509_parser::asn1_rs::{Any, ToDer};

use super::Parsed;
use super::attribute::short_name;
use crate::pki::object_identifier::dotted;

/// RFC 2253 text: last RDN first, `,` between RDNs, `+` within one.
pub(super) fn rfc2253(rdns: &[Vec<Parsed<'_>>]) -> String {
    let rdns = rdns.iter().rev().map(|rdn| {
        let parts: Vec<String> = rdn.iter().rev().map(attribute).collect();
        parts.join("+")
    });
    rdns.collect::<Vec<_>>().join(",")
}

fn attribute(Parsed { oid, value: content }: &Parsed<'_>) -> String {
    let oid = dotted(oid);
    match short_name(&oid) {
        Some(name) => format!("{name}={}", value(content)),
        None => format!("{oid}={}", dump(content)),
    }
}

fn value(value: &Any<'_>) -> String {
    text(value).map_or_else(|| dump(value), |text| escape(&text))
}

/// The whole value, tag and length included, as `#` and upper-case hexadecimal.
pub(super) fn dump(value: &Any<'_>) -> String {
    let der = value.to_der_vec().unwrap_or_default();
    der.iter().fold("#".to_owned(), |mut text, octet| {
        // Writing to a String does not fail.
        let _ = write!(text, "{octet:02X}");
        text
    })
}

/// UTF-8 of a string value, byte by byte; `None` for what is not a string or wrongly encoded.
pub(super) fn text(value: &Any<'_>) -> Option<Vec<Vec<u8>>> {
    let units = |width: usize| -> Option<Vec<Vec<u8>>> {
        let chunks = value.data.chunks_exact(width);
        if !chunks.remainder().is_empty() {
            return None;
        }
        chunks
            .map(|unit| {
                let code = unit.iter().fold(0_u32, |code, octet| code << 8 | u32::from(*octet));
                char::from_u32(code).map(|c| c.to_string().into_bytes())
            })
            .collect()
    };
    if value.header.is_constructed() {
        return None;
    }
    match value.tag().0 {
        // UTF8String: OpenSSL passes its bytes on without looking at them.
        12 => Some(value.data.iter().map(|octet| vec![*octet]).collect()),
        // NumericString, PrintableString, TeletexString, IA5String, times, VisibleString: Latin-1.
        18 | 19 | 20 | 22 | 23 | 24 | 26 => units(1),
        // UniversalString.
        28 => units(4),
        // BMPString.
        30 => units(2),
        _ => None,
    }
}

/// Escapes characters, each given as its UTF-8.
fn escape(characters: &[Vec<u8>]) -> String {
    let last = characters.len().saturating_sub(1);
    let mut text = String::new();
    for (index, character) in characters.iter().enumerate() {
        for octet in character {
            // An only character counts as the last, not as the first.
            escape_octet(*octet, index == 0 && index != last, index == last, &mut text);
        }
    }
    text
}

fn escape_octet(octet: u8, first: bool, last: bool, text: &mut String) {
    let c = char::from(octet);
    let backslash = match c {
        ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
        ' ' => first || last,
        '#' => first,
        _ => false,
    };
    if backslash {
        text.push('\\');
        text.push(c);
    } else if octet.is_ascii_control() || !octet.is_ascii() {
        // Writing to a String does not fail.
        let _ = write!(text, "\\{octet:02X}");
    } else {
        text.push(c);
    }
}
