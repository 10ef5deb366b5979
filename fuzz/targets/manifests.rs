//! A chart's manifests.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mtlsgen_fuzz::manifests(octets));
