//! A service session: queued → serving → ended, and nothing else.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::UserId;

/// Where the newest service session of a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// Nobody serves it yet.
    Queued,
    /// Its owner serves it.
    Serving,
    /// Over; a message of the user opens the next session.
    Ended,
}

impl State {
    /// The name that tables and JSON use.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Serving => "serving",
            Self::Ended => "ended",
        }
    }

    pub(super) fn of_text(text: &str) -> Self {
        match text {
            "queued" => Self::Queued,
            "serving" => Self::Serving,
            _ => Self::Ended,
        }
    }

    /// Where a session begins: with its owner, or without one in the queue.
    pub(super) fn at_opening(owner: Option<&UserId>) -> Self {
        if owner.is_some() { Self::Serving } else { Self::Queued }
    }

    /// Whether the session still wants an answer.
    pub(super) fn is_open(self) -> bool {
        self != Self::Ended
    }
}

/// Who or what ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum EndedBy {
    /// The user.
    User,
    /// The tutor, or another on the institution's side.
    Tutor,
    /// Nobody said anything for long.
    Idle,
    /// The platform's supervision.
    Supervisor,
}

impl EndedBy {
    /// The name that tables and JSON use.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Tutor => "tutor",
            Self::Idle => "idle",
            Self::Supervisor => "supervisor",
        }
    }
}

/// What a tutor chose to be, apart from whether they are connected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Availability {
    /// New conversations may be assigned.
    Online,
    /// None are assigned; the tutor may still take some from the queue.
    Busy,
    /// Neither.
    #[default]
    Offline,
}

impl Availability {
    /// The name that tables and JSON use.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Busy => "busy",
            Self::Offline => "offline",
        }
    }

    pub(super) fn of_text(text: &str) -> Self {
        match text {
            "online" => Self::Online,
            "busy" => Self::Busy,
            _ => Self::Offline,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for state in [State::Queued, State::Serving, State::Ended] {
            assert_eq!(State::of_text(state.as_str()), state);
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        for chosen in [Availability::Online, Availability::Busy, Availability::Offline] {
            assert_eq!(Availability::of_text(chosen.as_str()), chosen);
            assert_eq!(serde_json::to_value(chosen).unwrap(), chosen.as_str());
        }
        for by in [EndedBy::User, EndedBy::Tutor, EndedBy::Idle, EndedBy::Supervisor] {
            assert_eq!(serde_json::to_value(by).unwrap(), by.as_str());
        }
    }
}
