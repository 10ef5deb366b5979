//! mtlsgen turns one small spec into certificates and Kubernetes manifests that enforce mutual TLS.
//!
//! Data flows one way, and each phase has its own type:
//!
//! ```text
//!  files ──► Document ──deserialize──► Spec ──resolve──► Model ──────────────┐
//!  store ──► Inventory (public facts) ──┐                 │                  │
//!  clock ──► Timestamp ─────────────────┴──────plan──► IssuancePlan          │
//!                                                 └─issue(entropy)─► Issued ─┴─commit─► Inventory′, Keyring
//!  Model + Inventory′ + Keyring ──render──► Manifests ──layout──► OutputTree ──► stdout │ directory │ diff
//! ```
//!
//! The core ([`specification`], [`model`], [`pki`], [`store`], [`plan`], [`manifest`], [`targets`], [`secret_format`],
//! [`derive`](mod@derive), [`output`], [`complete`], [`kustomize`], [`inspect`], [`import`], [`status`], [`existing`],
//! [`diagnostic`]) is pure: disk, clock, environment and randomness live in [`io`] and
//! reach it as arguments. [`cli`] composes the phases. [`guard`] remembers secrets for as long as `cli` runs, and
//! takes them out of what is said.

pub mod access;
pub mod cli;
pub mod complete;
pub mod controllers;
pub mod derive;
pub mod diagnostic;
pub mod domain;
pub mod enforcement;
pub mod existing;
pub mod guard;
pub mod identity;
pub mod import;
pub mod inspect;
pub mod io;
pub mod json;
pub mod kustomize;
pub mod manifest;
pub mod model;
mod octets;
pub mod output;
mod parallel;
pub mod pki;
pub mod plan;
pub mod render;
pub mod secret_format;
pub mod specification;
pub mod status;
pub mod store;
pub mod targets;
pub mod time;
pub mod yaml;
