//! What the program must not say: it knows the secrets in memory, and takes every part of one out of what it prints for
//! people, in any encoding.

mod known;
pub mod mask;
mod wrapping;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

pub use known::{Form, Known, SHORTEST};
pub use mask::{is_like_seed, masked, without_words_of};

/// Replaces what is not printed.
pub(crate) const HIDDEN: &str = "[private key]";
/// What surrounds every private key in PEM.
const BOUNDARY: &[u8] = b" PRIVATE KEY-----";

/// Octets that several hold; the last one to drop them wipes them.
pub type Shared = Arc<Zeroizing<Vec<u8>>>;

static IS_WATCHING: AtomicBool = AtomicBool::new(false);
static WATCHED: Mutex<Watched> = Mutex::new(Watched { new: Vec::new(), known: None });

/// All secrets since the watch began. They are searched for only once something is said.
struct Watched {
    new: Vec<Secret>,
    known: Option<Known>,
}

enum Secret {
    /// A private key as PKCS#8, and what is secret in it.
    Key(Shared, fn(&[u8]) -> Form),
    /// Octets that are secret as a whole.
    Octets(Zeroizing<Vec<u8>>),
}

/// Begins to remember secrets, until [`end`]. Without it, as in a program that uses this library, nothing is remembered.
pub fn begin() {
    IS_WATCHING.store(true, Ordering::Relaxed);
}

/// Forgets all secrets and wipes what was remembered of them.
pub fn end() {
    IS_WATCHING.store(false, Ordering::Relaxed);
    let mut watched = watched();
    watched.new.clear();
    watched.known = None;
}

/// There is a private key, as PKCS#8; `form` says how it is written, once something is said.
pub(crate) fn know_key(pkcs8: &Shared, form: fn(&[u8]) -> Form) {
    know(|| Secret::Key(Arc::clone(pkcs8), form));
}

/// There is a secret that is not a private key.
pub(crate) fn know_octets(secret: &[u8]) {
    know(|| Secret::Octets(Zeroizing::new(secret.to_vec())));
}

fn know(secret: impl FnOnce() -> Secret) {
    if IS_WATCHING.load(Ordering::Relaxed) {
        watched().new.push(secret());
    }
}

fn watched() -> MutexGuard<'static, Watched> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a search is going on, in whose middle another one would wait for ever.
#[must_use]
pub fn is_busy() -> bool {
    WATCHED.try_lock().is_err()
}

/// The text without any part of a secret: of one that is known, of a private key in PEM, and of an identity of age.
#[must_use]
pub fn hidden(text: &str) -> Cow<'_, str> {
    match masked(text) {
        Cow::Borrowed(text) => without_known(text),
        Cow::Owned(text) => Cow::Owned(without_known(&text).into_owned()),
    }
}

/// The text without any part of a secret that is known: for objects, whose certificates only look like one.
#[must_use]
pub fn without_known(text: &str) -> Cow<'_, str> {
    let parts = parts(text);
    if parts.is_empty() {
        return Cow::Borrowed(text);
    }
    let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
    for part in parts {
        shown.extend([&text[at..part.start], HIDDEN]);
        at = part.end;
    }
    Cow::Owned(shown + &text[at..])
}

/// Whether there is any part of a known secret in the text.
#[must_use]
pub fn has_secret(text: &str) -> bool {
    !parts(text).is_empty()
}

/// The words with parts of known secrets in them.
fn parts(text: &str) -> Vec<Range<usize>> {
    if text.len() < SHORTEST {
        return Vec::new();
    }
    let mut parts: Vec<Range<usize>> = Vec::new();
    for found in watched().known().find(text.as_bytes()) {
        let part = whole_word(text, found);
        match parts.last_mut() {
            Some(before) if belongs(&text[before.end.min(part.start)..part.start]) => {
                before.end = before.end.max(part.end);
            }
            _ => parts.push(part),
        }
    }
    parts
}

/// All that may belong to the same text in base64 or hexadecimal digits.
fn whole_word(text: &str, found: Range<usize>) -> Range<usize> {
    let is_outside = |c: char| !c.is_ascii_alphanumeric() && !"+/=_-%".contains(c);
    let mut start = found.start;
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = found.end;
    while !text.is_char_boundary(end) {
        end += 1;
    }
    let start = text[..start]
        .rfind(is_outside)
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    end += text[end..].find(is_outside).unwrap_or(text.len() - end);
    start..end
}

/// Whether the text between two parts may be of the same secret: all of it in the characters of base64 and what breaks
/// these into pieces.
fn belongs(between: &str) -> bool {
    let is_of_base64 = |octet: u8| octet.is_ascii_alphanumeric() || b"+/-_%\\".contains(&octet);
    between.bytes().all(|octet| is_of_base64(octet) || wrapping::is_between(octet))
}

impl Watched {
    /// The search for all that is known by now.
    fn known(&mut self) -> &Known {
        let known = self.known.get_or_insert_with(boundaries);
        known.reserve(self.new.len());
        for secret in self.new.drain(..) {
            match secret {
                Secret::Key(pkcs8, form) => known.add_part(&pkcs8, &form(&pkcs8)),
                Secret::Octets(octets) => known.add(&octets),
            }
        }
        known
    }
}

/// What identifies a private key in base64 of its PEM, wherever it begins: the rest of the word belongs to a key.
pub(crate) fn boundaries() -> Known {
    let mut known = Known::default();
    for skipped in 0..3 {
        let text = STANDARD_NO_PAD.encode([&[b'-'; 2][..skipped], BOUNDARY].concat());
        let (first, last) = ([0, 2, 3][skipped], (skipped + BOUNDARY.len()) * 4 / 3);
        known.add_letters(&text.as_bytes()[first..last]);
    }
    known
}
