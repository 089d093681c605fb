//! Signed JWTs and client assertions.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kibali_fuzzed::jwt(data));
