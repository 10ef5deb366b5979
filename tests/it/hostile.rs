//! Trials of an attacker: a repository, a template, a machine that means harm. One file for each kind of door; each test
//! says what was open before.

mod clocks;
mod core_dumps;
mod hidden_characters;
mod lists;
mod memory;
mod misplaced_keys;
mod planted_changes;
mod recipients;
mod requests;
mod shared_stores;
