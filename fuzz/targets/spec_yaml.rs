//! A spec in YAML, up to its manifests.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mtlsgen_fuzz::spec_yaml(octets));
