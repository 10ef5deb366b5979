//! Keeps private keys, seeds, passwords and tokens that were pasted into a spec out of every message.

mod secrets;

use std::borrow::Cow;
use std::ops::Range;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const PRIVATE: &str = "PRIVATE KEY-----";
/// How identities of age begin.
const IDENTITY: &str = "AGE-SECRET-KEY-";
const SHOWN: &str = "(private key, not shown)";
/// What replaces all other secrets.
const HIDDEN: &str = "(not shown)";
/// A seed has 64 hexadecimal digits or 43 characters of base64; a few may have got lost.
const SHORTEST_SEED: usize = 40;
/// How far before a line the start of a PEM block is looked for.
const REACH: usize = 32 * 1024;

/// `text` with every PEM block of a private key replaced, whole or cut off, and every word that looks like a seed, a
/// hash of a password or a token.
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    match without_private_keys(text) {
        Cow::Borrowed(text) => replaced(text, &secrets::words(text)),
        Cow::Owned(text) => Cow::Owned(replaced(&text, &secrets::words(&text)).into_owned()),
    }
}

/// `words` of a message about the lines at `lines` of `text`: what looks secret there appears in it nowhere.
pub fn masked_beside<'w>(words: &'w str, text: &str, lines: Range<usize>) -> Cow<'w, str> {
    let mut masked = masked(words);
    for secret in secrets_at(text, lines) {
        if let Some(cleaned) = without(&masked, secret) {
            masked = Cow::Owned(cleaned);
        }
    }
    masked
}

/// `words` without `secret`, also where it is cut off; `None` if it is not there.
fn without(words: &str, secret: &str) -> Option<String> {
    /// Shorter ones are parts of anything.
    const SHORTEST: usize = 3;
    let is_start = |part: &str| {
        let part = part.strip_suffix('…').unwrap_or_default();
        part.chars().count() >= SHORTEST && secret.starts_with(part)
    };
    if secret.chars().count() < SHORTEST {
        return None;
    }
    let is_there = words.contains(secret) || words.split('`').any(is_start);
    let clean = |part: &str| {
        if is_start(part) { HIDDEN.to_owned() } else { part.replace(secret, HIDDEN) }
    };
    is_there.then(|| words.split('`').map(clean).collect::<Vec<_>>().join("`"))
}

/// `message` without the literals between backticks that contain a word of `text`.
#[must_use]
pub fn without_words_of(text: &str, message: &str) -> String {
    let words = |part: &str| -> Vec<String> {
        let is_end = |character: char| !character.is_alphanumeric();
        part.split(is_end).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let known: std::collections::BTreeSet<String> = words(text).into_iter().collect();
    let is_of_text = |part: &str| {
        text.contains(part) && part.chars().any(char::is_alphanumeric)
            || part.contains('…')
            || words(part).iter().any(|word| known.contains(word))
    };
    let parts = message
        .split('`')
        .enumerate()
        .map(|(at, part)| if at % 2 == 1 && is_of_text(part) { HIDDEN } else { part });
    parts.collect::<Vec<_>>().join("`")
}

fn replaced<'t>(text: &'t str, secrets: &[Range<usize>]) -> Cow<'t, str> {
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for secret in secrets {
        masked.push_str(&text[at..secret.start]);
        masked.push_str(HIDDEN);
        at = secret.end;
    }
    masked.push_str(&text[at..]);
    Cow::Owned(masked)
}

/// `text` with every private key replaced.
fn without_private_keys(text: &str) -> Cow<'_, str> {
    let Some(block) = private_key(text) else { return Cow::Borrowed(text) };
    let rest = without_private_keys(&text[block.end..]);
    Cow::Owned(format!("{}{SHOWN}{rest}", &text[..block.start]))
}

/// The first private key: a PEM block, or an identity of age.
fn private_key(text: &str) -> Option<Range<usize>> {
    let found = [pem_block(text), age_identity(text)];
    found.into_iter().flatten().min_by_key(|range| range.start)
}

/// The first identity of age, in capital or small letters (<https://c2sp.org/age>).
fn age_identity(text: &str) -> Option<Range<usize>> {
    let is_start = |at: &usize| {
        let start = text.as_bytes().get(*at..at + IDENTITY.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(IDENTITY.as_bytes()))
    };
    let start = text.match_indices(['A', 'a']).map(|(at, _)| at).find(is_start)?;
    let rest = &text[start + IDENTITY.len()..];
    let is_end = |character: char| !character.is_ascii_alphanumeric() && character != '-';
    let end = rest.find(is_end).unwrap_or(rest.len());
    // What only names the form of identities is none.
    if end == 0 {
        age_identity(rest).map(|range| shifted(range, text.len() - rest.len()))
    } else {
        Some(start..start + IDENTITY.len() + end)
    }
}

fn shifted(range: Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

/// The first PEM block of a private key; up to the end of the text if it is not closed.
fn pem_block(text: &str) -> Option<Range<usize>> {
    let (start, _) =
        text.match_indices(BEGIN).find(|(at, _)| is_private(&text[*at + BEGIN.len()..]))?;
    let end = text[start..].find(END).map_or(text.len(), |at| {
        let end = start + at + END.len();
        text[end..].find("-----").map_or(text.len(), |close| end + close + 5)
    });
    Some(start..end)
}

/// Whether the label of the PEM block that goes on with `rest` names a private key.
fn is_private(rest: &str) -> bool {
    rest.find("-----").is_some_and(|end| rest[..end + 5].ends_with(PRIVATE))
}

/// Whether `word` has the form of a seed, or of most of one: hexadecimal digits or base64.
#[must_use]
pub fn is_like_seed(word: &str) -> bool {
    let has = |fits: fn(&u8) -> bool| word.bytes().any(|byte| fits(&byte));
    let is_hexadecimal = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_base64 = word.bytes().all(is_in_base64)
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase);
    word.len() >= SHORTEST_SEED && (is_hexadecimal || is_base64)
}

fn is_in_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
}

/// Whether any of the lines at `lines` in `text` must not be shown.
pub fn touches_secret(text: &str, lines: Range<usize>) -> bool {
    names_seed(&text[lines.clone()])
        || !secrets_at(text, lines.clone()).is_empty()
        || touches_private_key(text, lines)
}

/// What looks secret in the lines at `lines` of `text`.
fn secrets_at(text: &str, lines: Range<usize>) -> Vec<&str> {
    let mut found = Vec::new();
    let before = text[..lines.start].lines().next_back().unwrap_or_default();
    let mut is_value = secrets::opens_value(before);
    for line in text[lines].lines() {
        if is_value {
            found.extend(Some(secrets::bare(line)).filter(|value| !value.is_empty()));
        }
        let ranges = secrets::words(line).into_iter().chain(secrets::values(line));
        found.extend(ranges.map(|range| &line[range]));
        is_value |= secrets::opens_value(line);
    }
    found
}

/// Whether a line speaks of a seed and has one in it. Digests look like seeds, and stand elsewhere.
fn names_seed(lines: &str) -> bool {
    // An equals sign also separates a key and its value.
    let is_end =
        |character: char| character == '=' || !u8::try_from(character).is_ok_and(is_in_base64);
    lines.lines().any(|line| {
        let mut words = line.split(is_end);
        line.to_ascii_lowercase().contains("seed") && words.any(is_like_seed)
    })
}

/// Whether any of the lines at `lines` in `text` belongs to a private key.
fn touches_private_key(text: &str, lines: Range<usize>) -> bool {
    let mut from = lines.start.saturating_sub(REACH);
    while !text.is_char_boundary(from) {
        from -= 1;
    }
    let near = &text[from..lines.end];
    let mut at = 0;
    while let Some(block) = private_key(&near[at..]) {
        if from + at + block.end > lines.start {
            return true;
        }
        at += block.end;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----";

    #[test]
    fn private_keys_are_masked_and_certificates_are_not() {
        assert_eq!(masked(&format!("a {KEY} b {KEY}")), format!("a {SHOWN} b {SHOWN}"));
        assert_eq!(masked("-----BEGIN PRIVATE KEY-----\\nMIIE"), SHOWN);
        let certificate = "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----";
        assert_eq!(masked(certificate), certificate);
        assert_eq!(masked("expected `PRIVATE KEY`"), "expected `PRIVATE KEY`");
    }

    #[test]
    fn identities_of_age_are_masked() {
        for identity in
            ["AGE-SECRET-KEY-1GQ9778VQX", "age-secret-key-1gq9778vqx", "AGE-SECRET-KEY-PQ-1ABC"]
        {
            assert_eq!(masked(&format!("a {identity} b {KEY}")), format!("a {SHOWN} b {SHOWN}"));
            assert_eq!(masked(&format!("{KEY}\n{identity}")), format!("{SHOWN}\n{SHOWN}"));
            let text = format!("recipients = [\"{identity}\"]\nb = 2\n");
            assert!(touches_private_key(&text, 0..text.len() - 7));
            assert!(!touches_private_key(&text, text.len() - 6..text.len()));
        }
        assert_eq!(masked("begins with `AGE-SECRET-KEY-`, é"), "begins with `AGE-SECRET-KEY-`, é");
        assert_eq!(
            masked("AGE-SECRET-KEY-? AGE-SECRET-KEY-1A"),
            format!("AGE-SECRET-KEY-? {SHOWN}")
        );
    }

    #[test]
    fn lines_with_a_seed_are_recognised() {
        const DIGITS: &str = "d6b9a7f14e02c5883bfa1d60977ce3254a8f10dd5b36e9c271048bfe92a35cd7";
        const BASE64: &str = "1rmn8U4CxYg7+h1gl3zjJUqPEN1bNunCcQSL/pKjXNc=";
        let is_secret = |text: &str| touches_secret(text, 0..text.len());
        for seed in [DIGITS, &DIGITS.to_uppercase(), &DIGITS[1..], BASE64, &BASE64[..43]] {
            for before in ["seed = \"", "  seedFile: ", "store.seed=", "store: {Seed: ", "seed=["] {
                assert!(is_secret(&format!("{before}{seed}")), "{before}{seed}");
                assert!(is_secret(&format!("{before}{seed}\"]}}")), "{before}{seed}");
            }
            assert!(!is_secret(&format!("image = \"a@sha256:{seed}\"")), "{seed}");
        }
        assert!(!is_secret("seedFile = \"/home/ann/secrets/production/mtlsgen/the/seed.txt\""));
        assert!(!is_secret("seedFile = \"a-very-long-name-of-the-seed-of-production-2026\""));
        assert!(!is_like_seed("home/ann/secrets/production/mtlsgen/seeds/one"));
    }

    #[test]
    fn a_line_inside_a_key_is_recognised() {
        let text = format!("a = 1\nkey = \"\"\"\n{KEY}\n\"\"\"\nb = 2\n");
        let body = text.find("MHcCAQ").unwrap();
        assert!(touches_private_key(&text, body..body + 6));
        assert!(!touches_private_key(&text, 0..5));
        let after = text.find("b = 2").unwrap();
        assert!(!touches_private_key(&text, after..after + 5));
    }
}
