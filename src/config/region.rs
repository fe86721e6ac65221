//! `[region]`: the files that say where addresses are.

use serde::{Deserialize, Serialize};

/// The `[region]` section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Region {
    /// The path of ip2region's file for IPv4, `ip2region_v4.xdb`; empty for none, and then every
    /// address of IPv4 is at `未知`.
    pub v4: String,
    /// The same for IPv6, `ip2region_v6.xdb`.
    pub v6: String,
}
