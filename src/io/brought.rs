//! Reads the files that a spec names: certificates, keys and patches of others.

use std::path::PathBuf;

use super::input;
use crate::model::Files;

/// Content of each of them; where one cannot be read, the cause in words.
#[must_use]
pub fn read(paths: &[PathBuf]) -> Files {
    let read = |path: &PathBuf| input::read_bytes(path).map_err(|error| error.kind.to_string());
    paths.iter().map(|path| (path.clone(), read(path))).collect()
}
