//! Secrets that exist, as the API server prints them: a store for what they hold.
//!
//! Nothing here is written. What the Secrets of a model hold becomes an inventory and keys; what they
//! do not show (authorities that are in no bundle, clients without a Secret) is left out and reported.

pub mod apply;
mod authorities;
pub mod bundles;
pub mod feasibility;
pub mod foreign;
mod holders;
pub mod reading;
mod revocation;
pub mod store;

pub use reading::{Input, Secret, Secrets};
pub use store::Existing;
