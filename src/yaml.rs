//! Kubernetes objects from and to YAML.

mod emit;
mod read;
mod resolve;
pub mod scalar;

#[cfg(test)]
mod tests;

pub use emit::{emit, push_block, push_flow, to_json};
pub use read::{ReadError, parse};
