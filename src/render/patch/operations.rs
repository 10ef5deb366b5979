//! RFC 6902 (JSON Patch).

use json_patch::{PatchErrorKind, PatchOperation};
use serde_json::Value;

use super::size;

/// Reads a list of operations, or says which one is wrong.
pub(super) fn read(patch: &Value) -> Result<Vec<PatchOperation>, String> {
    let items = patch.as_array().map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        return Err("the patch is an empty list".to_owned());
    }
    items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            serde_json::from_value(item.clone()).map_err(|error| {
                format!(
                    "operation {}: {error} (RFC 6902: `op`, `path` such as `/spec/replicas`, and `value` or `from`)",
                    index + 1
                )
            })
        })
        .collect()
}

/// Applies all operations, or says which one failed and why; the object is then as it was. None of them makes the
/// object larger or deeper than an object may be, not even until the next one.
pub(super) fn apply(object: &mut Value, patch: &[PatchOperation]) -> Result<(), String> {
    let mut changed = object.clone();
    let (mut most, mut handled) = (size::of(&changed)?, 0_usize);
    for (index, operation) in patch.iter().enumerate() {
        let said = |why: &str| {
            let (name, place) = (name(operation), operation.path());
            format!("operation {} (`{name}` `{place}`) failed: {why}", index + 1)
        };
        let (added, moved) = sizes(&changed, operation).map_err(|why| said(&why))?;
        most = most.saturating_add(added);
        if most > size::OBJECT {
            // What was removed or replaced since is not counted any more.
            let now = size::of(&changed).map_err(|why| said(&why))?;
            handled = handled.saturating_add(now);
            most = now.saturating_add(added);
        }
        handled = handled.saturating_add(added).saturating_add(moved);
        if most > size::OBJECT {
            return Err(said(&size::too_large()));
        }
        if handled > size::HANDLED {
            return Err(said("the operations so far copy and move too much"));
        }
        json_patch::patch_unsafe(&mut changed, std::slice::from_ref(operation)).map_err(
            |error| {
                said(match error.kind {
                    PatchErrorKind::TestFailed => "the object has another value there",
                    PatchErrorKind::InvalidFromPointer => "its `from` leads to nothing",
                    PatchErrorKind::CannotMoveInsideItself => "a value cannot be moved into itself",
                    _ => "its path leads to nothing in the object",
                })
            },
        )?;
    }
    *object = changed;
    Ok(())
}

/// How much the operation may add to the object, and how much it moves within it.
///
/// # Errors
/// What it adds or moves would lie too deep.
fn sizes(object: &Value, operation: &PatchOperation) -> Result<(usize, usize), String> {
    let value = match operation {
        PatchOperation::Add(add) => Some(&add.value),
        PatchOperation::Replace(replace) => Some(&replace.value),
        PatchOperation::Copy(copy) => copy.from.resolve(object).ok(),
        PatchOperation::Move(moved) => moved.from.resolve(object).ok(),
        PatchOperation::Remove(_) | PatchOperation::Test(_) => None,
    };
    let depth = operation.path().tokens().count();
    let size = value.map_or(Ok(0), |value| size::below(value, depth))?;
    let is_moved = matches!(operation, PatchOperation::Move(_));
    Ok(if is_moved { (0, size) } else { (size, 0) })
}

fn name(operation: &PatchOperation) -> &'static str {
    match operation {
        PatchOperation::Add(_) => "add",
        PatchOperation::Remove(_) => "remove",
        PatchOperation::Replace(_) => "replace",
        PatchOperation::Move(_) => "move",
        PatchOperation::Copy(_) => "copy",
        PatchOperation::Test(_) => "test",
    }
}
