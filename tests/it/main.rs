//! The house from outside: a real server on a loopback port, driven over real sockets.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]
#![expect(unreachable_pub, reason = "the whole crate is private")]

mod cli;
mod connect;
mod fallback;
mod identity;
mod platform;
mod proxies;
mod scope;
mod subscribe;
mod support;
mod unidirectional;
