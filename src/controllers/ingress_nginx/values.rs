//! Which values the controller accepts: its validators (`internal/ingress/annotations/parser/validators.go` and the
//! `Validator` of each annotation), no more liberal than they are.
//!
//! They are on unless the controller is started with `--enable-annotation-validation=false`. What they refuse is
//! ignored, denies the location or drops the whole Ingress, as the annotation has it; where they are off, it goes
//! into nginx's configuration, so that no class of the table holds for it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex_lite::Regex;

/// Values of an annotation.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// Any value.
    Anything,
    /// What Go's `strconv.ParseBool` takes.
    Boolean,
    /// What Go's `strconv.Atoi` takes.
    Integer,
    /// Addresses and networks, separated by commas.
    Addresses,
    /// One of these words.
    Words(&'static [&'static str]),
    /// One of these words, in capitals or not.
    AnyCase(&'static [&'static str]),
    /// ASCII letters, digits and these signs.
    Of(&'static str),
    /// The same and spaces.
    Spaced(&'static str),
    /// What the whole of this expression matches.
    Pattern(&'static str),
}

impl Values {
    /// Whether a value is one of them; the controller does not look at empty ones.
    pub fn has(self, value: &str) -> bool {
        let is_of = |signs: &str| {
            value.chars().all(|sign| sign.is_ascii_alphanumeric() || signs.contains(sign))
        };
        let trimmed = value.trim();
        value.is_empty()
            || match self {
                Self::Anything => true,
                Self::Boolean => boolean(value).is_some(),
                Self::Integer => value.parse::<i64>().is_ok(),
                Self::Addresses => value.split(',').all(is_address),
                Self::Words(words) => words.contains(&trimmed),
                Self::AnyCase(words) => words.iter().any(|word| word.eq_ignore_ascii_case(trimmed)),
                Self::Of(signs) => is_of(signs),
                Self::Spaced(signs) => value.chars().all(|sign| {
                    sign == ' ' || sign.is_ascii_alphanumeric() || signs.contains(sign)
                }),
                Self::Pattern(pattern) => matches(pattern, value),
            }
    }
}

/// Whether the whole of an expression of the table matches; each is compiled once.
fn matches(pattern: &'static str, value: &str) -> bool {
    static COMPILED: LazyLock<Mutex<HashMap<&'static str, Option<Regex>>>> =
        LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let compile = || Regex::new(&format!("^(?:{pattern})$")).ok();
    let pattern = compiled.entry(pattern).or_insert_with(compile);
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(value))
}

/// What Go's `strconv.ParseBool` makes of it.
pub fn boolean(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Some(true),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// An address, with or without the length of a prefix.
fn is_address(text: &str) -> bool {
    let (address, length) = match text.trim().split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text.trim(), None),
    };
    let longest = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    length.is_none_or(|length| length.parse::<u8>().is_ok_and(|length| length <= longest))
}
