//! What is going on, said on stderr at most once a second.

use std::{
    fmt,
    io::{self, Write as _},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

const PAUSE: Duration = Duration::from_secs(1);

/// A voice for one run.
#[derive(Debug)]
pub(crate) struct Progress {
    began: Instant,
    said: Mutex<Option<Instant>>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), said: Mutex::default() }
    }

    /// Says it, however recent the last word is.
    pub(crate) fn say(&self, words: fmt::Arguments<'_>) {
        let elapsed = self.began.elapsed().as_secs_f64();
        let _nobody_listens = writeln!(io::stderr(), "[{elapsed:7.1} s] {words}");
    }

    /// Says it unless something was said in the last second.
    pub(crate) fn tell(&self, words: fmt::Arguments<'_>) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|said| said.elapsed() >= PAUSE) {
            *said = Some(Instant::now());
            drop(said);
            self.say(words);
        }
    }
}
