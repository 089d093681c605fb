//! Redirect URIs.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kibali_fuzzed::redirect(data));
