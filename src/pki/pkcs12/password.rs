//! Passwords: wiped when dropped, never printed, in the two encodings of PKCS#12.

use std::fmt;

use zeroize::Zeroizing;

/// Letters and digits of generated passwords: none that look alike, five bits each.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Characters of a generated password, without hyphens: 140 bits.
const CHARACTERS: usize = 28;
/// Characters between two hyphens.
const GROUP: usize = 4;

/// A password. It can be neither printed nor copied.
pub struct Password(Zeroizing<String>, Form);

/// What PKCS#12's own derivation makes of an empty password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The terminator of a string (RFC 7292, appendix B.1).
    Text,
    /// Nothing at all: zero octets, as programs that pass no password write (Windows, Java).
    Null,
}

/// Why a text is not a password for a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordError {
    /// There is nothing in it: macOS, Firefox and others refuse such files.
    Empty,
    /// It is not UTF-8, or has a control character in it.
    NotText,
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the password is empty",
            Self::NotText => "the password is not one line of text in UTF-8",
        })
    }
}

impl Password {
    /// The first line of what a file or a person gave; empty ones are allowed, since others make such files.
    ///
    /// # Errors
    /// [`PasswordError::NotText`].
    pub fn of_line(octets: &[u8]) -> Result<Self, PasswordError> {
        let line = octets.split(|octet| *octet == b'\n').next().unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = std::str::from_utf8(line).map_err(|_| PasswordError::NotText)?;
        if text.chars().any(char::is_control) {
            return Err(PasswordError::NotText);
        }
        Ok(Self(Zeroizing::new(text.to_owned()), Form::Text))
    }

    /// As [`Password::of_line`], for a new file.
    ///
    /// # Errors
    /// Also [`PasswordError::Empty`].
    pub fn for_new_file(octets: &[u8]) -> Result<Self, PasswordError> {
        Self::of_line(octets).and_then(|password| {
            if password.0.is_empty() { Err(PasswordError::Empty) } else { Ok(password) }
        })
    }

    /// The empty one.
    #[must_use]
    pub fn empty() -> Self {
        Self(Zeroizing::default(), Form::Text)
    }

    /// The empty one as programs write it that have no password at all; `None` for any other.
    pub(super) fn as_null(&self) -> Option<Self> {
        self.0.is_empty().then(|| Self(Zeroizing::default(), Form::Null))
    }

    /// Makes a password of 140 random bits, in ASCII that can be typed: `k3vq-…`.
    pub fn generate(random: &mut dyn FnMut(&mut [u8])) -> Self {
        let mut octets = Zeroizing::new([0; CHARACTERS]);
        random(&mut *octets);
        let mut text = Zeroizing::new(String::with_capacity(CHARACTERS + CHARACTERS / GROUP));
        for (index, octet) in octets.iter().enumerate() {
            if index > 0 && index % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[usize::from(octet % 32)]));
        }
        Self(text, Form::Text)
    }

    /// The password and a line end: what its file holds.
    #[must_use]
    pub fn to_line(&self) -> Zeroizing<String> {
        let mut line = Zeroizing::new(String::with_capacity(self.0.len() + 1));
        line.push_str(&self.0);
        line.push('\n');
        line
    }

    /// Whether every program reads it the same way.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    /// What PBKDF2 takes: UTF-8.
    pub(super) fn utf8(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// What PKCS#12's own derivation takes: UTF-16, big-endian, with its terminator (RFC 7292,
    /// appendix B.1).
    pub(super) fn utf16(&self) -> Zeroizing<Vec<u8>> {
        if self.1 == Form::Null {
            return Zeroizing::default();
        }
        let mut octets = Zeroizing::new(Vec::with_capacity(4 * self.0.len() + 2));
        for unit in self.0.encode_utf16().chain([0]) {
            octets.extend_from_slice(&unit.to_be_bytes());
        }
        octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_passwords_are_long_typable_and_never_alike() {
        let mut count = 0;
        let mut random = |octets: &mut [u8]| {
            for octet in octets {
                count += 37;
                *octet = u8::try_from(count % 256).unwrap();
            }
        };
        let [one, two] = [0, 1].map(|_| Password::generate(&mut random).to_line());
        assert_ne!(one, two);
        assert_eq!(one.len(), 28 + 6 + 1);
        assert!(
            one.trim_end()
                .split('-')
                .all(|group| group.len() == 4 && group.bytes().all(|c| ALPHABET.contains(&c)))
        );
    }

    #[test]
    fn the_first_line_counts() {
        for text in [&b"secret"[..], b"secret\n", b"secret\r\nsecond"] {
            assert_eq!(Password::for_new_file(text).unwrap().utf8(), b"secret");
        }
        assert_eq!(Password::for_new_file(b"\n").unwrap_err(), PasswordError::Empty);
        assert!(Password::of_line(b"").is_ok());
        assert_eq!(Password::of_line(b"a\x07").unwrap_err(), PasswordError::NotText);
        assert_eq!(Password::of_line(b"\xFF").unwrap_err(), PasswordError::NotText);
        assert_eq!(format!("{:?}", Password::of_line(b"secret").unwrap()), "Password");
    }
}
