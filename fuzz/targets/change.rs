//! Lists of interrupted changes of the store.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mtlsgen_fuzz::change(octets));
