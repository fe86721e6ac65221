//! Bytes as texts to judge, the earlier ones ended by a unit separator.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| belfry_fuzz::texts(&String::from_utf8_lossy(input)));
