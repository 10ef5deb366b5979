//! The only rooms that touch the world: files, clock, environment, randomness.
pub mod atomic;
pub mod entropy;
pub mod store;
