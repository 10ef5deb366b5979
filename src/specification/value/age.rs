//! Recipients of age, to which private keys at rest are encrypted.

use age_core::primitives::bech32_decode;
use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey, X25519};

use super::text::text_value;
use crate::diagnostic::literal;

text_value! {
    /// X25519 recipient of age, as `age-keygen` prints it: `age1` and 58 letters and digits.
    AgeRecipient, check,
    { "pattern": "^age1[02-9ac-hj-np-z]{58}$" }
}

const AS_PRINTED: &str =
    "write the recipient as `age-keygen` prints it behind `public key:`, or `age-keygen -y FILE`";

fn check(text: &str) -> Result<(), String> {
    if text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
        return Err(format!(
            "this is an age identity, which is a private key and must not be in a spec\n{AS_PRINTED}; \
             make a new identity if others could read this one"
        ));
    }
    let refused =
        |why: &str| Err(format!("{} is not an age recipient: {why}\n{AS_PRINTED}", literal(text)));
    if text.starts_with("ssh-") {
        return refused("it is an SSH key");
    }
    if text.split([',', ' ', '\n']).filter(|part| part.starts_with("age1")).count() > 1 {
        return refused("there are several, and each one is a string of the list");
    }
    if text != text.trim() {
        return refused("there is white space around it");
    }
    if text.starts_with("AGE1") {
        return refused("it has capital letters");
    }
    let Some(data) = text.strip_prefix("age1") else {
        return refused("it does not start with `age1`");
    };
    if data.contains('1') {
        return refused(
            "it is one of a plugin or a post-quantum one, which mtlsgen does not write",
        );
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return refused("it has capital letters");
    }
    let octets = bech32_decode(text, drop, |_| Ok(()), |_, octets| Ok(octets.collect::<Vec<u8>>()));
    match octets {
        Err(()) => refused("its checksum is wrong, so a letter is missing or changed"),
        Ok(octets) if octets.len() != 32 => refused("it is not 32 octets long"),
        Ok(octets) if !is_sound(&octets) => {
            refused("files encrypted to it can be decrypted without a key")
        }
        Ok(_) => Ok(()),
    }
}

/// Whether the public key is not one of the few with a constant shared secret (RFC 7748, section 6.1).
fn is_sound(octets: &[u8]) -> bool {
    let any = PrivateKey::from_private_key(&X25519, &[0x42; 32]).expect("32 octets are a key");
    agreement::agree(&any, UnparsedPublicKey::new(&X25519, octets), (), |_| Ok(())).is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::text::check;
    use super::*;

    #[test]
    fn recipients_are_what_age_keygen_prints() {
        check::<AgeRecipient>(
            &["age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa"],
            &[
                ("", "does not start with `age1`"),
                (
                    "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pq",
                    "checksum is wrong",
                ),
                (
                    "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7p",
                    "checksum is wrong",
                ),
                (
                    "age1T7RXYEV2Z3RW82STDLRREPYC39NVN86L5078ZQKF5UASDY86JP6SVPY7PA",
                    "capital letters",
                ),
                (
                    "age1yubikey1q2w7u3vpya839jxxuq8g0sedh3d740d4xvn639sqhr95ejj8vu3hyfumptt",
                    "of a plugin",
                ),
                ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA alice", "an SSH key"),
                ("AGE1T7RXYEV2Z3RW82STDLRREPYC39NVN86L5078ZQKF5UASDY86JP6SVPY7PA", "capital"),
                ("age1qqqqqqqqqqqqqyp9skm,age1qqqqqqqqqqqqqyp9skm", "there are several"),
                ("age1qqqqqqqqqqqqqyp9skm\nage1qqqqqqqqqqqqqyp9skm", "there are several"),
                (" age1qqqqqqqqqqqqqyp9skm", "white space around it"),
                ("alice", "does not start with `age1`"),
                // Thirty-two octets of zero, and eight of them.
                (
                    "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z",
                    "decrypted without a key",
                ),
                ("age1qqqqqqqqqqqqqyp9skm", "not 32 octets long"),
            ],
        );
    }

    #[test]
    fn an_identity_is_refused_without_being_shown() {
        let identity = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";
        for text in [identity.to_owned(), identity.to_lowercase()] {
            let error = text.parse::<AgeRecipient>().unwrap_err();
            assert!(
                error.starts_with("this is an age identity") && !error.contains("GQ97"),
                "{error}"
            );
            assert!(!error.contains("gq97"), "{error}");
        }
    }
}
