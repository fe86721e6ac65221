//! Bytes as lines of `X-Forwarded-For` and of `Forwarded`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| belfry_fuzz::listener::headers(input));
