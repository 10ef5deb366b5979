//! Characters that end a line in YAML 1.1 (section 5.4), and with it a comment, and are text in YAML 1.2.

use super::{Text, fault};
use crate::yaml::fault::{Fault, FaultKind};

/// The first of them.
pub(super) fn first(text: Text<'_>) -> Option<Fault> {
    let mut characters = text.whole.char_indices();
    let (at, found) =
        characters.find(|(_, found)| matches!(found, '\u{85}' | '\u{2028}' | '\u{2029}'))?;
    Some(fault(FaultKind::LineBreak(found), text.place(at..at + found.len_utf8())))
}
