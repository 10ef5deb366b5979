//! Names as OpenSSL compares them (`x509_name_canon` in `crypto/x509/x_name.c`).

use super::{Parsed, print};

/// Types of strings that are compared by their texts: UTF-8, printable, Teletex, IA5, visible, universal, basic plane. Others
/// are compared octet by octet.
const BY_TEXT: [u32; 7] = [12, 19, 20, 22, 26, 28, 30];

/// The parts of a name; the members of one have no order.
pub(super) fn name(parts: &[Vec<Parsed<'_>>]) -> Vec<Vec<u8>> {
    let part = |part: &Vec<Parsed<'_>>| {
        let mut members: Vec<Vec<u8>> = part.iter().map(attribute).collect();
        members.sort();
        members.concat()
    };
    parts.iter().map(part).collect()
}

/// Type and value, each behind its length: no two pairs look the same.
fn attribute(Parsed { oid, value }: &Parsed<'_>) -> Vec<u8> {
    let is_text = BY_TEXT.contains(&value.tag().0);
    let text = print::text(value).filter(|_| is_text).map(|text| folded(&text.concat()));
    let (kind, content) =
        text.map_or_else(|| (value.tag().0, value.data.to_vec()), |text| (BY_TEXT[0], text));
    let mut found = Vec::with_capacity(content.len() + oid.as_bytes().len() + 20);
    for piece in [oid.as_bytes(), &kind.to_be_bytes(), &content] {
        found.extend(piece.len().to_be_bytes());
        found.extend(piece);
    }
    found
}

/// ASCII letters in lower case, without blanks at the ends, one for each run of blanks (`asn1_string_canon`).
fn folded(text: &[u8]) -> Vec<u8> {
    let is_blank = |octet: &u8| matches!(octet, b' ' | 0x09..=0x0d);
    let words = text.split(is_blank).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(&b' ').to_ascii_lowercase()
}
