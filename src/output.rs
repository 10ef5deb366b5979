//! Manifests to a tree or a stream; what changed against what is there.
//!
//! ```text
//!  Manifests ──stream──► text on standard output
//!            └─layout──► OutputTree ──changes(ExistingTree)──► Changes ──► written by io::tree │ difference
//! ```

mod change;
mod difference;
mod file_name;
mod layout;
mod owned_files;
mod readable;
mod redaction;
mod stream;

pub use change::{Change, ChangeKind, Changes, ExistingFile, ExistingTree, NotOurs, changes};
pub use difference::difference;
pub use file_name::object_path;
pub use layout::{File, KUSTOMIZATION, Options, OutputTree, SECRETS, layout, object_paths};
pub use owned_files::{RECORD, Record, RecordError};
pub use readable::mask_keys;
pub use stream::{Format, List, stream};
