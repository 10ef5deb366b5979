//! Scalars that every YAML 1.1 and 1.2 reader takes for the same string.
//!
//! A string is printed plain only where no reader can take it for anything else: not the words,
//! numbers in any base, sexagesimals and dates of YAML 1.1, in any case of letters; and only from
//! characters that mean nothing in block nor in flow context. Everything else is in double
//! quotes on one line, at any length, with escapes that JSON and YAML share.

use std::borrow::Cow;

/// Words that some reader takes for a boolean, null or a special number, in any case.
const WORDS: [&str; 12] =
    ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"];

/// Appends `text` as one scalar, plain or quoted.
pub fn push(out: &mut String, text: &str) {
    if is_plain(text) {
        out.push_str(text);
    } else {
        push_quoted(out, text);
    }
}

/// `text` as one scalar, plain or quoted.
#[must_use]
pub fn scalar(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 2);
    push_quoted(&mut out, text);
    Cow::Owned(out)
}

/// Whether every reader takes `text`, unquoted, for that string and nothing else, in block and in
/// flow context, as key and as value.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some((&first, rest)) = bytes.split_first() else { return false };
    let starts_well = match first {
        b'a'..=b'z' | b'A'..=b'Z' => !is_word(text),
        b'0'..=b'9' => rest.iter().any(|byte| is_never_in_a_number(*byte)),
        // Base64 and absolute paths.
        b'/' => true,
        b'$' => rest.first().is_some_and(|next| *next == b'(' || next.is_ascii_alphabetic()),
        b'_' | b'(' | b'^' => rest.first().is_some_and(u8::is_ascii_alphabetic),
        // Options such as `--verbose`; `-x` may be a number, `---` a document.
        b'-' => rest.first() == Some(&b'-') && rest.get(1).is_some_and(u8::is_ascii_alphabetic),
        _ => false,
    };
    starts_well && is_plain_inside(bytes)
}

/// Whether no byte of a plain scalar has a meaning in block or flow context.
fn is_plain_inside(bytes: &[u8]) -> bool {
    // Most texts are of such bytes alone, and long ones (base64) nearly always.
    let mut chunks = bytes.chunks(64);
    chunks.all(|chunk| chunk.iter().fold(true, |all, byte| all & means_nothing(*byte)))
        || is_plain_in_context(bytes)
}

fn is_plain_in_context(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(at, byte)| {
        means_nothing(*byte)
            || match byte {
                // `key: value`, and `key:` at the end.
                b':' => bytes
                    .get(at + 1)
                    .is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'/'),
                b' ' => bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric),
                _ => false,
            }
    })
}

/// Whether a byte has no meaning anywhere inside a plain scalar. Comparisons alone, so that the compiler judges many
/// bytes at once.
const fn means_nothing(byte: u8) -> bool {
    let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let is_digit = byte.wrapping_sub(b'0') < 10;
    // From `(` to `/`.
    let is_mark = byte.wrapping_sub(b'(') < 8 && byte != b'*' && byte != b',';
    let is_other = byte == b'_' || byte == b'@' || byte == b'$' || byte == b'=';
    is_letter || is_digit || is_mark || is_other || byte == b'~' || byte == b'^' || byte == b';'
}

fn is_word(text: &str) -> bool {
    text.len() <= 8 && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Letters that occur in no number of any base, no exponent, no date: with one of them, a text that
/// starts with a digit is a string to every reader.
fn is_never_in_a_number(byte: u8) -> bool {
    matches!(byte, b'g'..=b'z' | b'G'..=b'Z')
        && !matches!(
            byte.to_ascii_lowercase(),
            b'i' | b'j' | b'n' | b'o' | b'p' | b't' | b'x' | b'z'
        )
}

/// Appends `text` in double quotes.
pub fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    let mut done = 0;
    for (at, character) in text.char_indices() {
        let escape: &str = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            ' '..='~' => continue,
            character if is_unsafe(character) => "",
            _ => continue,
        };
        out.push_str(&text[done..at]);
        done = at + character.len_utf8();
        if escape.is_empty() {
            push_code_point(out, character);
        } else {
            out.push_str(escape);
        }
    }
    out.push_str(&text[done..]);
    out.push('"');
}

/// Characters that some reader refuses or folds, or that people cannot see: controls, separators
/// that YAML 1.1 takes for line ends, marks that change the direction of what follows, non-characters.
/// All of them lie in the Basic Multilingual Plane, so that four digits are enough.
pub(crate) fn is_unsafe(character: char) -> bool {
    matches!(character,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{a0}' | '\u{ad}' | '\u{61c}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{2060}'..='\u{206f}'
        | '\u{fdd0}'..='\u{fdef}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}')
}

fn push_code_point(out: &mut String, character: char) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push_str("\\u");
    let code = character as usize;
    for shift in [12, 8, 4, 0] {
        out.push(char::from(DIGITS[(code >> shift) & 0xf]));
    }
}

/// Appends a number so that YAML 1.1 readers take it for one: those want a point and a signed
/// exponent where JSON needs neither.
pub fn push_number(out: &mut String, number: &serde_json::Number) {
    let text = number.to_string();
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        out.push_str(&text);
        return;
    };
    out.push_str(mantissa);
    if !mantissa.contains('.') {
        out.push_str(".0");
    }
    out.push('e');
    if !exponent.starts_with(['-', '+']) {
        out.push('+');
    }
    out.push_str(exponent);
}

/// The text as a literal block's header and lines, where every reader gives back exactly that text:
/// several lines of visible characters, none of them ending in a blank, and at most one line end
/// behind the last.
pub(super) fn literal(text: &str) -> Option<(&'static str, std::str::Lines<'_>)> {
    let (header, body) = match text.strip_suffix('\n') {
        Some(body) => ("|", body),
        None => ("|-", text),
    };
    let fits = body.contains('\n')
        && !body.starts_with([' ', '\n'])
        && !body.ends_with('\n')
        && body.split('\n').all(is_literal_line);
    fits.then(|| (header, text.lines()))
}

fn is_literal_line(line: &str) -> bool {
    !line.ends_with(' ') && line.chars().all(|character| !is_unsafe(character))
}
