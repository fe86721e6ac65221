//! Bytes as headers of the PROXY protocol.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| belfry_fuzz::listener::prefaces(input));
