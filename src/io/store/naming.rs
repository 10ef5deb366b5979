//! Which spec a store belongs to: environments that share a store would issue each other's certificates anew.

use super::error::StoreError;
use super::transaction::NewFile;
use super::{layout, read};
use crate::io::beneath::Place;
use crate::specification::value::SpecName;

/// A label has up to 63 characters.
const LONGEST: u64 = 256;

/// The `name` of the spec that the store at `root` belongs to, if it belongs to one.
///
/// # Errors
/// [`StoreError::Name`] for a file that holds no name.
pub(super) fn read(root: &Place) -> Result<Option<String>, StoreError> {
    let place = root.join(layout::SPEC_NAME);
    let Some(text) = read::file_up_to(&place, LONGEST)? else { return Ok(None) };
    // Git may end the line as Windows does.
    let name = str::from_utf8(&text).map(str::trim_end).unwrap_or_default();
    match name.parse::<SpecName>() {
        Ok(name) => Ok(Some(name.to_string())),
        Err(_) => Err(StoreError::Name { path: place.path() }),
    }
}

/// The file that says that the store belongs to the spec with this name.
pub(super) fn file(name: &str) -> NewFile {
    NewFile::public(layout::SPEC_NAME.to_owned(), format!("{name}\n"))
}
