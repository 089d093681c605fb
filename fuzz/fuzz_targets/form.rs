//! Forms of the token endpoints.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kibali_fuzzed::form(data));
