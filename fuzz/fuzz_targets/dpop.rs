//! DPoP proofs.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kibali_fuzzed::dpop(data));
