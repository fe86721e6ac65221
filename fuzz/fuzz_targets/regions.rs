//! Bytes as xdb files of ip2region: a header, and what stands behind the index.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| belfry_fuzz::region::files(input));
