//! Certification requests.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mtlsgen_fuzz::signing_request(octets));
