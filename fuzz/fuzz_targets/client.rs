//! JSON of clients: registration, and the registry in both dialects.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kibali_fuzzed::client(data));
