//! A patch, JSON 6902 or merge.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mtlsgen_fuzz::patch(octets));
