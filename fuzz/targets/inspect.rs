//! Any file that `cert show` is given.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mtlsgen_fuzz::inspect(octets));
