//! The server seen from outside: CPU and memory as Linux tells them (`proc(5)`).

use std::{fs, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use tokio::time::Instant;

/// What `utime` and `stime` count in: `USER_HZ` is 100 on every architecture Linux has kept.
const TICK: Duration = Duration::from_millis(10);

/// The processes of a server on this machine, taken together.
#[derive(Clone, Debug)]
pub(crate) struct Process(Arc<[u32]>);

/// Memory of a process, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// `RssAnon`: what it allocated and touched.
    pub(crate) anonymous: u64,
    /// `VmRSS`: that and the files it maps.
    pub(crate) resident: u64,
}

/// A stretch of time under way, and the CPU that a process spends in it.
#[derive(Debug)]
pub(crate) struct Stretch {
    process: Option<Process>,
    cpu: Option<Duration>,
    began: Instant,
}

/// A stretch of time that is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    pub(crate) wall: Duration,
    /// User and system time of all threads; `None` when no process is watched.
    pub(crate) cpu: Option<Duration>,
}

impl Process {
    /// The processes of these ids, which must be there; `None` when there are none.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub(crate) fn of(pids: &[u32]) -> anyhow::Result<Option<Self>> {
        if pids.is_empty() {
            return Ok(None);
        }
        let process = Self(pids.into());
        process.memory().with_context(|| format!("--pid {pids:?}"))?;
        Ok(Some(process))
    }

    /// This tool itself.
    pub(crate) fn own() -> Self {
        Self([std::process::id()].into())
    }

    pub(crate) fn memory(&self) -> anyhow::Result<Memory> {
        self.0.iter().try_fold(Memory::default(), |sum, pid| {
            let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
            let one = memory(&status).context("no RssAnon and VmRSS in /proc/PID/status")?;
            let anonymous = sum.anonymous + one.anonymous;
            Ok(Memory { anonymous, resident: sum.resident + one.resident })
        })
    }

    /// User and system time of all threads.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        self.0.iter().try_fold(Duration::ZERO, |sum, pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
            Ok(sum + cpu(&stat).context("no utime and stime in /proc/PID/stat")?)
        })
    }
}

impl Stretch {
    pub(crate) fn begin(process: Option<&Process>) -> anyhow::Result<Self> {
        let cpu = process.map(Process::cpu).transpose()?;
        Ok(Self { process: process.cloned(), cpu, began: Instant::now() })
    }

    pub(crate) fn end(self) -> anyhow::Result<Spent> {
        let wall = self.began.elapsed();
        let cpu = match (&self.process, self.cpu) {
            (Some(process), Some(before)) => Some(process.cpu()?.saturating_sub(before)),
            _ => None,
        };
        Ok(Spent { wall, cpu })
    }
}

impl Spent {
    /// `count` a second.
    pub(crate) fn per_s(self, count: u64) -> f64 {
        count as f64 / self.wall.as_secs_f64()
    }

    /// How many cores were kept busy.
    pub(crate) fn share(self) -> Option<f64> {
        Some(self.cpu?.as_secs_f64() / self.wall.as_secs_f64())
    }

    /// `count` a second of the process's CPU.
    pub(crate) fn per_cpu_s(self, count: u64) -> Option<f64> {
        let cpu = self.cpu.filter(|cpu| !cpu.is_zero())?;
        Some(count as f64 / cpu.as_secs_f64())
    }
}

/// The CPU time of the calling thread.
pub(crate) fn thread_cpu() -> anyhow::Result<Duration> {
    let schedstat = fs::read_to_string("/proc/thread-self/schedstat")?;
    let ns = schedstat.split(' ').next().and_then(|ns| ns.parse().ok());
    let Some(ns) = ns else { bail!("no run time in /proc/thread-self/schedstat") };
    Ok(Duration::from_nanos(ns))
}

fn memory(status: &str) -> Option<Memory> {
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.strip_prefix(':')?.trim().strip_suffix(" kB")?.parse::<u64>().ok()
    };
    Some(Memory { anonymous: kib("RssAnon")? << 10, resident: kib("VmRSS")? << 10 })
}

/// Fields 14 and 15; the second is a name in parentheses that may hold anything.
fn cpu(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut ticks = fields.split(' ').skip(11).map_while(|ticks| ticks.parse::<u32>().ok());
    Some((ticks.next()? + ticks.next()?) * TICK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_is_user_and_system_time_whatever_the_name_is() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 10 0 0 0 120 34 5 6 20 0 3 0 99 0 0";
        assert_eq!(cpu(stat), Some(Duration::from_millis(1_540)));
        assert_eq!(cpu("7 (a) S 1"), None);
    }

    #[test]
    fn memory_is_in_bytes() {
        let status = "Name:\tx\nVmRSS:\t    2048 kB\nRssAnon:\t     512 kB\n";
        assert_eq!(memory(status), Some(Memory { anonymous: 512 << 10, resident: 2 << 20 }));
        assert_eq!(memory("VmRSS:\t 2048 kB\n"), None);
    }

    #[test]
    fn this_process_can_be_read() {
        let id = std::process::id();
        let process = Process::of(&[id, id]).unwrap().unwrap();
        let memory = Process::own().memory().unwrap();
        assert!(process.memory().unwrap().anonymous > memory.anonymous);
        assert!(Process::of(&[]).unwrap().is_none());
        let stretch = Stretch::begin(Some(&process)).unwrap();
        assert!(stretch.end().unwrap().cpu.is_some());
        assert!(thread_cpu().unwrap() > Duration::ZERO);
    }
}
