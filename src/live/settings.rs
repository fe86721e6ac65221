//! What a room's host decides about speaking in it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reach::bad;
use crate::{config, error::Code, operation::Refusal};

/// How many words of its own a room has at most, and how long one is, in characters.
const WORDS_MAX: usize = 200;
const WORD_CHARS: std::ops::RangeInclusive<usize> = 2..=32;
/// The longest delay for viewers, in seconds.
const DELAY_MAX_S: u32 = 6;
/// The longest time of following that may be asked for: a year, in minutes.
const FOLLOWING_MAX: u32 = 525_600;
/// What curators' patterns are made of; in a room's words it would mean something else.
const PATTERN: &[char] = &['<', '>', '{', '}', '…', '?'];

/// Who may speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Speak {
    /// Everyone who is signed in.
    #[default]
    Everyone,
    /// Whoever has followed a tutor of the room's institution, or of the room's staff where it has
    /// none, for so many minutes.
    Followers {
        /// How many.
        minutes: u32,
    },
    /// The room's staff alone: everybody else is muted.
    Staff,
}

/// What happens to a comment that holds one of the room's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OnWord {
    /// It waits for a moderator.
    #[default]
    Hold,
    /// It is refused.
    Reject,
}

/// What becomes of a voice: nothing judges yet what is said in one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Voices {
    /// The room takes none, save its staff's.
    #[default]
    Off,
    /// It waits for a moderator.
    Held,
    /// It is heard like a text is read.
    Open,
}

/// All settings, as the room's row keeps them and as its staff see them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Settings {
    /// Who may speak.
    pub(super) speak: Speak,
    /// How long one must wait between two comments, in seconds; staff need not.
    pub(super) slow_s: u32,
    /// 先审后发: every comment but those of staff waits for a moderator.
    pub(super) premoderated: bool,
    /// Words that the room does not want, found in disguise too; at most 200 of 2–32 characters.
    pub(super) words: Vec<String>,
    /// What happens to a comment with one of them.
    pub(super) on_word: OnWord,
    /// How much later than the room's staff viewers see a comment, in seconds, at most 6.
    pub(super) delay_s: u32,
    /// Comments may be marked as questions.
    pub(super) questions: bool,
    /// Who is not signed in may watch.
    pub(super) anonymous: bool,
    /// What becomes of voices.
    pub(super) voice: Voices,
}

/// The settings that everybody may know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct PublicSettings {
    /// Who may speak.
    speak: Speak,
    /// How long one must wait between two comments, in seconds.
    slow_s: u32,
    /// Whether comments wait for a moderator.
    premoderated: bool,
    /// Whether comments may be marked as questions.
    questions: bool,
    /// Whether one may watch without signing in.
    anonymous: bool,
    /// What becomes of voices.
    voice: Voices,
}

/// What is to change; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Patch {
    /// Who may speak.
    pub(super) speak: Option<Speak>,
    /// The pause between two comments, in seconds.
    pub(super) slow_s: Option<u32>,
    /// Whether comments wait for a moderator.
    pub(super) premoderated: Option<bool>,
    /// The room's words, all of them.
    pub(super) words: Option<Vec<String>>,
    /// What happens to a comment with one of them.
    pub(super) on_word: Option<OnWord>,
    /// How much later viewers see a comment, in seconds.
    pub(super) delay_s: Option<u32>,
    /// Whether comments may be marked as questions.
    pub(super) questions: Option<bool>,
    /// Whether one may watch without signing in.
    pub(super) anonymous: Option<bool>,
    /// What becomes of voices.
    pub(super) voice: Option<Voices>,
}

impl Settings {
    /// Reads what the row keeps. What cannot be read is the strictest: nobody but staff speaks.
    pub(super) fn of_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or(Self { speak: Speak::Staff, ..Self::default() })
    }

    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// These settings, changed by `patch`.
    ///
    /// # Errors
    /// When a value is out of its bounds.
    pub(super) fn changed(
        &self,
        patch: Patch,
        bounds: &config::live::Live,
    ) -> Result<Self, Refusal> {
        let mut words = patch.words.unwrap_or_else(|| self.words.clone());
        words.sort();
        words.dedup();
        let changed = Self {
            speak: patch.speak.unwrap_or(self.speak),
            slow_s: patch.slow_s.unwrap_or(self.slow_s),
            premoderated: patch.premoderated.unwrap_or(self.premoderated),
            words,
            on_word: patch.on_word.unwrap_or(self.on_word),
            delay_s: patch.delay_s.unwrap_or(self.delay_s),
            questions: patch.questions.unwrap_or(self.questions),
            anonymous: patch.anonymous.unwrap_or(self.anonymous),
            voice: patch.voice.unwrap_or(self.voice),
        };
        changed.check(bounds).map(|()| changed)
    }

    fn check(&self, bounds: &config::live::Live) -> Result<(), Refusal> {
        let slow_max = bounds.slow_max.0.as_secs();
        if u64::from(self.slow_s) > slow_max {
            return Err(bad("slow_s is too long").with("max", slow_max));
        }
        if self.delay_s > DELAY_MAX_S {
            return Err(bad("delay_s is too long").with("max", DELAY_MAX_S));
        }
        if matches!(self.speak, Speak::Followers { minutes } if minutes > FOLLOWING_MAX) {
            return Err(bad("minutes is more than a year").with("max", FOLLOWING_MAX));
        }
        if self.words.len() > WORDS_MAX {
            return Err(Refusal::new(Code::LimitExceeded).with("max", WORDS_MAX));
        }
        let is_word = |word: &String| {
            WORD_CHARS.contains(&word.chars().count())
                && word.trim() == word
                && !word.chars().any(|c| c.is_control() || PATTERN.contains(&c))
        };
        match self.words.iter().all(is_word) {
            true => Ok(()),
            false => Err(bad("a word has 2 to 32 characters, none of them < > { } … or ?")),
        }
    }

    /// What everybody may know of them.
    pub(super) fn public(&self) -> PublicSettings {
        let Self { speak, slow_s, premoderated, questions, anonymous, voice, .. } = *self;
        PublicSettings { speak, slow_s, premoderated, questions, anonymous, voice }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changed(patch: serde_json::Value) -> Result<Settings, Refusal> {
        let patch = serde_json::from_value(patch).unwrap();
        Settings::default().changed(patch, &config::live::Live::default())
    }

    #[test]
    fn what_is_absent_stays_and_what_is_stored_reads_back() {
        let patch =
            json!({"speak": {"followers": {"minutes": 10}}, "words": ["代写", "包过", "代写"]});
        let settings = changed(patch).unwrap();
        assert_eq!(settings.words, ["代写", "包过"]);
        assert_eq!(Settings::of_text(&settings.to_text()), settings);
        let again = settings.changed(Patch::default(), &config::live::Live::default()).unwrap();
        assert_eq!(again, settings);
        assert_eq!(Settings::of_text("broken").speak, Speak::Staff);
    }

    #[test]
    fn values_out_of_bounds_are_refused() {
        let many: Vec<_> = (0..=WORDS_MAX).map(|n| format!("词{n}")).collect();
        for patch in [
            json!({"slow_s": 121}),
            json!({"delay_s": 7}),
            json!({"speak": {"followers": {"minutes": 525_601}}}),
            json!({"words": ["单"]}),
            json!({"words": ["加…聊"]}),
            json!({"words": ["多".repeat(33)]}),
            json!({"words": many}),
        ] {
            assert!(changed(patch.clone()).is_err(), "{patch}");
        }
        assert!(changed(json!({"slow_s": 120, "delay_s": 6})).is_ok());
    }

    #[test]
    fn viewers_learn_neither_the_words_nor_the_delay() {
        let settings = changed(json!({"words": ["代写"], "delay_s": 3})).unwrap();
        insta::assert_snapshot!(
            serde_json::to_string(&settings.public()).unwrap(),
            @r#"{"speak":"everyone","slow_s":0,"premoderated":false,"questions":false,"anonymous":false,"voice":"off"}"#
        );
    }
}
