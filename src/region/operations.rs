//! The part of the catalogue that tells where an address is: to see whether the files do.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Region;
use crate::operation::{Caller, Operation, Rate, Role};

/// Who is asked why somebody is shown at a strange place, and who mends it.
const STAFF: &[Role] = &[Role::Supervisor, Role::Support, Role::Operator];

/// An address.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LookupWanted {
    /// Of IPv4 or of IPv6.
    #[schemars(example = &"202.96.128.86")]
    pub address: IpAddr,
}

/// Where it is.
#[derive(Serialize, JsonSchema)]
pub struct Place {
    /// 属地: a province, 中国香港, a country, or 未知.
    pub region: String,
    /// The day on which the file for IPv4 was made, as `2026-08-14`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v4_made_on: Option<String>,
    /// The same of the file for IPv6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v6_made_on: Option<String>,
}

/// The operations on places.
pub fn operations(region: &Region) -> [Operation; 1] {
    let region = region.clone();
    [Operation::new(
        "region.lookup",
        "What is shown as the place of an address, and how old the data is.",
        STAFF,
        Rate::Read,
        move |_: Caller, LookupWanted { address }| {
            let (v4, v6) = region.made_on();
            let place = Place {
                region: region.of(address).to_string(),
                v4_made_on: v4.map(str::to_owned),
                v6_made_on: v6.map(str::to_owned),
            };
            async move { Ok(place) }
        },
    )]
}
