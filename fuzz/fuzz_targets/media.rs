//! Bytes as an uploaded picture or voice.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| belfry_fuzz::upload(input));
