//! What hostile repositories, specs, templates and machines try; each fails on a version that lets them.

mod clocks;
mod lists;
mod memory;
mod recipients;
mod requests;
