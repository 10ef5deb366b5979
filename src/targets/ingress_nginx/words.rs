//! Words that the controller's documentation proposes for `annotation-value-word-blocklist`.
//!
//! Where a cluster has that setting, an Ingress with one of them in any annotation value is skipped as a
//! whole (`docs/user-guide/nginx-configuration/configmap.md`; a plain test for substrings).

use crate::model::names::BLOCKED_WORDS;

/// Signs on the same list.
const BLOCKED_SIGNS: [&str; 4] = ["{", "}", "'", "\""];

/// A word of the list that the text contains.
#[must_use]
pub fn blocked(text: &str) -> Option<&'static str> {
    BLOCKED_WORDS.into_iter().chain(BLOCKED_SIGNS).find(|word| text.contains(word))
}

/// Where words of the list start in the text.
pub(super) fn starts_of_blocked_words(text: &str) -> Vec<usize> {
    BLOCKED_WORDS.into_iter().flat_map(|word| text.match_indices(word).map(|(at, _)| at)).collect()
}
