//! Reads the files that a spec names: certificates, keys and patches of others.

use super::input;
use super::input_error::ReadErrorKind;
use super::reach::Reach;
use crate::model::{Files, Unread};
use crate::specification::document::NamedPath;

/// Content of each of them; where one cannot be read, the cause in words.
#[must_use]
pub fn read(named: &[NamedPath], reach: &Reach) -> Files {
    let mut files = Files::new();
    for named in named {
        files.entry(named.path().to_owned()).or_insert_with(|| {
            let content =
                reach.open(named).and_then(|file| input::read_opened(named.path(), &file));
            content.map_err(|error| Unread {
                cause: error.kind.to_string(),
                is_absent: error.kind == ReadErrorKind::NotFound,
            })
        });
    }
    files
}
