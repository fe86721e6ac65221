//! Belfry: consultation chat, live discussion rooms and push fan-out on one WebSocket hub.
//!
//! # The house
//! Folders are floors; a module uses lower floors only, which `tests/tidy.rs` proves. Read from the
//! roof to see the whole, from the ground to see the parts. `docs/ARCHITECTURE.md` walks through it.

// Roof: every part built once, in order.
pub mod app;

// 8: the doors.
pub mod http;
pub mod transport;

// 7: the socket under both doors.
pub mod listener;

// 7: one connected person, without a socket.
pub mod session;

// 6: channels as operators configure them, consultations, live rooms, rule sets.
pub mod channel;
pub mod consult;
pub mod curation;
pub mod live;

// 5: what may be said, what was said, what was shown, who may speak, what staff should look at,
// where addresses are.
pub mod alert;
pub mod archive;
pub mod directory;
pub mod identity;
pub mod media;
pub mod moderation;
pub mod region;

// 4: who is here, on this node.
pub mod hub;

// 3: between nodes, the database, the operations.
pub mod broker;
pub mod operation;
pub mod store;

// 2: the wire, and what operators see.
pub mod protocol;
pub mod telemetry;

// 1: what operators decide.
pub mod config;

// Ground.
pub mod clock;
pub mod error;
pub mod ids;
