//! What the rules of the platform and the words of the room say of a comment.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{
    Live,
    comment::{Cause, Judged},
    facts::Facts,
    settings::{OnWord, Voices},
    words::Words,
};
use crate::{
    moderation::{Action, Place, Question, Side},
    operation::Role,
};

/// What is to become of a comment, as far as its text decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It may be shown.
    Pass,
    /// A moderator decides.
    Hold(Cause, Option<Judged>),
    /// It is refused: by the rules of the platform, or, without a verdict, by the room's words.
    Reject(Option<Judged>),
}

/// A comment to judge.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judging<'a> {
    pub(super) text: &'a str,
    /// What its author wrote just before.
    pub(super) earlier: &'a [&'a str],
    pub(super) role: Role,
    /// Whether it is a voice, and there is no text.
    pub(super) is_voice: bool,
    /// Whether the room's own rules bind them.
    pub(super) is_staff: bool,
}

impl Live {
    /// Judges a comment. Whatever cannot be judged waits for a moderator: nothing passes unjudged.
    pub(super) fn judge(&self, facts: &Facts, judging: Judging<'_>) -> Fate {
        let Judging { text, earlier, role, is_staff, is_voice } = judging;
        let (needs, settings) = (self.needs(), &facts.charter.settings);
        if is_voice {
            return match settings.voice {
                _ if is_staff => Fate::Pass,
                Voices::Open if settings.premoderated => Fate::Hold(Cause::Premoderated, None),
                Voices::Open => Fate::Pass,
                Voices::Held | Voices::Off => Fate::Hold(Cause::Voice, None),
            };
        }
        let side = if role == Role::User { Side::User } else { Side::Institution };
        let question = Question { text, earlier, place: Place::Live, side };
        let verdict = match needs.moderation.decide(question, &needs.metrics) {
            Ok(verdict) => verdict,
            Err(_told_and_counted) => return Fate::Hold(Cause::Unjudged, None),
        };
        match verdict.action {
            Action::Reject => return Fate::Reject(Some(Judged::of(verdict))),
            Action::Warn | Action::Hide => {
                return Fate::Hold(Cause::Rules, Some(Judged::of(verdict)));
            }
            Action::Allow => {}
        }
        if is_staff {
            return Fate::Pass;
        }
        match facts.words.as_deref().map(|words| holds_word(words, text, earlier)) {
            None | Some(Ok(false)) => {}
            Some(Err(Unjudged)) => return Fate::Hold(Cause::Unjudged, None),
            Some(Ok(true)) if settings.on_word == OnWord::Reject => return Fate::Reject(None),
            Some(Ok(true)) => return Fate::Hold(Cause::Word, None),
        }
        if settings.premoderated { Fate::Hold(Cause::Premoderated, None) } else { Fate::Pass }
    }
}

/// Judging ended in a panic.
struct Unjudged;

fn holds_word(words: &Words, text: &str, earlier: &[&str]) -> Result<bool, Unjudged> {
    // The engine only reads its rules: whatever a panic leaves behind, nobody sees it.
    let judged = catch_unwind(AssertUnwindSafe(|| words.are_in(text, earlier)));
    judged.map_err(|_words_that_may_quote_the_text| Unjudged)
}
