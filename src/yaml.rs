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

pub use emit::{emit, push_block, push_flow};
pub use objects::{ReadError, documents};

#[cfg(test)]
thread_local! {
    /// How many texts this thread has read.
    pub(crate) static READ: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Reads all documents of a YAML or JSON text; empty ones are left out.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn parse(text: &str) -> Result<Vec<serde_json::Value>, ReadError> {
    #[cfg(test)]
    READ.set(READ.get() + 1);
    objects::parse(text)
}

/// The one object of a text that mtlsgen has printed: for assertions about it.
pub(crate) fn read_back(text: &str) -> Option<serde_json::Value> {
    let mut objects = objects::parse(text).ok()?;
    objects.pop().filter(|_| objects.is_empty())
}
