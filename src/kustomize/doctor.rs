//! What a build of Kustomize would do with the plugin, from files that are read already; pure.
//!
//! ```text
//!  Tree (kustomizations and the objects they name) ──reference::references──► References ─┬─ outcome::of(Build) ─► Outcome
//!  locations of programs, versions ───────────────────────────────────────────────────────┘
//! ```
//!
//! Sources, of Kustomize's repository: `api/internal/plugins/loader/loader.go` (which style applies),
//! `kyaml/fn/runtime/runtimeutil/functiontypes.go` (the annotation), `api/konfig/plugins.go` (the folder of
//! plugins), `api/internal/target/kusttarget.go` (what a kustomization reads, and in which order).

pub mod collisions;
pub mod command;
pub mod fields;
pub mod function;
pub mod kind;
pub mod naming;
pub mod object;
pub mod outcome;
pub mod program;
pub mod reference;
pub mod summary;
pub mod tree;
