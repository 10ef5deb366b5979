//! Words of commands that messages propose, as a shell takes them.

use super::is_unsafe;

/// A word as a shell takes it.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@%+".contains(c);
    let is_plain = !word.is_empty() && word.chars().all(plain);
    if is_plain {
        word.to_owned()
    } else if !word.contains(is_unsafe) {
        format!("'{}'", word.replace('\'', r"'\''"))
    } else {
        // Invisible and control characters are written in octets, as bash, ksh and zsh read them.
        let is_safe = |c: char| plain(c) || "$()[]{}*?;&|<>~#! ".contains(c);
        let mut text = String::from("$'");
        for c in word.chars() {
            if is_safe(c) {
                text.push(c);
            } else {
                text.extend(c.to_string().bytes().map(|octet| format!("\\x{octet:02x}")));
            }
        }
        text + "'"
    }
}
