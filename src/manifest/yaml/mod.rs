//! Kubernetes objects from and to YAML.

mod emit;
mod read;
mod resolve;

#[cfg(test)]
mod tests;

pub use emit::{emit, push_block, to_json};
pub use read::{ReadError, parse};
