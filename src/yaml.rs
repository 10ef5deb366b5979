//! YAML: read, by a schema that the reader chooses, into trees with places; and Kubernetes objects from and to it.

mod emit;
pub mod fault;
pub mod node;
mod objects;
pub mod read;
pub mod scalar;
pub mod schema;

#[cfg(test)]
mod tests;

pub use emit::{emit, push_block, push_flow, to_json};
pub use objects::{ReadError, documents, parse};
