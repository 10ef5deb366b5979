//! Words that the controller's documentation proposes for `annotation-value-word-blocklist`.
//!
//! Where a cluster has that setting, an Ingress with one of them in any annotation value is skipped as a
//! whole (`docs/user-guide/nginx-configuration/configmap.md`; a plain test for substrings).

/// The proposed list.
const BLOCKLIST: [&str; 11] = [
    "load_module",
    "lua_package",
    "_by_lua",
    "location",
    "root",
    "proxy_pass",
    "serviceaccount",
    "{",
    "}",
    "'",
    "\"",
];

/// A word of the list that the text contains.
#[must_use]
pub fn blocked(text: &str) -> Option<&'static str> {
    BLOCKLIST.into_iter().find(|word| text.contains(word))
}

/// Where words of the list start in the text.
pub(super) fn starts_of_blocked_words(text: &str) -> Vec<usize> {
    let words = BLOCKLIST.into_iter().filter(|word| word.len() > 1);
    words.flat_map(|word| text.match_indices(word).map(|(at, _)| at)).collect()
}
