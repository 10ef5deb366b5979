//! How secrets look: hashes of passwords, tokens, long random words, and values of keys that speak of a secret.
//!
//! Fingerprints and digests of images look like seeds. They are recognized by what precedes them.

#[cfg(test)]
mod tests;

use std::ops::Range;

/// Words before which a long hexadecimal number is public.
const PUBLIC: [&str; 9] =
    ["spki", "sha256", "sha-256", "sha384", "sha512", "sha1", "fingerprint", "digest", "serial"];
/// A serial number has up to 20 octets (RFC 5280, section 4.1.2.2); what is longer is not a serial.
const LONGEST_SERIAL: usize = 40;
/// What is shorter is not taken for random base64.
const SHORTEST_BASE64: usize = 40;
/// How tokens of well-known services start.
const PREFIXES: [&str; 20] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gldt-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "sk_live_",
    "rk_live_",
    "sk-",
    "hvs.",
    "AIza",
    "npm_",
    "pypi-",
    "dop_v1_",
];
/// What follows such a start at least.
const SHORTEST_TOKEN: usize = 16;
/// Last words of keys whose values are secret.
const KEYS: [&str; 13] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "pass",
    "secret",
    "token",
    "seed",
    "credential",
    "credentials",
    "authorization",
    "apikey",
    "bearer",
];
/// Words before `key` in the names of keys whose values are secret.
const KEYS_BEFORE_KEY: [&str; 9] =
    ["api", "access", "secret", "encryption", "signing", "shared", "auth", "account", "master"];

/// Words of a text that are secret by their looks, in their order and apart from each other.
pub(super) fn words(text: &str) -> Vec<Range<usize>> {
    let finders = [password_hash, web_token, known_token, access_key, url_password, bearer, random];
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = finders.iter().filter_map(|find| find(text, at));
        let Some(next) = rest.min_by_key(|range| (range.start, std::cmp::Reverse(range.end)))
        else {
            break;
        };
        at = next.end;
        found.push(next);
    }
    found
}

/// The end of the run of characters from `at` on that fit.
fn run(text: &str, at: usize, fits: fn(char) -> bool) -> usize {
    text[at..].find(|character| !fits(character)).map_or(text.len(), |end| at + end)
}

/// Whether words can start at `at`: nothing that belongs to it precedes it.
fn is_start(text: &str, at: usize) -> bool {
    !text[..at].ends_with(|before: char| before.is_ascii_alphanumeric() || before == '_')
}

fn is_base64_url(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_".contains(character)
}

/// Each place from `at` on where `start` occurs.
fn starts<'t>(text: &'t str, at: usize, start: &'static str) -> impl Iterator<Item = usize> + 't {
    text[at..].match_indices(start).map(move |(offset, _)| at + offset)
}

/// A hash as in `/etc/shadow` and `.htpasswd`: `$6$SALT$HASH` (crypt(5)).
fn password_hash(text: &str, at: usize) -> Option<Range<usize>> {
    const SHORTEST: usize = 12;
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '-';
    let is_part =
        |character: char| character.is_ascii_alphanumeric() || "./$=,+-_".contains(character);
    starts(text, at, "$").find_map(|start| {
        let name = run(text, start + 1, is_name);
        let is_hash = name > start + 1 && name - start <= 16 && text[name..].starts_with('$');
        let end = run(text, name, is_part);
        (is_hash && end - name > SHORTEST).then_some(start..end)
    })
}

/// A JSON Web Token (RFC 7519): its header is an object, which `eyJ` starts in base64.
fn web_token(text: &str, at: usize) -> Option<Range<usize>> {
    starts(text, at, "eyJ").find_map(|start| {
        let header = run(text, start, is_base64_url);
        let end = run(text, start, |character| is_base64_url(character) || character == '.');
        let is_token = header - start >= 12 && text[header..].starts_with('.') && end - header > 8;
        (is_start(text, start) && is_token).then_some(start..end)
    })
}

fn known_token(text: &str, at: usize) -> Option<Range<usize>> {
    let first = |prefix: &'static str| {
        starts(text, at, prefix).find_map(|start| {
            let end = run(text, start + prefix.len(), |character| {
                is_base64_url(character) || character == '.'
            });
            let length = end - start - prefix.len();
            let rest = &text[start + prefix.len()..end];
            // `sk-` also starts names.
            let is_random = rest.bytes().any(|byte| byte.is_ascii_digit());
            (is_start(text, start) && length >= SHORTEST_TOKEN && is_random).then_some(start..end)
        })
    };
    PREFIXES.into_iter().filter_map(first).min_by_key(|range| range.start)
}

/// The identifier of an access key of AWS, beside which the key itself is.
fn access_key(text: &str, at: usize) -> Option<Range<usize>> {
    let first = |prefix| {
        starts(text, at, prefix).find_map(|start| {
            let end = run(text, start, |c| c.is_ascii_uppercase() || c.is_ascii_digit());
            (is_start(text, start) && end - start == 20).then_some(start..end)
        })
    };
    [first("AKIA"), first("ASIA")].into_iter().flatten().min_by_key(|range| range.start)
}

/// The password in `https://user:password@host`.
fn url_password(text: &str, at: usize) -> Option<Range<usize>> {
    // What was found before may lie behind the start of the address.
    text.match_indices("://").find_map(|(scheme, _)| {
        let start = scheme + 3;
        let end = run(text, start, |c| !c.is_whitespace() && !"/?#\"'`".contains(c));
        let user_end = start + text[start..end].rfind('@')?;
        let colon = start + text[start..user_end].find(':')?;
        (colon + 1 >= at && user_end > colon + 1).then_some(colon + 1..user_end)
    })
}

/// What follows `Bearer` or `Basic`, as in the header `Authorization` (RFC 6750, RFC 7617).
fn bearer(text: &str, at: usize) -> Option<Range<usize>> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    let first = |word: &'static str| {
        starts(text, at, word).find_map(|start| {
            let start = start + word.len();
            let end = run(text, start, is_token);
            let has_digit = text[start..end].bytes().any(|byte| byte.is_ascii_digit());
            (end - start >= 8 && has_digit).then_some(start..end)
        })
    };
    ["Bearer ", "bearer ", "BEARER ", "Basic ", "basic "]
        .into_iter()
        .filter_map(first)
        .min_by_key(|range| range.start)
}

/// Text that is not a natural word: long, and hexadecimal or in base64.
fn random(text: &str, at: usize) -> Option<Range<usize>> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
    let mut start = at;
    while start < text.len() {
        start += text[start..].find(is_part)?;
        let end = run(text, start, is_part);
        let found = random_part(text, start..end).filter(|range| !is_public(text, range.start));
        if let Some(range) = found {
            let padding = run(text, range.end, |character| character == '=');
            return Some(range.start..padding);
        }
        start = end;
    }
    None
}

fn random_part(text: &str, word: Range<usize>) -> Option<Range<usize>> {
    const SEPARATORS: [char; 4] = ['/', '+', '-', '_'];
    let whole = &text[word.clone()];
    // Paths and names have words, and serials in them; random octets have none of that length.
    let parts = || whole.split(SEPARATORS);
    let is_named = parts().any(is_number) || parts().filter(|part| is_word(part)).count() > 1;
    if !is_named && is_random_base64(whole) {
        return Some(word);
    }
    // The text between these may be random for itself.
    let mut start = word.start;
    text[word].split(SEPARATORS).find_map(|part| {
        let range = start..start + part.len();
        start = range.end + 1;
        (is_random_number(part) || is_random_base64(part)).then_some(range)
    })
}

/// Whether the text at `at` is said to be a digest or a serial, on its line.
fn is_public(text: &str, at: usize) -> bool {
    let line = &text[text[..at].rfind('\n').map_or(0, |end| end + 1)..at];
    let line = line.to_ascii_lowercase();
    PUBLIC.iter().any(|word| line.contains(word))
}

fn is_word(part: &str) -> bool {
    let rest = part.strip_prefix(|first: char| first.is_ascii_alphabetic());
    part.len() >= 5 && rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_lowercase()))
}

fn is_number(part: &str) -> bool {
    part.len() >= 12 && part.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether these are more hexadecimal digits than a serial has, and not a few ones over and over.
fn is_random_number(word: &str) -> bool {
    const FEWEST_DIFFERENT: usize = 6;
    let digits = word.bytes().map(|byte| byte.to_ascii_lowercase());
    let different: std::collections::BTreeSet<u8> = digits.collect();
    word.len() > LONGEST_SERIAL
        && word.bytes().all(|byte| byte.is_ascii_hexdigit())
        && different.len() >= FEWEST_DIFFERENT
}

/// Whether capital letters, small ones and digits follow each other as in random octets; in names they come in runs.
fn is_random_base64(word: &str) -> bool {
    let class = |byte: u8| match byte {
        b'0'..=b'9' => Some(0),
        b'a'..=b'z' => Some(1),
        b'A'..=b'Z' => Some(2),
        _ => None,
    };
    let classes: Vec<u8> = word.bytes().filter_map(class).collect();
    let changes = classes.windows(2).filter(|pair| pair[0] != pair[1]).count();
    word.len() >= SHORTEST_BASE64
        && [1, 2].iter().all(|class| classes.contains(class))
        && (changes * 4 > classes.len() && classes.contains(&0) || changes * 10 > classes.len() * 3)
        && !word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Values on a line whose keys say that they are secret: `password: x`, `"token": "x"`, `export API_KEY=x`.
pub(super) fn values(line: &str) -> Vec<Range<usize>> {
    let separators = line.match_indices([':', '=']).map(|(at, _)| at);
    separators
        .filter(|at| is_secret_key(key_before(&line[..*at])))
        .filter_map(|at| value(line, at + 1))
        .collect()
}

/// Whether a line says a key of a secret whose value is on the next one.
pub(super) fn opens_value(line: &str) -> bool {
    let line = line.trim_end();
    let line = line.trim_end_matches(['|', '>', '-', '+', '"', '\'', '[', ' ']);
    let key = line.strip_suffix([':', '=']);
    key.is_some_and(|key| is_secret_key(key_before(key)))
}

/// A line's text without quotes and what belongs to lists.
pub(super) fn bare(line: &str) -> &str {
    line.trim().trim_start_matches(['-', ' ']).trim_matches(['"', '\'', ',', ']'])
}

/// The key that ends a text.
fn key_before(text: &str) -> &str {
    let text = text.trim_end().trim_end_matches(['"', '\'']);
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let start = text
        .rfind(|c| !is_part(c))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    &text[start..]
}

/// The value from `at` on, without its quotes: up to the closing one, else to the end of the line.
fn value(line: &str, at: usize) -> Option<Range<usize>> {
    let start = at + line[at..].len() - line[at..].trim_start().len();
    let rest = &line[start..];
    let is_said = !rest.starts_with(['{', '[', '|', '>', '#', ',', '}', ':', '=', '/'])
        && !["null", "true", "false", "~"].contains(&rest.trim_end());
    let quote = rest.chars().next().filter(|first| ['"', '\'', '`'].contains(first));
    let (from, to) = match quote {
        Some(quote) => {
            let inner = rest[1..].trim_start_matches(quote);
            let from = start + rest.len() - inner.len();
            (from, from + inner.find(quote).unwrap_or(inner.len()))
        }
        None => (start, start + rest.trim_end().len()),
    };
    (is_said && to > from).then_some(from..to)
}

/// Whether a key says that its value is secret: by its last word, so that `secretName` and `seedFile` do not.
fn is_secret_key(key: &str) -> bool {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut was_lower = false;
    for character in key.chars() {
        let ends =
            !character.is_ascii_alphanumeric() || was_lower && character.is_ascii_uppercase();
        if ends && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_ascii_alphanumeric() {
            word.push(character.to_ascii_lowercase());
        }
        was_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["auth"] => true,
        [.., before, "key"] => KEYS_BEFORE_KEY.contains(before),
        [.., last] => {
            KEYS.contains(last)
                || ["password", "passwd", "apikey"].iter().any(|key| last.ends_with(key))
        }
        [] => false,
    }
}
