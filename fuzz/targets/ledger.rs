//! Ledger entries and revocations of the store.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mtlsgen_fuzz::ledger(octets));
