//! What the rules of the platform and the words of the room say of a comment.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{
    Live,
    comment::{Cause, Content, Judged},
    facts::Facts,
    row::CommentRow,
    scope::Actor,
    settings::{OnWord, Voices},
    words::Words,
};
use crate::{
    error::Code,
    moderation::{Action, Category, Place, Question, Side, Verdict},
    operation::{Refusal, Role},
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

/// What is to become of a comment, and which of the earlier ones hold a part of what was found, by
/// their number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) fate: Fate,
    pub(super) pieces: Vec<usize>,
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
    pub(super) fn judge(&self, facts: &Facts, judging: Judging<'_>) -> Judgement {
        let Judging { text, earlier, role, .. } = judging;
        let needs = self.needs();
        if judging.is_voice {
            return Judgement { fate: of_voice(facts, judging.is_staff), pieces: Vec::new() };
        }
        let side = if role == Role::User { Side::User } else { Side::Institution };
        let question = Question { text, earlier, place: Place::Live, side };
        let verdict = match needs.moderation.decide(question, &needs.metrics) {
            Ok(verdict) => verdict,
            Err(_told_and_counted) => {
                return Judgement { fate: Fate::Hold(Cause::Unjudged, None), pieces: Vec::new() };
            }
        };
        let pieces = verdict.withdrawn.clone();
        let fate = match verdict.action {
            Action::Reject => Fate::Reject(Some(Judged::of(verdict))),
            Action::Warn | Action::Hide => Fate::Hold(Cause::Rules, Some(Judged::of(verdict))),
            Action::Allow => {
                return Judgement { fate: by_room(facts, judging), pieces: Vec::new() };
            }
        };
        Judgement { fate, pieces }
    }
}

/// What the room's own rules say of a voice, which nothing judges.
fn of_voice(facts: &Facts, is_staff: bool) -> Fate {
    let settings = &facts.charter.settings;
    match settings.voice {
        _ if is_staff => Fate::Pass,
        Voices::Open if settings.premoderated => Fate::Hold(Cause::Premoderated, None),
        Voices::Open => Fate::Pass,
        Voices::Held | Voices::Off => Fate::Hold(Cause::Voice, None),
    }
}

/// What the room's own rules say of a comment that the platform's allow.
fn by_room(facts: &Facts, judging: Judging<'_>) -> Fate {
    let Judging { text, earlier, is_staff, .. } = judging;
    let settings = &facts.charter.settings;
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

impl Live {
    /// Whether a held comment may be let through by `actor`. What the rules held, or could not judge, is
    /// judged once more: what they hide only the platform's own staff may show, and what they reject
    /// nobody may.
    ///
    /// # Errors
    /// `rejected`; `unavailable` when it still cannot be judged, to all but the platform's staff.
    pub(super) async fn judge_again(
        &self,
        row: &CommentRow,
        content: &Content,
        actor: &Actor,
    ) -> Result<(), Refusal> {
        if !matches!(content.cause, Some(Cause::Rules | Cause::Unjudged)) {
            return Ok(());
        }
        let needs = self.needs();
        let serves = needs.directory.tutor(&row.author).await?.is_some();
        let side = if serves { Side::Institution } else { Side::User };
        let author = self.author(&row.room, &row.author).await?;
        let earlier = author.memory().before(&row.id, row.posted_at);
        let earlier: Vec<_> = earlier.iter().map(String::as_str).collect();
        let text = &content.shown.text;
        let question = Question { text, earlier: &earlier, place: Place::Live, side };
        match needs.moderation.decide(question, &needs.metrics) {
            Err(_) if actor.is_platform => Ok(()),
            Err(_told_and_counted) => Err(Refusal::new(Code::Unavailable)
                .because("it still cannot be judged; the platform's moderators decide")),
            Ok(Verdict { action: Action::Allow | Action::Warn, .. }) => Ok(()),
            Ok(Verdict { action: Action::Hide, .. }) if actor.is_platform => Ok(()),
            Ok(Verdict { category, .. }) => {
                let category = category.map_or("sensitive", Category::as_str);
                Err(Refusal::new(Code::Rejected).with("category", category))
            }
        }
    }
}

/// Judging ended in a panic.
struct Unjudged;

fn holds_word(words: &Words, text: &str, earlier: &[&str]) -> Result<bool, Unjudged> {
    // The engine only reads its rules: whatever a panic leaves behind, nobody sees it.
    let judged = catch_unwind(AssertUnwindSafe(|| words.are_in(text, earlier)));
    judged.map_err(|_words_that_may_quote_the_text| Unjudged)
}
