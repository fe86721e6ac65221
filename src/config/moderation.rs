//! `[moderation]`: the rules, and what is done with a text that they hit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{fault::Wrong, value::Span};

/// What is done with a text, from the mildest.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Delivered.
    Allow,
    /// Held; its author is warned and may insist.
    Warn,
    /// Never delivered; a placeholder stands for it.
    Hide,
    /// Refused to its author.
    Reject,
}

impl Action {
    /// The name in the configuration, on the wire and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Hide => "hide",
            Self::Reject => "reject",
        }
    }
}

/// What the prior may do that a rule set holds: how speech sounds that rules are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prior {
    /// It weakens rules and backs them, and finds what no rule knows.
    #[default]
    Full,
    /// It weakens rules and backs them, and finds nothing by itself.
    Aid,
    /// Nothing: rules judge alone.
    Off,
}

/// What is done with a text of each category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actions {
    /// Phone, ID, card, accounts, address, e-mail, code.
    pub privacy: Action,
    /// Transfers, deposits, 保过, loans.
    pub property: Action,
    /// Banned speech.
    pub sensitive: Action,
}

/// What is done with texts of each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sides {
    /// Candidates.
    pub user: Actions,
    /// Tutors, institutions and staff.
    pub institution: Actions,
}

/// What is done with a text, by where it would appear, who wrote it and what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Matrix {
    /// Consultations with an institution.
    pub consult: Sides,
    /// The platform's own customer service.
    pub support: Sides,
    /// Comments in live rooms.
    pub live: Sides,
    /// Nicknames and other names that others see.
    pub nickname: Sides,
    /// Texts of notifications.
    pub push: Sides,
}

/// The shortest budget: a busy machine takes milliseconds to come to anything.
const BUDGET_MIN: Span = Span::milliseconds(10);
/// The longest first pause.
const PROBE_PAUSE_MAX: Span = Span::seconds(86_400);

/// The `[moderation]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Moderation {
    /// A folder of rules, `*.toml`, instead of the built-in ones; empty for the built-in ones.
    pub lexicon: String,
    /// What the prior of a rule set may do; `off` when it should turn out wrong.
    pub prior: Prior,
    /// How often the folder and what was published are looked at; `0s` only at the start.
    pub watch: Span,
    /// How long judging a text may take, 10 ms or more; `0s` for any time. A text that takes longer is not shown.
    pub budget: Span,
    /// How many lines of somebody who serves may be stopped within the window before they are slowed
    /// down, and an alert is raised; 0 for any number.
    pub probe_max: usize,
    /// The same of candidates, and of the platform's own desk, whose warned lines stop counting when
    /// they are confirmed; no alert is raised.
    pub probe_user_max: usize,
    /// The window.
    pub probe_window: Span,
    /// How long the first pause is, at most a day. Each that follows is twice as long, up to 64 times the first.
    pub probe_pause: Span,
    /// What is done with a text that a rule hits.
    pub matrix: Matrix,
}

/// How people are slowed down who find out, line by line, what the rules let pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probing {
    /// How many stopped lines of those who serve are borne; 0 for any number.
    pub serving_max: usize,
    /// How many of candidates and of the platform's own desk.
    pub user_max: usize,
    /// Within this time.
    pub window: Span,
    /// The first pause.
    pub pause: Span,
}

const fn actions(privacy: Action, property: Action, sensitive: Action) -> Actions {
    Actions { privacy, property, sensitive }
}

impl Default for Moderation {
    fn default() -> Self {
        Self {
            lexicon: String::new(),
            prior: Prior::default(),
            watch: Span::seconds(1),
            budget: Span::milliseconds(250),
            probe_max: 5,
            probe_user_max: 30,
            probe_window: Span::seconds(600),
            probe_pause: Span::seconds(30),
            matrix: Matrix::default(),
        }
    }
}

impl Moderation {
    /// How probing is slowed down.
    pub fn probing(&self) -> Probing {
        Probing {
            serving_max: self.probe_max,
            user_max: self.probe_user_max,
            window: self.probe_window,
            pause: self.probe_pause,
        }
    }

    /// Refuses a window that nothing falls into, a pause that slows nobody down or all but for ever,
    /// and a budget in which nothing would be judged.
    pub(super) fn check(&self) -> Vec<Wrong> {
        let spans = [("probe_window", self.probe_window), ("probe_pause", self.probe_pause)];
        let zeros = spans.into_iter().filter(|(_, span)| span.0.is_zero());
        let reason = "0 would slow nobody down; set probe_max and probe_user_max to 0 for that";
        let mut wrong: Vec<_> = zeros.map(|(key, _)| Wrong::new(key, reason)).collect();
        if self.probe_pause > PROBE_PAUSE_MAX {
            wrong
                .push(Wrong::new("probe_pause", "at most 1d: it doubles up to 64 times the first"));
        }
        if !self.budget.0.is_zero() && self.budget < BUDGET_MIN {
            let reason = "at least 10ms, or next to nothing would be judged; 0s for any time";
            wrong.push(Wrong::new("budget", reason));
        }
        wrong
    }
}

impl Default for Matrix {
    fn default() -> Self {
        use Action::{Hide, Reject, Warn};
        let same = |actions| Sides { user: actions, institution: actions };
        Self {
            consult: Sides {
                user: actions(Warn, Warn, Hide),
                institution: actions(Hide, Hide, Hide),
            },
            support: same(actions(Warn, Warn, Warn)),
            live: same(actions(Reject, Reject, Reject)),
            nickname: same(actions(Reject, Reject, Reject)),
            push: same(actions(Reject, Reject, Reject)),
        }
    }
}
