//! Reads names from text: RFC 4514, or openssl's `/CN=a/O=b`.

use std::str::Chars;

use x509_cert::attr::AttributeTypeAndValue;

use super::attribute::{encode, encode_der};
use super::{NameError, Rdn};

/// Reads a whole name; the RDNs come in encoded order.
pub(super) fn parse(text: &str) -> Result<Vec<Rdn>, NameError> {
    if text.trim().is_empty() {
        return Err(NameError::new(
            "the subject is empty",
            "write `CN=name`, or `/` for a subject without any attribute",
        ));
    }
    if let Some(control) = text.chars().find(|c| c.is_control()) {
        return Err(NameError::new(
            format!("the subject contains the control character `{}`", control.escape_default()),
            "write the subject on one line, without it",
        ));
    }
    if let Some(rest) = text.strip_prefix('/') {
        return slashes(rest);
    }
    let mut rdns = Rfc4514 { rest: text.chars(), whole: text }.rdns()?;
    // RFC 4514, section 2.1: the last RDN of the sequence is written first.
    rdns.reverse();
    Ok(rdns)
}

/// openssl's form after its first `/`: written and encoded from left to right, every character
/// after a backslash is itself.
fn slashes(text: &str) -> Result<Vec<Rdn>, NameError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    split(text, '/')
        .into_iter()
        .map(|rdn| split(rdn, '+').into_iter().map(slash_attribute).collect())
        .collect()
}

fn slash_attribute(part: &str) -> Result<AttributeTypeAndValue, NameError> {
    if part.is_empty() {
        return Err(NameError::new(
            "a part of the subject is empty",
            "write `/CN=name/O=organization`, and `\\/` or `\\+` for these characters in a value",
        ));
    }
    let Some((name, value)) = part.split_once('=') else {
        return Err(without_equals(part, &format!("/CN={part}"), "\\/` or `\\+"));
    };
    encode(name.trim(), &unescape(value))
}

/// Splits at each `separator` that no backslash precedes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == separator {
            parts.push(&text[start..at]);
            start = at + c.len_utf8();
        }
    }
    parts.push(&text[start..]);
    parts
}

fn unescape(value: &str) -> String {
    let mut chars = value.chars();
    let mut text = String::new();
    while let Some(c) = chars.next() {
        text.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    text
}

fn without_equals(part: &str, instead: &str, escapes: &str) -> NameError {
    NameError::new(
        format!("`{part}` in a subject has no `=`"),
        format!(
            "write `{instead}`, or `{escapes}` where the character before it belongs to a value"
        ),
    )
}

/// Reads the string representation of RFC 4514, section 3.
struct Rfc4514<'a> {
    rest: Chars<'a>,
    whole: &'a str,
}

/// The separator after a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// `,`: a further RDN.
    Rdn,
    /// `+`: a further attribute of the same RDN.
    Attribute,
    End,
}

impl Rfc4514<'_> {
    fn rdns(&mut self) -> Result<Vec<Rdn>, NameError> {
        let mut rdns = vec![Rdn::new()];
        loop {
            let name = self.name()?;
            let (attribute, next) = self.attribute(&name)?;
            if let Some(rdn) = rdns.last_mut() {
                rdn.push(attribute);
            }
            match next {
                Next::Rdn => rdns.push(Rdn::new()),
                Next::Attribute => {}
                Next::End => return Ok(rdns),
            }
        }
    }

    /// The name of an attribute and the `=` behind it.
    fn name(&mut self) -> Result<String, NameError> {
        let written = self.rest.as_str();
        let end = written.find(['=', ',', '+']).unwrap_or(written.len());
        let (name, rest) = (written[..end].trim(), &written[end..]);
        if let Some(rest) = rest.strip_prefix('=') {
            if name.is_empty() {
                return Err(NameError::new(
                    format!("`=` without an attribute before it in subject `{}`", self.whole),
                    "write `CN=name`, for example",
                ));
            }
            self.rest = rest.chars();
            return Ok(name.to_owned());
        }
        if name.is_empty() {
            return Err(NameError::new(
                format!("a part of subject `{}` is empty", self.whole),
                "write one `,` or `+` between two attributes, and none at the end",
            ));
        }
        Err(without_equals(name, &format!("CN={name}"), "\\,` or `\\+"))
    }

    fn attribute(&mut self, name: &str) -> Result<(AttributeTypeAndValue, Next), NameError> {
        let trimmed = self.rest.as_str().trim_start_matches(' ');
        if let Some(hex) = trimmed.strip_prefix('#') {
            let end = hex.find([',', '+']).unwrap_or(hex.len());
            let octets = hexadecimal(hex[..end].trim()).ok_or_else(|| {
                NameError::new(
                    format!(
                        "the value of `{name}` starts with `#`, but no hexadecimal digits follow"
                    ),
                    "write `\\#` for a value that starts with `#`",
                )
            })?;
            self.rest = hex[end..].chars();
            let next = self.next();
            return Ok((encode_der(name, &octets)?, next));
        }
        self.rest = trimmed.chars();
        let value = self.value(name)?;
        let next = self.next();
        Ok((encode(name, &value)?, next))
    }

    /// Takes the separator behind a value.
    fn next(&mut self) -> Next {
        match self.rest.next() {
            Some('+') => Next::Attribute,
            Some(_) => Next::Rdn,
            None => Next::End,
        }
    }

    /// Everything up to the next separator, unescaped, without blanks that are not escaped at its
    /// end.
    fn value(&mut self, name: &str) -> Result<String, NameError> {
        let mut value = Vec::new();
        let mut kept = 0;
        while let Some(c) = self.rest.clone().next() {
            if matches!(c, ',' | '+') {
                break;
            }
            self.rest.next();
            match c {
                '\\' => self.escaped(name, &mut value)?,
                '"' | ';' | '<' | '>' => return Err(must_be_escaped(name, c)),
                _ => value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
            if c != ' ' {
                kept = value.len();
            }
        }
        value.truncate(kept);
        String::from_utf8(value).map_err(|_| {
            NameError::new(
                format!("the escaped octets in the value of `{name}` are not UTF-8"),
                "write the characters themselves, or their UTF-8 octets such as `\\C3\\BC`",
            )
        })
    }

    /// The text after a backslash: a special character, or two hexadecimal digits.
    fn escaped(&mut self, name: &str, value: &mut Vec<u8>) -> Result<(), NameError> {
        let rest = self.rest.as_str();
        if let Some(c) = rest.chars().next().filter(|c| " \"#+,;<=>\\".contains(*c)) {
            self.rest.next();
            value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(());
        }
        let digits = rest.get(..2).and_then(hexadecimal);
        let Some(octets) = digits else {
            let wrong: String = rest.chars().take(1).collect();
            return Err(NameError::new(
                format!("`\\{wrong}` in the value of `{name}` is not an escape"),
                "write `\\\\` for a backslash, or two hexadecimal digits after it",
            ));
        };
        self.rest = rest[2..].chars();
        value.extend(octets);
        Ok(())
    }
}

fn must_be_escaped(name: &str, c: char) -> NameError {
    NameError::new(
        format!("`{c}` in the value of `{name}` must be escaped"),
        format!(
            "write `\\{c}`; a subject is not put in quotes, write `\\,` for a comma in a value"
        ),
    )
}

/// The octets of an even number of hexadecimal digits, at least two.
fn hexadecimal(digits: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = digits.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).ok()).collect()
}
