//! The only rooms that touch the world: files, clock, environment, randomness.

pub mod age_file;
pub mod atomic;
pub mod beneath;
pub mod clock;
pub mod entropy;
pub mod existing;
pub mod foreign;
pub mod git;
pub mod input;
pub mod input_error;
pub mod kustomization;
pub mod memory;
pub mod new_files;
pub mod open;
pub mod plugin_home;
pub mod program;
pub mod reach;
pub mod seed;
pub mod store;
pub mod supplied;
pub mod terminal;
pub mod tree;
pub mod tree_error;
