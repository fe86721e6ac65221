//! `[admission]`: how many connections are let in; 0 is no limit.

use serde::{Deserialize, Serialize};

/// The `[admission]` section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Admission {
    /// Connections from one address at the same time; more get 503 before the upgrade.
    pub per_address: u32,
    /// Connections of one user on this node; more are closed with 3504.
    pub per_user: u32,
    /// New connections a second from one address (of IPv6, a network of 64 bits); more get 503 with
    /// `Retry-After`.
    pub connects_per_address: u32,
    /// New connections a second on this node; more get 503 with `Retry-After`.
    pub connects_per_second: u32,
}
