//! How much text and how many lists one rendering may make.
//!
//! The engine counts steps only, and one step can double a text. So everything that makes text or lists is charged here
//! before it is made: operators (`guarded` rewrites them to the functions below), filters, captures and output.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind};

/// Octets that one rendering may make.
const OCTETS: u64 = 64 << 20;
/// More for each thing in the model that a template can loop over.
const OCTETS_EACH: u64 = 1 << 20;
/// How often a rendering may look at as much as it may make.
const READINGS: u64 = 32;
/// What an element of a list or a mapping takes beside its own text.
const ELEMENT: u64 = 32;
/// How deep values may hold one another.
const DEPTH: u64 = 128;
/// How the message begins; `error` recognises it.
pub(super) const EXHAUSTED: &str = "it makes more text and lists than one rendering may";

/// What is left for one rendering.
#[derive(Debug)]
pub(super) struct Budget {
    limit: AtomicU64,
    used: AtomicU64,
    /// Octets that were looked at, which takes time and no room.
    read: AtomicU64,
}

impl Budget {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            limit: AtomicU64::new(OCTETS),
            used: AtomicU64::new(0),
            read: AtomicU64::new(0),
        })
    }

    /// Scales the budget by the size of the model.
    pub(super) fn scale(&self, things: u64) {
        let limit = OCTETS.saturating_add(OCTETS_EACH.saturating_mul(things));
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// Begins a rendering.
    pub(super) fn restart(&self) {
        self.used.store(0, Ordering::Relaxed);
        self.read.store(0, Ordering::Relaxed);
    }

    /// Takes `octets` that are looked at from those that one rendering may look at.
    pub(super) fn look(&self, octets: u64) -> Result<(), Error> {
        let before = self.read.fetch_add(octets, Ordering::Relaxed);
        let limit = self.limit.load(Ordering::Relaxed).saturating_mul(READINGS);
        if before.saturating_add(octets) <= limit { Ok(()) } else { Err(self.exhausted()) }
    }

    /// Takes `octets` from what is left.
    pub(super) fn charge(&self, octets: u64) -> Result<(), Error> {
        let before = self.used.fetch_add(octets, Ordering::Relaxed);
        if before.saturating_add(octets) <= self.limit.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.used.fetch_sub(octets, Ordering::Relaxed);
        Err(self.exhausted())
    }

    /// Refuses what would take more than what is left, and takes nothing.
    pub(super) fn allow(&self, octets: u64) -> Result<(), Error> {
        if octets <= self.left() { Ok(()) } else { Err(self.exhausted()) }
    }

    /// How many octets the value takes when it is written out, if that is allowed.
    pub(super) fn written(&self, value: &Value) -> Result<u64, Error> {
        let mut left = self.left();
        let limit = left;
        spend(value, 0, &mut left).ok_or_else(|| self.exhausted())?;
        self.look(limit - left)?;
        Ok(limit - left)
    }

    /// How many octets a text or list takes that was just made; what its elements hold was charged with them.
    pub(super) fn own_size(&self, value: &Value) -> Result<u64, Error> {
        Ok(match value.kind() {
            ValueKind::String => octets(value.as_str().map_or(0, str::len)),
            ValueKind::Seq | ValueKind::Iterable | ValueKind::Map => {
                self.length(value)?.saturating_mul(ELEMENT)
            }
            _ => 0,
        })
    }

    /// As [`Budget::own_size`], with the rows that a list of lists has.
    pub(super) fn size_with_rows(&self, value: &Value) -> Result<u64, Error> {
        let mut size = self.own_size(value)?;
        if value.kind() != ValueKind::String {
            for row in value.try_iter().into_iter().flatten() {
                let row = if row.kind() == ValueKind::String { 0 } else { self.own_size(&row)? };
                size = size.saturating_add(row);
                self.allow(size)?;
            }
        }
        Ok(size)
    }

    /// Number of elements; those of a list that does not know are counted, as far as there is room for them.
    pub(super) fn length(&self, value: &Value) -> Result<u64, Error> {
        if let Some(length) = value.len() {
            return Ok(octets(length));
        }
        let Ok(elements) = value.try_iter() else { return Ok(0) };
        let most = self.left() / ELEMENT;
        let counted = elements.take(usize::try_from(most).unwrap_or(usize::MAX).saturating_add(1));
        let counted = octets(counted.count());
        if counted > most { Err(self.exhausted()) } else { Ok(counted) }
    }

    fn left(&self) -> u64 {
        let limit = self.limit.load(Ordering::Relaxed);
        limit.saturating_sub(self.used.load(Ordering::Relaxed))
    }

    fn exhausted(&self) -> Error {
        let limit = self.limit.load(Ordering::Relaxed) >> 20;
        Error::new(ErrorKind::InvalidOperation, format!("{EXHAUSTED}: {limit} MiB"))
    }
}

pub(super) fn octets(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Takes from `left` what the value takes when written out; `None` if that is not enough. Lists that hold the same
/// list many times are as long as what is written of them.
fn spend(value: &Value, depth: u64, left: &mut u64) -> Option<()> {
    let mut take = |octets: u64| {
        *left = left.checked_sub(octets)?;
        Some(())
    };
    match value.kind() {
        ValueKind::String => take(octets(value.as_str().map_or(0, str::len))),
        ValueKind::Bytes => take(octets(value.as_bytes().map_or(0, <[u8]>::len)).saturating_mul(4)),
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map if depth < DEPTH => {
            let is_map = value.kind() == ValueKind::Map;
            for element in value.try_iter().into_iter().flatten() {
                *left = left.checked_sub(ELEMENT + 4 * depth)?;
                spend(&element, depth + 1, left)?;
                if is_map && let Ok(entry) = value.get_item(&element) {
                    spend(&entry, depth + 1, left)?;
                }
            }
            Some(())
        }
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map => None,
        _ => take(ELEMENT),
    }
}
