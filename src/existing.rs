//! Secrets that exist, as the API server prints them: a store for what they hold.
//!
//! Nothing here is written. What the Secrets of a model hold becomes an inventory and keys; what they
//! cannot show (authorities that stand in no bundle, clients without a Secret) is left out and said to be.

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
