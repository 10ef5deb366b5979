//! What hostile repositories, specs, templates and machines try; each fails on a version that lets them.

mod clocks;
mod memory;
mod recipients;
