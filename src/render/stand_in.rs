//! The placeholder for a private key while templates and patches are judged.

use zeroize::Zeroizing;

use crate::store::SecretKey;

/// PEM of the length and form of a key's, with filler in place of the key.
pub struct StandIn(Zeroizing<String>);

impl StandIn {
    /// The placeholder for that key.
    #[must_use]
    pub fn of(key: &dyn SecretKey) -> Self {
        let mut body = false;
        let mut word = WORD.chars().cycle();
        let mut put = |c: char| match c {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '+' | '/' => word.next().unwrap_or(c),
            other => other,
        };
        let pem = key.pem();
        let mut text = Zeroizing::new(String::with_capacity(pem.len()));
        for line in pem.split_inclusive('\n') {
            let is_boundary = line.starts_with("-----");
            body = if is_boundary { line.starts_with("-----BEGIN ") } else { body };
            if body && !is_boundary {
                text.extend(line.chars().map(&mut put));
            } else {
                text.push_str(line);
            }
        }
        Self(text)
    }
}

/// Capital and small letters and digits, as base64 has them.
const WORD: &str = "NotTheKey0";

impl SecretKey for StandIn {
    fn pem(&self) -> Zeroizing<String> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::key::{KeyKind, PrivateKey};

    #[test]
    fn a_stand_in_has_the_form_of_the_key_and_nothing_else_of_it() {
        let key = PrivateKey::from_secret(KeyKind::Ed25519, &[7; 32]).unwrap().unwrap();
        let (real, stand_in) = (key.pem(), StandIn::of(&key).pem());
        let lines = |pem: &str| pem.lines().map(str::len).collect::<Vec<_>>();
        assert_eq!(lines(&real), lines(&stand_in));
        assert_eq!(real.lines().next(), stand_in.lines().next());
        assert!(stand_in.contains("\nNotTheKey0NotTheKey0") && stand_in.ends_with("KEY-----\n"));
    }
}
