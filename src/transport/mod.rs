//! WebSocket: bytes to commands and replies to bytes; not a word of business.

pub mod frame;
