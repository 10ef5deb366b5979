//! What a text says underneath: escapes undone, base64 and hexadecimal digits read.

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::known::SHORTEST;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The decoded text, and where each piece of it is in the text above.
pub(super) struct Layer {
    pub(super) octets: Vec<u8>,
    /// Places of the characters above.
    places: Vec<usize>,
    /// So many octets underneath are made of so many characters, from this one on.
    ratio: (usize, usize),
    /// So many characters were put before the first, or so many (below zero) left out.
    shift: isize,
}

impl Layer {
    /// What is above a part of it.
    pub(super) fn outside(&self, inside: Range<usize>) -> Range<usize> {
        let (octets, characters) = self.ratio;
        let place = |index: usize| {
            let index = index.saturating_add_signed(-self.shift).min(self.places.len() - 1);
            self.places.get(index).copied().unwrap_or_default()
        };
        let last = (inside.end * characters).div_ceil(octets).saturating_sub(1);
        place(inside.start * characters / octets)..place(last) + 1
    }
}

/// The text without the escapes of JSON, YAML and URLs; `None` if there are none.
pub(super) fn unescaped(text: &[u8]) -> Option<Layer> {
    if !text.iter().any(|octet| matches!(octet, b'\\' | b'%')) {
        return None;
    }
    let (mut octets, mut places) = (Vec::with_capacity(text.len()), Vec::new());
    let mut at = 0;
    let mut is_changed = false;
    while let Some(octet) = text.get(at) {
        let (plain, length) = escape(&text[at..]).unwrap_or((*octet, 1));
        is_changed |= length > 1;
        octets.push(plain);
        places.push(at);
        at += length;
    }
    is_changed.then_some(Layer { octets, places, ratio: (1, 1), shift: 0 })
}

/// The octet that an escape encodes, and the escape's length.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    let hexadecimal = |digits: &[u8]| {
        let digits = std::str::from_utf8(digits).ok()?;
        // All that matters here is in one octet.
        u32::from_str_radix(digits, 16).ok().map(|code| u8::try_from(code).unwrap_or(b'?'))
    };
    match text {
        [b'%', ..] => hexadecimal(text.get(1..3)?).map(|octet| (octet, 3)),
        [b'\\', b'x', ..] => hexadecimal(text.get(2..4)?).map(|octet| (octet, 4)),
        [b'\\', b'u', b'{', rest @ ..] => {
            let end = rest.iter().take(7).position(|octet| *octet == b'}')?;
            hexadecimal(&rest[..end]).map(|octet| (octet, end + 4))
        }
        [b'\\', b'u', ..] => hexadecimal(text.get(2..6)?).map(|octet| (octet, 6)),
        [b'\\', b'n' | b'r' | b't', ..] => Some((b' ', 2)),
        [b'\\', other, ..] => Some((*other, 2)),
        _ => None,
    }
}

/// What runs of base64 and of hexadecimal digits decode to, from each place where they could begin. Blanks, line ends and
/// punctuation of YAML do not end a run.
pub(super) fn layers(text: &[u8]) -> Vec<Layer> {
    let mut layers = Vec::new();
    let is_base64 = |octet: u8| octet.is_ascii_alphanumeric() || b"+/-_".contains(&octet);
    for run in runs(text, is_base64) {
        let is = |fits: fn(&u8) -> bool| run.iter().any(|at| fits(&text[*at]));
        // Words in one case are not base64.
        if is(u8::is_ascii_uppercase) && is(u8::is_ascii_lowercase) {
            layers.extend((0..4).filter_map(|shift| base64(text, &run, shift)));
        }
    }
    for run in runs(text, |octet| octet.is_ascii_hexdigit()) {
        layers.extend((0..2).filter_map(|skipped| hexadecimal(text, &run, skipped)));
    }
    layers
}

/// Places of the characters of each run that is long enough.
fn runs(text: &[u8], belongs: impl Fn(u8) -> bool) -> Vec<Vec<usize>> {
    let (mut runs, mut run) = (Vec::new(), Vec::new());
    for (at, octet) in text.iter().enumerate() {
        if belongs(*octet) {
            run.push(at);
        } else if !is_between(*octet) {
            if run.len() >= SHORTEST {
                runs.push(std::mem::take(&mut run));
            }
            run.clear();
        }
    }
    if run.len() >= SHORTEST {
        runs.push(run);
    }
    runs
}

/// Blanks, line ends and punctuation of YAML and JSON, which may break a text into pieces.
pub(super) fn is_between(octet: u8) -> bool {
    b" \t\r\n\"',:|>[]{}=".contains(&octet)
}

fn base64(text: &[u8], run: &[usize], shift: usize) -> Option<Layer> {
    let standard = |at: &usize| match text[*at] {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    };
    // Where a run begins in the middle, what is missing makes some octet.
    let missing = std::iter::repeat_n(b'A', shift);
    let mut characters: Vec<u8> = missing.chain(run.iter().map(standard)).collect();
    if characters.len() % 4 == 1 {
        characters.pop();
    }
    let octets = BASE64.decode(characters).ok()?;
    Some(Layer { octets, places: run.to_vec(), ratio: (3, 4), shift: shift.cast_signed() })
}

fn hexadecimal(text: &[u8], run: &[usize], skipped: usize) -> Option<Layer> {
    let digit = |at: usize| char::from(text[at]).to_digit(16).unwrap_or_default();
    let pairs = run.get(skipped..)?.chunks_exact(2);
    let octets = pairs.map(|pair| u8::try_from(digit(pair[0]) << 4 | digit(pair[1])).unwrap_or(0));
    let octets = octets.collect();
    Some(Layer { octets, places: run.to_vec(), ratio: (1, 2), shift: -skipped.cast_signed() })
}
