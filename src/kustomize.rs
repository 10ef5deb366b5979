//! The conventions of Kustomize's plugins, pure: what a build hands to a KRM function or an exec
//! plugin, and what it takes back.
//!
//! ```text
//!  ResourceList ─┬─ functionConfig ──config::sources──► texts of the spec ──► (as every command) ──► objects
//!                └─ items ───────────────────────────────────────► items::place(objects) ──► ResourceList′
//! ```
//!
//! Sources: `cmd/config/docs/api-conventions/functions-spec.md` of Kustomize's repository for the
//! wire format, `api/internal/utils/annotations.go` and `kyaml/kio/kioutil` for the annotations.

pub mod annotation;
pub mod broken_references;
pub mod config;
pub mod doctor;
pub mod items;
pub mod leaks;
pub mod previous;
pub mod resource_list;
pub mod results;

/// What Kustomize's annotations begin with that say how an object is kept internally; functions keep them.
pub const INTERNAL: &str = "internal.config.kubernetes.io/";

/// The annotation of that name on an object, if it is text.
#[must_use]
pub fn annotation_of<'a>(object: &'a serde_json::Value, name: &str) -> Option<&'a str> {
    object.get("metadata")?.get("annotations")?.get(name)?.as_str()
}
