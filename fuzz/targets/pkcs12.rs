//! PKCS#12 files.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mtlsgen_fuzz::pkcs12(octets));
