//! Certificates, DER or PEM.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mtlsgen_fuzz::certificate(octets));
