//! What the kernel holds for connections, which no process's memory shows (`proc(5)`, `slabinfo(5)`).

use std::fs;

/// What a page has, on every machine this tool was tried on; `sockstat` counts in pages.
const PAGE_BYTES: u64 = 4_096;

/// The object caches that a TCP connection over IPv4 takes from, as an open file that is polled. Its
/// directory entry (192 bytes) is left out: every file that anybody opens moves that cache.
const CACHES: [&str; 4] = ["TCP", "sock_inode_cache", "filp", "eventpoll_epi"];

/// Memory of the whole machine, in bytes; `None` where it cannot be read, as `slabinfo` by others
/// than root.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kernel {
    /// Bytes queued in sockets.
    pub(crate) queued: Option<u64>,
    /// Objects in use, in the caches that sockets take from.
    pub(crate) objects: Option<u64>,
}

impl Kernel {
    /// What is cheap to read many times.
    pub(crate) fn sockets() -> Self {
        let text = fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
        let queued = tcp(&text, "mem").map(|pages| pages * PAGE_BYTES);
        Self { queued, objects: None }
    }

    /// All of it.
    pub(crate) fn all() -> Self {
        let slab = fs::read_to_string("/proc/slabinfo").ok();
        Self { objects: slab.and_then(|text| objects(&text)), ..Self::sockets() }
    }
}

/// The load average of the last minute.
pub(crate) fn load_average() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// A number of the line of TCP: `TCP: inuse 4 orphan 0 tw 0 alloc 5 mem 1`.
fn tcp(sockstat: &str, name: &str) -> Option<u64> {
    let line = sockstat.lines().find_map(|line| line.strip_prefix("TCP: "))?;
    let mut words = line.split(' ');
    words.find(|word| *word == name)?;
    words.next()?.parse().ok()
}

/// Objects in use times their size: the second and fourth column.
fn objects(slabinfo: &str) -> Option<u64> {
    let bytes = slabinfo.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        words.next().filter(|name| CACHES.contains(name))?;
        let active: u64 = words.next()?.parse().ok()?;
        let size: u64 = words.nth(1)?.parse().ok()?;
        Some(active * size)
    });
    bytes.reduce(|all, cache| all + cache)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_and_their_objects_are_read_in_bytes() {
        let sockstat =
            "sockets: used 16\nTCP: inuse 7 orphan 0 tw 2 alloc 9 mem 184\nUDP: inuse 3\n";
        assert_eq!(tcp(sockstat, "mem"), Some(184));
        assert_eq!(tcp(sockstat, "inuse"), Some(7));
        assert_eq!(tcp("UDP: inuse 3\n", "inuse"), None);
        let slab = "# name <active_objs> <num_objs> <objsize>\nTCPv6 9 9 2400 1 : x\n\
                    TCP 10 13 2304 13 8 : tunables\nfilp 100 120 256 16 1 : tunables\n";
        assert_eq!(objects(slab), Some(10 * 2_304 + 100 * 256));
        assert_eq!(objects("# name\n"), None);
    }

    #[test]
    fn this_machine_can_be_read() {
        assert!(Kernel::all().queued.is_some());
        assert!(load_average().is_some());
    }
}
