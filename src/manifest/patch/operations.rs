//! RFC 6902 (JSON Patch).

use json_patch::{PatchErrorKind, PatchOperation};
use serde_json::Value;

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

/// Applies all operations, or says which one failed and why; the object is then as it was.
pub(super) fn apply(object: &mut Value, patch: &[PatchOperation]) -> Result<(), String> {
    json_patch::patch(object, patch).map_err(|error| {
        let why = match error.kind {
            PatchErrorKind::TestFailed => "the object has another value there",
            PatchErrorKind::InvalidFromPointer => "its `from` leads to nothing",
            PatchErrorKind::CannotMoveInsideItself => "a value cannot be moved into itself",
            _ => "its path leads to nothing in the object",
        };
        let operation = match patch.get(error.operation) {
            Some(PatchOperation::Add(_)) => "add",
            Some(PatchOperation::Remove(_)) => "remove",
            Some(PatchOperation::Replace(_)) => "replace",
            Some(PatchOperation::Move(_)) => "move",
            Some(PatchOperation::Copy(_)) => "copy",
            Some(PatchOperation::Test(_)) => "test",
            None => "?",
        };
        format!("operation {} (`{operation}` `{}`) failed: {why}", error.operation + 1, error.path)
    })
}
