//! The seed: 32 octets of randomness, in the forms in which users store them.

use std::fmt;

use base64::Engine as _;
use zeroize::Zeroizing;

use crate::octets::PADDED_OR_NOT;

/// Octets of a seed.
const LENGTH: usize = 32;
/// Random octets have this many different values, but for one seed in twenty thousand billions.
const LEAST_VALUES: usize = 17;
/// Random octets have no run of one value as long as this, but for one seed in a hundred million.
const LONGEST_RUN: usize = 4;
/// Random octets have no stretch of readable characters as long as this, but for one seed in thirty million.
const LONGEST_TEXT: usize = 19;

/// What everything in a derived store is made of, wiped when dropped. It can neither be printed nor copied:
///
/// ```compile_fail
/// fn print(seed: &mtlsgen::derive::Seed) -> String {
///     format!("{seed:?}")
/// }
/// ```
///
/// ```compile_fail
/// fn copy(seed: &mtlsgen::derive::Seed) -> mtlsgen::derive::Seed {
///     seed.clone()
/// }
/// ```
pub struct Seed(Zeroizing<[u8; LENGTH]>);

impl Seed {
    /// Reads the content of a file: hexadecimal digits or base64, or the 32 octets themselves.
    ///
    /// # Errors
    /// What is wrong with it, without any part of it.
    pub fn from_file(content: &[u8]) -> Result<Self, SeedError> {
        // 32 readable characters are a text that is too short, or words.
        if content.len() == LENGTH && !is_text(content) {
            return Self::judged(content);
        }
        match std::str::from_utf8(content) {
            Ok(text) => Self::from_text(text).map_err(|error| match error {
                SeedError::Form if content.len() == LENGTH => SeedError::Words,
                error => error,
            }),
            Err(_) => Err(SeedError::Length { found: content.len() }),
        }
    }

    /// Reads 64 hexadecimal digits, or base64 of 32 octets; white space around them does not matter.
    ///
    /// # Errors
    /// What is wrong with it, without any part of it.
    pub fn from_text(text: &str) -> Result<Self, SeedError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SeedError::Empty);
        }
        if text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Self::judged(&hexadecimal(text)?);
        }
        // Reserved at once, so that no unwiped copy is left behind by growing.
        let mut octets = Zeroizing::new(Vec::with_capacity(text.len()));
        PADDED_OR_NOT.decode_vec(text, &mut octets).map_err(|_| SeedError::Form)?;
        Self::judged(&octets)
    }

    /// The octets.
    pub(super) fn octets(&self) -> &[u8] {
        self.0.as_slice()
    }

    fn judged(octets: &[u8]) -> Result<Self, SeedError> {
        let mut seed = Zeroizing::new([0; LENGTH]);
        if octets.len() != LENGTH {
            return Err(SeedError::Length { found: octets.len() });
        }
        if is_words(octets) {
            return Err(SeedError::Words);
        }
        if is_pattern(octets) {
            return Err(SeedError::Pattern);
        }
        seed.copy_from_slice(octets);
        crate::guard::know_octets(octets);
        Ok(Self(seed))
    }
}

fn hexadecimal(digits: &str) -> Result<Zeroizing<Vec<u8>>, SeedError> {
    if !digits.len().is_multiple_of(2) {
        return Err(SeedError::Form);
    }
    let mut octets = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
    for pair in digits.as_bytes().chunks(2) {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else {
            return Err(SeedError::Form);
        };
        octets.push(high << 4 | low);
    }
    Ok(octets)
}

fn is_text(octets: &[u8]) -> bool {
    std::str::from_utf8(octets).is_ok_and(|text| {
        text.chars().all(|character| !character.is_control() || character.is_whitespace())
    })
}

/// Whether it is typed text, wholly or in part.
fn is_words(octets: &[u8]) -> bool {
    let is_readable = |octet: &u8| octet.is_ascii_graphic() || octet.is_ascii_whitespace();
    is_text(octets) || longest_run(octets, |one, _| is_readable(one)) > LONGEST_TEXT
}

/// Whether it is not a random number: few values, long runs, or always the same step from one to the next.
fn is_pattern(octets: &[u8]) -> bool {
    let values: std::collections::BTreeSet<u8> = octets.iter().copied().collect();
    let steps: std::collections::BTreeSet<u8> =
        octets.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    values.len() < LEAST_VALUES
        || steps.len() < LEAST_VALUES / 2
        || longest_run(octets, |one, first| one == first) > LONGEST_RUN
}

/// The length of the longest stretch in which everything `fits` its first octet.
fn longest_run(octets: &[u8], fits: impl Fn(&u8, &u8) -> bool) -> usize {
    let run = |start: usize| {
        let rest = &octets[start..];
        rest.iter().take_while(|octet| fits(octet, &rest[0])).count()
    };
    (0..octets.len()).map(run).max().unwrap_or(0)
}

/// Why something is not a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeedError {
    /// There is nothing.
    Empty,
    /// It is neither hexadecimal nor base64.
    Form,
    /// It does not have 32 octets.
    Length {
        /// How many it has.
        found: usize,
    },
    /// It is typed text.
    Words,
    /// It is a pattern.
    Pattern,
}

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::Form => {
                f.write_str("it is neither 64 hexadecimal digits nor base64 of 32 octets")
            }
            Self::Length { found } => write!(f, "a seed has 32 octets, and it has {found}"),
            Self::Words => f.write_str("it consists of readable characters, which can be guessed"),
            Self::Pattern => f.write_str("it is a pattern, which can be guessed"),
        }
    }
}

impl std::error::Error for SeedError {}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "d6b9a7f14e02c5883bfa1d60977ce3254a8f10dd5b36e9c271048bfe92a35cd7";

    fn octets() -> Vec<u8> {
        hexadecimal(DIGITS).unwrap().to_vec()
    }

    fn error(content: &[u8]) -> SeedError {
        Seed::from_file(content).err().unwrap()
    }

    #[test]
    fn all_forms_of_a_seed_are_read() {
        let base64 = base64::prelude::BASE64_STANDARD.encode(octets());
        for content in [
            DIGITS.as_bytes(),
            DIGITS.to_uppercase().as_bytes(),
            format!("{DIGITS}\n").as_bytes(),
            base64.as_bytes(),
            base64.trim_end_matches('=').as_bytes(),
            format!(" {base64}\r\n").as_bytes(),
            &octets(),
        ] {
            let seed = Seed::from_file(content);
            assert!(seed.is_ok_and(|seed| seed.octets() == octets()), "{content:?}");
        }
    }

    #[test]
    fn lengths_other_than_32_octets_are_refused() {
        assert_eq!(error(b""), SeedError::Empty);
        assert_eq!(error(b" \n"), SeedError::Empty);
        assert_eq!(error(&DIGITS.as_bytes()[..62]), SeedError::Length { found: 31 });
        assert_eq!(error(&DIGITS.as_bytes()[..63]), SeedError::Form);
        assert_eq!(error(format!("{DIGITS}ab").as_bytes()), SeedError::Length { found: 33 });
        assert_eq!(error(&octets()[..31]), SeedError::Length { found: 31 });
        assert_eq!(error(&[&octets()[..], b"\n"].concat()), SeedError::Length { found: 33 });
        assert_eq!(error(&DIGITS.as_bytes()[..32]), SeedError::Length { found: 16 });
        assert_eq!(error(b"q80="), SeedError::Length { found: 2 });
    }

    #[test]
    fn what_people_make_up_is_refused() {
        let hexadecimal =
            |octets: &[u8]| crate::pki::key::SpkiHash(octets.try_into().unwrap()).to_string();
        for words in [
            &b"correct horse battery staple abc"[..],
            "gr\u{fc}\u{df}e aus der K\u{fc}che, Schatz!!".as_bytes(),
            b"01234567890123456789012345678901",
            b"\x00\x01\x02\x03\x04\x05\xffmy password is secret!!!!",
        ] {
            assert_eq!(words.len(), 32, "{words:?}");
            assert_eq!(error(hexadecimal(words).as_bytes()), SeedError::Words);
            let base64 = base64::prelude::BASE64_STANDARD.encode(words);
            assert_eq!(error(base64.as_bytes()), SeedError::Words);
        }
        assert_eq!(error(b"correct horse battery staple abc"), SeedError::Words);
        let up: Vec<u8> = (0x90..0xb0).collect();
        let half: Vec<u8> = octets()[..16].repeat(2);
        let padded = [&octets()[..27], &[0; 5]].concat();
        let steps: Vec<u8> = (0..32_u8).map(|n| n.wrapping_mul(37)).collect();
        for pattern in [&[0xff; 32][..], &up, &half, &padded, &steps, &[0x5a, 0xc3].repeat(16)] {
            assert_eq!(error(hexadecimal(pattern).as_bytes()), SeedError::Pattern, "{pattern:?}");
        }
    }
}
