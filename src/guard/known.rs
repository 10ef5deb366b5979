//! The search for parts of known secrets in a text, however it wraps them.
//!
//! What is looked up are short windows: of the octets of a secret, and of its base64 without regard to case and to what
//! is neither letter nor digit. A text is searched as it is and as what its base64 and its hexadecimal digits decode to.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::wrapping;

/// The shortest part of a secret that is always found, in characters of base64.
pub const SHORTEST: usize = 12;
/// Octets of a window: whichever twelve characters of base64 are shown, eight octets are whole.
const OCTETS: usize = 7;
/// Letters and digits of a window.
const LETTERS: usize = 11;
/// Letters of either case and digits.
const DIGITS: u64 = 36;
/// Windows of a key of an elliptic curve.
const WINDOWS: usize = 52;
/// How many wrappings one in the other are opened: a key in PEM in a Secret in JSON in base64.
const DEPTH: u8 = 4;
/// From so many windows on, memory counts more than the shortest part: of further secrets, only so many windows of each
/// form are kept. That concerns thousands of RSA keys.
const MANY: usize = 1 << 21;
const FEW: usize = 32;

const OF_OCTETS: u64 = 1 << 63;
const OF_LETTERS: u64 = 1 << 62;

/// How a document with a secret is written.
pub struct Form {
    /// Where the secret is in the document.
    pub secret: Range<usize>,
    /// The document as PEM.
    pub pem: Zeroizing<String>,
}

/// Secrets that are looked for. They are wiped when it is dropped, and cannot be had back.
#[derive(Default)]
pub struct Known {
    windows: Table,
}

impl Known {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.windows.count == 0
    }

    /// Looks for the octets `secret`, which may be a text, and for their base64.
    pub fn add(&mut self, secret: &[u8]) {
        self.add_octets(secret);
        if secret.is_ascii() {
            self.add_letters(secret);
        }
        self.add_letters(Zeroizing::new(STANDARD_NO_PAD.encode(secret)).as_bytes());
    }

    /// Looks for the secret part of a document: for its octets, for the document's base64 in PEM, and for base64 of that
    /// PEM, as Secrets of Kubernetes have it.
    pub fn add_part(&mut self, document: &[u8], Form { secret, pem }: &Form) {
        self.add_octets(&document[secret.clone()]);
        let body = pem.find('\n').map_or(0, |at| at + 1);
        // The PEM's own line ends are not among the characters.
        let of_octet = |at: usize| body + at * 4 / 3 + at * 4 / 3 / 64;
        let shown = of_octet(secret.start)..of_octet(secret.end).min(pem.len());
        self.add_letters(&pem.as_bytes()[shown.clone()]);
        let wrapped = Zeroizing::new(STANDARD_NO_PAD.encode(pem.as_bytes()));
        let end = (shown.end * 4 / 3).min(wrapped.len());
        self.add_letters(&wrapped.as_bytes()[shown.start * 4 / 3..end]);
    }

    /// Makes room for so many more keys of elliptic curves.
    pub(super) fn reserve(&mut self, keys: usize) {
        self.windows.reserve(keys * WINDOWS);
    }

    fn add_octets(&mut self, secret: &[u8]) {
        let step = self.step(secret.len());
        for window in secret.windows(OCTETS).step_by(step) {
            let number = window.iter().fold(0, |number, octet| number << 8 | u64::from(*octet));
            self.windows.insert(OF_OCTETS | number);
        }
    }

    /// Looks for letters and digits.
    pub(super) fn add_letters(&mut self, text: &[u8]) {
        let digits: Zeroizing<Vec<u8>> =
            Zeroizing::new(text.iter().filter_map(|octet| digit(*octet)).collect());
        let step = self.step(digits.len());
        for window in digits.windows(LETTERS).step_by(step) {
            let number = window.iter().fold(0, |number, digit| number * DIGITS + u64::from(*digit));
            self.windows.insert(OF_LETTERS | number);
        }
    }

    fn step(&self, length: usize) -> usize {
        if self.windows.count < MANY { 2 } else { (length / FEW).max(2) }
    }

    /// Where `text` has a part of a secret, in order and apart from each other.
    #[must_use]
    pub fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        if self.is_empty() || text.len() < OCTETS {
            return Vec::new();
        }
        let mut found = self.find_to(text, DEPTH);
        found.sort_unstable_by_key(|range| range.start);
        found.dedup_by(|next, before| {
            let joins = next.start <= before.end;
            if joins {
                before.end = before.end.max(next.end);
            }
            joins
        });
        found
    }

    fn find_to(&self, text: &[u8], depth: u8) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        // No octets of a secret are in printable text.
        if depth < DEPTH || !text.is_ascii() {
            self.find_octets(text, &mut found);
        }
        self.find_letters(text, &mut found);
        if depth > 0 {
            let layers = wrapping::layers(text);
            for layer in wrapping::unescaped(text).into_iter().chain(layers) {
                let inside = self.find_to(&layer.octets, depth - 1);
                found.extend(inside.into_iter().map(|range| layer.outside(range)));
            }
        }
        found
    }

    fn find_octets(&self, text: &[u8], found: &mut Vec<Range<usize>>) {
        let mut number = 0_u64;
        for (at, octet) in text.iter().enumerate() {
            number = (number << 8 | u64::from(*octet)) & ((1 << (8 * OCTETS)) - 1);
            if at + 1 >= OCTETS && self.windows.has(OF_OCTETS | number) {
                found.push(at + 1 - OCTETS..at + 1);
            }
        }
    }

    /// Also from the end to the beginning: templates can turn a text round.
    fn find_letters(&self, text: &[u8], found: &mut Vec<Range<usize>>) {
        let digits = text.iter().enumerate().filter_map(|(at, octet)| Some((at, digit(*octet)?)));
        let mut digits: Vec<(usize, u8)> = digits.collect();
        for _ in 0..2 {
            let mut number = 0;
            for (index, (at, digit)) in digits.iter().enumerate() {
                number = number % DIGITS.pow(10) * DIGITS + u64::from(*digit);
                if index + 1 >= LETTERS && self.windows.has(OF_LETTERS | number) {
                    let other = digits[index + 1 - LETTERS].0;
                    found.push(other.min(*at)..other.max(*at) + 1);
                }
            }
            digits.reverse();
        }
    }
}

fn digit(octet: u8) -> Option<u8> {
    match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'a'..=b'z' => Some(octet - b'a' + 10),
        b'A'..=b'Z' => Some(octet - b'A' + 10),
        _ => None,
    }
}

/// A set of numbers other than zero, which is wiped as it grows and when it is dropped.
#[derive(Default)]
struct Table {
    slots: Zeroizing<Vec<u64>>,
    count: usize,
}

impl Table {
    fn insert(&mut self, number: u64) {
        self.reserve(1);
        self.put(number);
    }

    /// Makes room for so many more, half of it to stay free.
    fn reserve(&mut self, more: usize) {
        let wanted = (self.count + more) * 2;
        if wanted > self.slots.len() {
            let wider = Zeroizing::new(vec![0; wanted.next_power_of_two().max(1 << 10)]);
            let before = std::mem::replace(&mut self.slots, wider);
            self.count = 0;
            before.iter().filter(|number| **number != 0).for_each(|number| self.put(*number));
        }
    }

    fn put(&mut self, number: u64) {
        let at = self.slot(number);
        if self.slots[at] == 0 {
            self.slots[at] = number;
            self.count += 1;
        }
    }

    fn has(&self, number: u64) -> bool {
        self.count > 0 && self.slots[self.slot(number)] != 0
    }

    /// Where the number is, or would be.
    fn slot(&self, number: u64) -> usize {
        let mask = self.slots.len() - 1;
        // A factor without pattern, whose product's high bits depend on all of the number.
        let hash = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        let mut at = usize::try_from(hash).unwrap_or_default() & mask;
        while self.slots[at] != 0 && self.slots[at] != number {
            at = (at + 1) & mask;
        }
        at
    }
}
