//! Logs: one subscriber for the process, set up once from the `[log]` section.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::{self, IsTerminal},
    panic::{self, Location, PanicHookInfo},
};

use tracing_subscriber::{
    EnvFilter, Layer, Registry, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::config::log::{Format, Log};

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The filter is none.
    #[error("`log.filter` is no filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Something else logs in this process already.
    #[error("logging was set up before")]
    Taken(#[from] tracing_subscriber::util::TryInitError),
}

/// Sends the lines that `log` wants to the standard error, from now to the end of the process.
pub fn init(log: &Log) -> Result<(), Fault> {
    let filter = EnvFilter::try_new(&log.filter)?;
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match log.format {
        Format::Text => Box::new(lines.with_ansi(io::stderr().is_terminal())),
        Format::Json => Box::new(lines.json().flatten_event(true)),
    };
    tracing_subscriber::registry().with(lines.with_filter(filter)).try_init()?;
    panic::set_hook(Box::new(report));
    Ok(())
}

/// Logs where a panic happened, and nothing of what it says: that may quote what somebody wrote, as
/// when a text is cut inside a character. A backtrace comes with `RUST_BACKTRACE=1`.
fn report(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(Location::to_string).unwrap_or_default();
    let backtrace = Backtrace::capture();
    match backtrace.status() {
        BacktraceStatus::Captured => tracing::error!(place, %backtrace, "a task panicked"),
        _ => tracing::error!(place, "a task panicked"),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Mutex, PoisonError},
        thread,
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_is_logged_with_its_place_and_without_its_words() {
        let (written, here) = (Written::default(), thread::current().id());
        let writer = written.clone();
        let lines = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        // The hook is the whole process's: other tests keep theirs.
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |panic| match thread::current().id() == here {
            true => report(panic),
            false => others(panic),
        }));
        let text = String::from("私房话");
        let said = tracing::subscriber::with_default(lines, || {
            panic::catch_unwind(|| text.parse::<u32>().map_err(|_| text.clone()).unwrap())
        });
        assert!(said.is_err());
        let log = written.0.lock().unwrap();
        let log = std::str::from_utf8(&log).unwrap();
        assert!(log.contains("a task panicked") && log.contains(file!()), "{log}");
        assert!(!log.contains("私房话"), "{log}");
    }
}
