//! How large an object may become by patches.

use std::cell::Cell;

use serde_json::Value;

/// Octets of one object; an API server takes 1.5 MiB.
pub(super) const OBJECT: usize = 16 << 20;
/// Octets that the operations of one patch may copy and move.
pub(super) const HANDLED: usize = 64 * OBJECT;
/// How deep it may be, which is what readers of JSON take.
const DEPTH: usize = 128;
/// Octets that all patches may add to all objects of a run, and more for each object.
const RUN: usize = 64 << 20;
const RUN_EACH: usize = 256 << 10;

/// About how much memory the value takes, in octets.
///
/// # Errors
/// It is deeper than an object may be.
pub(super) fn of(value: &Value) -> Result<usize, String> {
    below(value, 0)
}

/// The same of a value that lies at that depth.
///
/// # Errors
/// It would reach deeper than an object may.
pub(super) fn below(value: &Value, depth: usize) -> Result<usize, String> {
    if depth > DEPTH {
        return Err(format!("the object would be deeper than {DEPTH} fields"));
    }
    let own = std::mem::size_of::<Value>();
    Ok(match value {
        Value::String(text) => own.saturating_add(text.len()),
        Value::Array(items) => items.iter().try_fold(own, |sum, item| {
            Ok::<_, String>(sum.saturating_add(below(item, depth + 1)?))
        })?,
        Value::Object(map) => map.iter().try_fold(own, |sum, (key, item)| {
            Ok::<_, String>(
                sum.saturating_add(2 * own + key.len()).saturating_add(below(item, depth + 1)?),
            )
        })?,
        _ => own,
    })
}

pub(super) fn too_large() -> String {
    format!("the object would be larger than {} MiB", OBJECT >> 20)
}

/// What patches added to all objects so far.
#[derive(Default)]
pub(super) struct Growth {
    objects: Cell<usize>,
    octets: Cell<usize>,
}

impl Growth {
    /// Counts an object that patches made, or says that there is too much of them by now.
    pub(super) fn count(&self, before: &Value, after: &Value) -> Result<(), String> {
        let (before, after) = (of(before)?, of(after)?);
        self.objects.set(self.objects.get().saturating_add(1));
        self.octets.set(self.octets.get().saturating_add(after.saturating_sub(before)));
        let most = RUN.saturating_add(RUN_EACH.saturating_mul(self.objects.get()));
        if after > OBJECT.max(before) {
            return Err(too_large());
        }
        if self.octets.get() > most {
            return Err(format!("patches add more than {} MiB to all objects", most >> 20));
        }
        Ok(())
    }
}
