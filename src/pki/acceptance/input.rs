//! DER as Go's `cryptobyte` reads it: shortest lengths, tags of one octet, numbers without needless octets.

/// Tags (X.690, section 8.1.2).
pub(super) mod tag {
    pub const BOOLEAN: u8 = 0x01;
    pub const INTEGER: u8 = 0x02;
    pub const BIT_STRING: u8 = 0x03;
    pub const OCTET_STRING: u8 = 0x04;
    pub const NULL: u8 = 0x05;
    pub const OBJECT_IDENTIFIER: u8 = 0x06;
    pub const ENUMERATED: u8 = 0x0a;
    pub const UTC_TIME: u8 = 0x17;
    pub const GENERALIZED_TIME: u8 = 0x18;
    pub const SEQUENCE: u8 = 0x30;
    pub const SET: u8 = 0x31;

    /// `[number]`, primitive.
    pub const fn own(number: u8) -> u8 {
        0x80 | number
    }

    /// `[number]`, constructed.
    pub const fn outer(number: u8) -> u8 {
        0xa0 | number
    }
}

/// What is left to read.
#[derive(Clone, Copy)]
pub(super) struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub fn begins_with(self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// Tag and content of the next element (`readASN1`).
    pub fn any(&mut self) -> Option<(u8, Self)> {
        let [tag, first, rest @ ..] = self.0 else { return None };
        let (length, rest) = match first {
            ..=0x7f => (usize::from(*first), rest),
            0x81..=0x84 => {
                let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let length = octets.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet));
                // In the shortest form.
                (octets[0] != 0 && length >= 0x80).then_some((length, rest))?
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (tag & 0x1f != 0x1f).then_some((*tag, Self(content)))
    }

    /// The content of the next element, which has this tag.
    pub fn element(&mut self, tag: u8) -> Option<Self> {
        self.any().and_then(|(found, content)| (found == tag).then_some(content))
    }

    /// The content of the next element if it has this tag, else nothing; `None` if it cannot be read.
    pub fn optional(&mut self, tag: u8) -> Option<Self> {
        if self.begins_with(tag) { self.element(tag) } else { Some(Self(&[])) }
    }

    /// The octets of a number.
    pub fn number(&mut self, tag: u8) -> Option<&'a [u8]> {
        let Self(octets) = self.element(tag)?;
        let is_needless = |first: u8, next: u8| {
            first == 0 && next & 0x80 == 0 || first == 0xff && next & 0x80 != 0
        };
        match octets {
            [] => None,
            [first, next, ..] if is_needless(*first, *next) => None,
            _ => Some(octets),
        }
    }

    pub fn integer(&mut self) -> Option<&'a [u8]> {
        self.number(tag::INTEGER)
    }

    /// A number that Go's `int` holds.
    pub fn small_integer(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.number(tag).filter(|octets| octets.len() <= 8)
    }

    /// An object identifier none of whose parts is above 2³¹.
    pub fn object_identifier(&mut self) -> Option<&'a [u8]> {
        let Self(octets) = self.element(tag::OBJECT_IDENTIFIER)?;
        (has_whole_parts(octets) && parts(octets).all(is_small)).then_some(octets)
    }

    pub fn boolean(&mut self) -> Option<bool> {
        match self.element(tag::BOOLEAN)?.0 {
            [0] => Some(false),
            [0xff] => Some(true),
            _ => None,
        }
    }

    /// A bit string whose unused bits are zero.
    pub fn bits(&mut self) -> Option<&'a [u8]> {
        let (&unused, octets) = self.element(tag::BIT_STRING)?.0.split_first()?;
        let is_clean = octets
            .last()
            .map_or(unused == 0, |last| unused < 8 && u32::from(*last) & ((1 << unused) - 1) == 0);
        is_clean.then_some(octets)
    }
}

/// Whether these are parts of an object identifier, each in as few octets as it takes (X.690, section 8.19.2).
pub(super) fn has_whole_parts(octets: &[u8]) -> bool {
    octets.last().is_some_and(|last| last & 0x80 == 0)
        && parts(octets).all(|part| part.first() != Some(&0x80))
}

fn parts(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    octets.split_inclusive(|octet| octet & 0x80 == 0)
}

fn is_small(part: &[u8]) -> bool {
    let value =
        |part: &[u8]| part.iter().fold(0_u64, |sum, octet| sum << 7 | u64::from(octet & 0x7f));
    part.len() <= 5 && value(part) < 1 << 31
}
