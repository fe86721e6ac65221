//! How long an Opus packet lasts: its first byte, or two, tell (RFC 6716, section 3.1).

/// Opus counts time in samples of 48 kHz, whatever was recorded.
pub(super) const PER_SECOND: u64 = 48_000;
/// 120 ms (section 3.2.5, R5).
const SAMPLES_MAX: u64 = 5_760;

/// The samples in a packet; `None` when it is none.
pub(super) fn samples(packet: &[u8]) -> Option<u64> {
    let toc = *packet.first()?;
    let (config, size) = (toc >> 3, usize::from(toc >> 3));
    let frame = match config {
        0..12 => [480, 960, 1_920, 2_880][size % 4],
        12..16 => [480, 960][size % 2],
        _ => [120, 240, 480, 960][size % 4],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(packet.get(1)? & 0x3F),
    };
    Some(frame * frames).filter(|samples| (1..=SAMPLES_MAX).contains(samples))
}
