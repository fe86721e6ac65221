//! What operations share: why an attempt came to nothing, and how often it is made again.

use crate::{archive, directory, error::Code, operation::Refusal, store};

/// How often an operation decides again when others were first. Each round somebody got on.
pub(super) const ATTEMPTS: usize = 8;

/// Why one attempt of an operation came to nothing.
#[derive(Debug)]
pub(super) enum Stop {
    /// The state that it decided on has changed: decide again.
    Moved,
    /// The answer is no.
    Refused(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Code> for Stop {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

impl From<directory::Fault> for Stop {
    fn from(fault: directory::Fault) -> Self {
        Self::Refused(fault.into())
    }
}

impl From<store::Fault> for Stop {
    fn from(fault: store::Fault) -> Self {
        match fault {
            store::Fault::Guard { .. } | store::Fault::Duplicate { .. } => Self::Moved,
            other => Self::Refused(unstored(&other)),
        }
    }
}

impl From<archive::Fault> for Stop {
    fn from(fault: archive::Fault) -> Self {
        match fault {
            archive::Fault::Guard => Self::Moved,
            other => Self::Refused(unarchived(&other)),
        }
    }
}

/// What is answered when the database failed.
pub(super) fn unstored(fault: &store::Fault) -> Refusal {
    match fault {
        store::Fault::Unavailable => Code::Unavailable.into(),
        _ => Code::Internal.into(),
    }
}

/// What is answered when the archive failed.
pub(super) fn unarchived(fault: &archive::Fault) -> Refusal {
    match fault {
        archive::Fault::Full { retry_ms } => {
            Refusal::new(Code::RateLimited).with("retry_ms", *retry_ms)
        }
        archive::Fault::Conflict => Code::Conflict.into(),
        archive::Fault::Guard | archive::Fault::Unavailable => Code::Unavailable.into(),
        archive::Fault::Sealed => Code::Internal.into(),
        archive::Fault::Store(fault) => unstored(fault),
    }
}

/// A malformed request, in words for its developer.
pub(super) fn bad(reason: &str) -> Refusal {
    Refusal::new(Code::BadRequest).because(reason)
}

/// Runs `attempt` until it settles, at most [`ATTEMPTS`] times.
macro_rules! settle {
    ($attempt:expr) => {{
        let mut settled = Err($crate::error::Code::Unavailable.into());
        for _ in 0..$crate::live::reach::ATTEMPTS {
            match $attempt {
                Ok(answer) => settled = Ok(answer),
                Err($crate::live::reach::Stop::Refused(refusal)) => settled = Err(refusal),
                Err($crate::live::reach::Stop::Moved) => continue,
            }
            break;
        }
        settled
    }};
}
pub(super) use settle;
