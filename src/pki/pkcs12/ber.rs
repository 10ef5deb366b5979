//! Just enough BER (X.690): browsers and key rings export PKCS#12 with lengths that are known at the
//! end and strings in pieces, which DER readers refuse.

use x509_cert::der::asn1::ObjectIdentifier;
use zeroize::Zeroizing;

use super::Pkcs12Error;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const BMP_STRING: u8 = 0x1E;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// `[0]`, constructed.
pub(super) const CONTEXT_0: u8 = 0xA0;

const CONSTRUCTED: u8 = 0x20;
/// More than any honest file nests.
const DEEPEST: usize = 32;

/// One value: its tag and what is in it.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    /// Between header and end.
    content: &'a [u8],
    /// Header, content and end.
    pub(super) whole: &'a [u8],
}

/// The values of a sequence, one after the other.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Element<'a> {
    /// Reads the value at the start of `octets`, and nothing behind it.
    pub(super) fn read(octets: &'a [u8]) -> Result<Self, Pkcs12Error> {
        let (element, _) = element(octets, DEEPEST).ok_or(Pkcs12Error::Malformed("not BER"))?;
        Ok(element)
    }

    /// What a SEQUENCE, a SET or an explicit tag holds.
    pub(super) fn fields(&self, tag: u8) -> Result<Fields<'a>, Pkcs12Error> {
        if self.tag == tag {
            Ok(Fields { rest: self.content })
        } else {
            Err(Pkcs12Error::Malformed("expected a sequence, found a value of another type"))
        }
    }

    /// The octets of an OCTET STRING, or of one with an implicit tag, whole or in pieces.
    pub(super) fn octets(&self) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
        let mut joined = Zeroizing::new(Vec::with_capacity(self.content.len()));
        self.join(&mut joined)?;
        Ok(joined)
    }

    fn join(&self, joined: &mut Zeroizing<Vec<u8>>) -> Result<(), Pkcs12Error> {
        if self.tag & CONSTRUCTED == 0 {
            joined.extend_from_slice(self.content);
            return Ok(());
        }
        let mut pieces = Fields { rest: self.content };
        while let Some(piece) = pieces.optional()? {
            piece.join(joined)?;
        }
        Ok(())
    }

    /// A number that is not negative and fits.
    pub(super) fn number(&self) -> Result<u32, Pkcs12Error> {
        let wrong = Pkcs12Error::Malformed("a number is out of range");
        let octets = match self.content {
            _ if self.tag != INTEGER => return Err(wrong),
            [0, rest @ ..] => rest,
            [first, ..] if *first < 0x80 => self.content,
            _ => return Err(wrong),
        };
        if octets.len() > 4 {
            return Err(wrong);
        }
        Ok(octets.iter().fold(0, |number, octet| number << 8 | u32::from(*octet)))
    }

    pub(super) fn object_identifier(&self) -> Result<ObjectIdentifier, Pkcs12Error> {
        let wrong = Pkcs12Error::Malformed("an object identifier is expected");
        if self.tag != OBJECT_IDENTIFIER {
            return Err(wrong);
        }
        ObjectIdentifier::from_bytes(self.content).map_err(|_| wrong)
    }

    /// The text of a `BMPString`.
    pub(super) fn text(&self) -> Option<String> {
        let units = self.content.chunks_exact(2);
        let units = units.map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        (self.tag == BMP_STRING)
            .then(|| char::decode_utf16(units).map(|c| c.unwrap_or('\u{FFFD}')).collect())
    }
}

impl<'a> Fields<'a> {
    /// The next value.
    pub(super) fn next(&mut self) -> Result<Element<'a>, Pkcs12Error> {
        self.optional()?.ok_or(Pkcs12Error::Malformed("a sequence ends too early"))
    }

    /// The next value, if there is another.
    pub(super) fn optional(&mut self) -> Result<Option<Element<'a>>, Pkcs12Error> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (element, rest) =
            element(self.rest, DEEPEST).ok_or(Pkcs12Error::Malformed("not BER"))?;
        self.rest = rest;
        Ok(Some(element))
    }
}

/// The value at the start of `octets`, and what follows it.
fn element(octets: &[u8], depth: usize) -> Option<(Element<'_>, &[u8])> {
    let (&tag, after_tag) = octets.split_first()?;
    let (&length, content) = after_tag.split_first()?;
    // Tags of several octets occur nowhere in these structures.
    if tag & 0x1F == 0x1F {
        return None;
    }
    if length == 0x80 {
        return indefinite(octets, tag, content, depth);
    }
    let (length, content) = match usize::from(length) {
        short @ 0..0x80 => (short, content),
        long => number_of(content, long & 0x7F)?,
    };
    let (content, rest) = content.split_at_checked(length)?;
    let whole = &octets[..octets.len() - rest.len()];
    Some((Element { tag, content, whole }, rest))
}

/// A length of `count` octets, and what follows it.
fn number_of(octets: &[u8], count: usize) -> Option<(usize, &[u8])> {
    let (length, rest) = octets.split_at_checked(count).filter(|_| count <= 4)?;
    Some((length.iter().fold(0, |number, octet| number << 8 | usize::from(*octet)), rest))
}

/// A value that ends at two zero octets in the place of a value.
fn indefinite<'a>(
    octets: &'a [u8],
    tag: u8,
    content: &'a [u8],
    depth: usize,
) -> Option<(Element<'a>, &'a [u8])> {
    if tag & CONSTRUCTED == 0 {
        return None;
    }
    let mut rest = content;
    loop {
        if let Some(after) = rest.strip_prefix(&[0, 0]) {
            let content = &content[..content.len() - rest.len()];
            let whole = &octets[..octets.len() - after.len()];
            return Some((Element { tag, content, whole }, after));
        }
        (_, rest) = element(rest, depth.checked_sub(1)?)?;
    }
}

/// DER of a value with these parts.
pub(super) fn encode(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let octets = length.to_be_bytes();
    let octets = &octets[octets.iter().take_while(|octet| **octet == 0).count()..];
    // Reserved at once, so that no unwiped copy is left behind by growing.
    let mut der = Zeroizing::new(Vec::with_capacity(length + 2 + octets.len()));
    der.push(tag);
    if let Ok(short @ 0..0x80) = u8::try_from(length) {
        der.push(short);
    } else {
        der.push(0x80 | u8::try_from(octets.len()).unwrap_or(u8::MAX));
        der.extend_from_slice(octets);
    }
    for part in parts {
        der.extend_from_slice(part);
    }
    der
}

/// DER of an object identifier.
pub(super) fn encode_oid(oid: ObjectIdentifier) -> Zeroizing<Vec<u8>> {
    encode(OBJECT_IDENTIFIER, &[oid.as_bytes()])
}

/// DER of a number.
pub(super) fn encode_number(number: u32) -> Zeroizing<Vec<u8>> {
    let octets = number.to_be_bytes();
    let zeros = octets.iter().take_while(|octet| **octet == 0).count().min(3);
    let octets = &octets[zeros..];
    let sign: &[u8] = if octets[0] >= 0x80 { &[0] } else { &[] };
    encode(INTEGER, &[sign, octets])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_in_pieces_and_open_lengths_are_read() {
        // SEQUENCE (open) { OCTET STRING (open) { "ab", OCTET STRING { "c" } }, INTEGER 300 }
        let octets = [
            0x30, 0x80, 0x24, 0x80, 0x04, 0x02, b'a', b'b', 0x24, 0x03, 0x04, 0x01, b'c', 0, 0,
            0x02, 0x02, 0x01, 0x2C, 0, 0,
        ];
        let element = Element::read(&octets).unwrap();
        assert_eq!(element.whole.len(), octets.len());
        let mut fields = element.fields(SEQUENCE).unwrap();
        assert_eq!(fields.next().unwrap().octets().unwrap().as_slice(), b"abc");
        assert_eq!(fields.next().unwrap().number().unwrap(), 300);
        assert!(fields.optional().unwrap().is_none() && fields.next().is_err());
    }

    #[test]
    fn what_is_encoded_is_read() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let content = vec![7; length];
            let der = encode(OCTET_STRING, &[&content]);
            let element = Element::read(&der).unwrap();
            assert_eq!((element.octets().unwrap().len(), element.whole.len()), (length, der.len()));
        }
        for number in [0, 1, 127, 128, 2048, 100_000, u32::MAX] {
            assert_eq!(Element::read(&encode_number(number)).unwrap().number().unwrap(), number);
        }
    }

    #[test]
    fn endless_nesting_and_lies_about_lengths_are_refused() {
        assert!(Element::read(&[0x30, 0x80].repeat(100_000)).is_err());
        for octets in [
            &[][..],
            &[0x30],
            &[0x30, 5, 0],
            &[0x04, 0x80, 0, 0],
            &[0x30, 0x85, 1, 0, 0, 0, 0],
            &[0x1F, 0],
        ] {
            assert!(Element::read(octets).is_err(), "{octets:?}");
        }
    }
}
