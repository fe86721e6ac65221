//! Bytes as WebSocket frames, cut into chunks as the first three bytes say.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Some((cuts, bytes)) = input.split_first_chunk::<3>() {
        belfry_fuzz::frames(cuts, bytes);
    }
});
