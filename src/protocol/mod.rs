//! The wire: the Centrifuge client protocol, version 2, in JSON and in Protobuf.
//!
//! One set of structs serves both encodings. Field numbers and names are those of the protocol's
//! own schema (github.com/centrifugal/protocol, `client.proto`); what this server never sends or
//! never reads is left out, and both decoders pass over it. Knows no socket and no session.

pub mod code;
pub mod codec;
pub mod command;
pub mod emulation;
pub mod frame;
pub mod payload;
pub mod publication;
pub mod push;
pub mod reply;
pub mod request;
pub mod result;

#[cfg(test)]
mod tests;

/// Whether a field is left out of JSON: the protocol omits zero, empty and false.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
