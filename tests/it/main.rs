//! Runs the program as people run it.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::case_sensitive_file_extension_comparisons,
    clippy::doc_markdown,
    clippy::format_collect,
    clippy::large_stack_arrays,
    clippy::manual_assert,
    clippy::write_with_newline,
    reason = "tests run the program and look at its files"
)]

mod access;
mod adversity;
mod argo_cd;
mod cases;
mod cert_export;
mod cert_show;
mod certificates;
mod charts;
mod cli_frame;
mod clones;
mod closed;
mod codes;
mod controllers;
mod crash;
mod derived;
mod doctor;
mod editors;
mod encryption;
mod enforcement_validation;
mod environment;
mod envoy_gateway;
mod existing;
mod folders;
mod foreign_pki;
mod handshakes;
mod helm;
mod hostile;
mod import;
mod init;
mod invalid;
mod kubernetes;
mod kustomize;
mod leaks;
mod merging;
mod name_suffix_hash;
mod nginx;
mod odd;
mod order;
mod outputs;
mod partners;
mod properties;
mod public_suites;
mod readers;
mod readme;
mod reissuing;
mod revocation;
mod rooms;
mod rotation;
mod schema;
mod secrecy;
mod signing_requests;
mod status;
mod store;
mod support;
mod target_support;
mod terminal;
mod typed;
mod vocabulary;
mod walkthroughs;
mod words;
mod yaml_readings;
