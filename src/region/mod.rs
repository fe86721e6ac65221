//! IP属地: the province or country that is shown beside what somebody says in public.
//!
//! From ip2region's files, which operators fetch and name; without them everybody is at 未知. Knows
//! addresses only, never whose they are, and keeps none.

mod atlas;
pub mod operations;
mod place;
mod xdb;

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use self::{
    atlas::Atlas,
    xdb::{Family, Xdb},
};
pub use self::{atlas::Unusable, place::UNKNOWN, xdb::Malformed};
use crate::{
    clock, config,
    telemetry::{Metrics, instrument::Count, label::ByKind},
};

/// Where addresses are. Cheap to clone.
#[derive(Clone)]
pub struct Region(Arc<Inner>);

struct Inner {
    v4: Option<Loaded<u32>>,
    v6: Option<Loaded<u128>>,
    unknown: Arc<str>,
    known: Count,
    not_known: Count,
}

/// A file in use.
struct Loaded<N> {
    atlas: Atlas<N>,
    /// The day on which it was made, as `2026-08-14`.
    made_on: String,
}

/// A file cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {cause}")]
pub struct Fault {
    path: String,
    #[source]
    cause: Cause,
}

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// It can, but is of no use.
    #[error(transparent)]
    Unusable(#[from] Unusable),
}

impl From<Malformed> for Cause {
    fn from(malformed: Malformed) -> Self {
        Self::Unusable(malformed.into())
    }
}

impl Region {
    /// Reads the configured files, each whole: some hundred milliseconds.
    ///
    /// # Errors
    /// The file that cannot be used, and why.
    pub fn load(config: &config::region::Region, metrics: &Metrics) -> Result<Self, Fault> {
        let counted = |kind| metrics.region_lookups.of(&ByKind { kind });
        Ok(Self(Arc::new(Inner {
            v4: load(&config.v4, Family::V4)?,
            v6: load(&config.v6, Family::V6)?,
            unknown: UNKNOWN.into(),
            known: counted("known"),
            not_known: counted("unknown"),
        })))
    }

    /// What is shown for `address`: 广东, 中国香港, 美国, or [`UNKNOWN`].
    pub fn of(&self, address: IpAddr) -> Arc<str> {
        let inner = &*self.0;
        let shown = match address.to_canonical() {
            IpAddr::V4(v4) if is_public_v4(v4) => {
                inner.v4.as_ref().and_then(|v4_file| v4_file.atlas.at(v4.to_bits()))
            }
            IpAddr::V6(v6) if is_public_v6(v6) => {
                inner.v6.as_ref().and_then(|v6_file| v6_file.atlas.at(v6.to_bits()))
            }
            _ => None,
        };
        match shown {
            Some(shown) => {
                inner.known.one();
                Arc::clone(shown)
            }
            None => {
                inner.not_known.one();
                Arc::clone(&inner.unknown)
            }
        }
    }

    /// The days on which the files in use were made, for IPv4 and for IPv6.
    fn made_on(&self) -> (Option<&str>, Option<&str>) {
        let v4 = self.0.v4.as_ref().map(|file| file.made_on.as_str());
        (v4, self.0.v6.as_ref().map(|file| file.made_on.as_str()))
    }
}

fn load<N: Copy + Ord + TryFrom<u128>>(
    path: &str,
    family: Family,
) -> Result<Option<Loaded<N>>, Fault> {
    if path.is_empty() {
        return Ok(None);
    }
    let loaded = open(path, family).map_err(|cause| Fault { path: path.to_owned(), cause })?;
    let ranges = loaded.atlas.ranges();
    tracing::info!(path, made_on = loaded.made_on, ranges, "region data is loaded");
    Ok(Some(loaded))
}

fn open<N: Copy + Ord + TryFrom<u128>>(path: &str, family: Family) -> Result<Loaded<N>, Cause> {
    let bytes = fs::read(path)?;
    let xdb = Xdb::read(&bytes, family)?;
    let made_on = clock::day(xdb.made_at_s.into());
    Ok(Loaded { atlas: Atlas::draw(&xdb)?, made_on })
}

/// Whether anybody outside of a network has the address (IANA's registry of special purposes): files
/// have words for the others, and they are nobody's place.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let is_shared = first == 100 && second & 0b1100_0000 == 64;
    let is_inside = address.is_private() || address.is_loopback() || address.is_link_local();
    let is_none = first == 0 || address.is_documentation() || first >= 224;
    !(is_shared || is_inside || is_none)
}

/// The same of IPv6: what is given out at all is in `2000::/3`, and `2001:db8::/32` is for
/// books.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    first & 0xE000 == 0x2000 && (first, second) != (0x2001, 0x0DB8)
}

#[cfg(test)]
mod tests;
