//! Certificates as people look at them: read from any file, described, judged, drawn.
//!
//! Data flows from octets to [`Item`]s ([`reading`]), from those to an [`Inspection`], and from there to
//! one of the renderers, [`human`] and [`json`].

mod constraints;
mod container;
mod examination;
pub mod human;
mod item;
pub mod json;
pub mod problem;
pub mod reading;
mod secret;
#[cfg(test)]
mod tests;
mod tree;
mod words;

pub use examination::{Examined, ExaminedKey, ExaminedList, Inspection, Role, examine};
pub use item::{Content, Item, KeyFacts, Origin};
pub use problem::Problem;
pub use reading::{ReadError, read};
