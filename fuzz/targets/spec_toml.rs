//! A spec in TOML, up to its manifests.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mtlsgen_fuzz::spec_toml(octets));
