//! The readers of the store's own files, for `fuzz/`: nothing else may call them from outside.

use super::record::Record;
use super::{ledger as entries, revocation};

/// Reads an entry of a ledger, and a revocation beside one.
pub fn ledger(text: &str) {
    let _ = (entries::holder(text), entries::read(text), revocation::read(text));
}

/// Reads the list of a change; what it says, written again.
#[must_use]
pub fn change(text: &str) -> Option<String> {
    Record::parse(text).map(|record| record.to_string())
}
