//! Bytes as frames of JSON.

#![no_main]

use belfry_fuzz::{messages, protocol::codec::Encoding};

libfuzzer_sys::fuzz_target!(|frame: &[u8]| messages(Encoding::Json, frame));
