//! A user's template, in the place of a built-in one and beside them.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mtlsgen_fuzz::template(octets));
