//! Open files: every connection is one, and a process may have only so many.

use anyhow::ensure;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is open besides connections: the runtime's own, the standard streams, files being read.
const OTHERS: usize = 64;

/// How many more connections this process may open, after its limit was raised as far as it goes.
pub(crate) fn connections_max() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_refused) => limit.current,
    };
    let files = current.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX);
    files.saturating_sub(OTHERS)
}

/// Whether `wanted` connections fit.
///
/// # Errors
/// What to do when they do not.
pub(crate) fn check(wanted: usize) -> anyhow::Result<()> {
    let most = connections_max();
    ensure!(
        wanted <= most,
        "{wanted} connections are wanted, and this process may open {most}: take fewer, or raise the \
         hard limit of open files (ulimit -Hn)"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_connections_than_files_are_refused_with_what_to_do() {
        assert!(check(1).is_ok());
        let fault = check(usize::MAX).unwrap_err().to_string();
        assert!(fault.contains("ulimit -Hn"), "{fault}");
    }
}
