//! What moderation says of a text, together with what its author wrote just before.

use super::{
    Consult, Needs,
    body::{Body, Said},
    conversation::Conversation,
    entry::{Entry, Opened},
    probe::Stopped,
    reach::Stop,
    recent::{Line, READ_MAX, Tail},
    send::Sending,
    viewer::Viewer,
};
use crate::{
    archive::Window,
    directory::SUPPORT,
    error::Code,
    ids::UserId,
    moderation::{Action, NoVerdict, Place, Question, Verdict},
    operation::Refusal,
};

/// What is to become of a text.
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    /// The earlier messages that hold a part of what was found.
    pub(super) withdraws: Vec<i64>,
    /// It is stopped, and counts among what its author has tried.
    pub(super) stopped: Option<Stopped>,
}

impl Consult {
    /// Judges what is sent as the viewer's next message in `conversation`, unless they have to wait
    /// since too much of theirs was stopped. Nothing is waited for between the two: of words that
    /// are sent at once, each is judged when those before it are counted.
    pub(super) async fn judge(
        &self,
        conversation: &Conversation,
        viewer: &Viewer,
        sending: &Sending,
    ) -> Result<Judgement, Stop> {
        let lines = match sending.said {
            Said::Text { .. } => self.earlier(conversation, &viewer.person).await?,
            // What was said before was judged; what a picture or a voice says is not, yet.
            Said::Image { .. } | Said::Voice { .. } => Vec::new(),
        };
        let earlier: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
        let is_support = conversation.institution.as_str() == SUPPORT;
        let place = if is_support { Place::Support } else { Place::Consult };
        let question =
            Question { text: sending.said.text(), earlier: &earlier, place, side: viewer.side() };
        self.check_pause(viewer)?;
        let Needs { moderation, metrics, .. } = &self.inner().needs;
        let verdict = moderation.decide(question, metrics).map_err(unjudged)?;
        let parts = verdict.withdrawn.iter().filter_map(|number| lines.get(*number));
        let withdraws = parts.map(|line| line.seq).collect();
        let is_stopped = verdict.action != Action::Allow;
        let stopped = is_stopped.then(|| self.probes(viewer, sending, &verdict.rules_version));
        Ok(Judgement { verdict, withdraws, stopped })
    }

    async fn earlier(
        &self,
        conversation: &Conversation,
        author: &UserId,
    ) -> Result<Vec<Line>, Stop> {
        let (recent, now_ms) = (&self.inner().recent, self.now_ms());
        let (id, last_seq) = (&conversation.id, conversation.last_seq);
        if let Some(earlier) = recent.earlier(id, last_seq, author, now_ms) {
            return Ok(earlier);
        }
        // Told from the tail itself: what is remembered may be pushed out again at once.
        let tail = Tail::of(last_seq, self.shown_lately(conversation).await?);
        let earlier = tail.earlier(author, now_ms);
        recent.keep(id, tail, now_ms);
        Ok(earlier)
    }

    async fn shown_lately(&self, conversation: &Conversation) -> Result<Vec<Line>, Stop> {
        let before = conversation.last_seq + 1;
        let window = Window { after: 0, before, limit: READ_MAX, newest: true };
        let id = &conversation.id;
        let records = self.inner().needs.archive.read(id.as_str(), window).await?;
        Ok(records.into_iter().map(Opened::of).filter_map(|opened| line_of(&opened)).collect())
    }
}

/// A text without a verdict is not stored: nobody has seen it, its author keeps it, and the same key
/// is good for the next try.
fn unjudged(_: NoVerdict) -> Refusal {
    Refusal::new(Code::Unavailable)
        .because("the text could not be judged; nothing was stored: send it again as it is")
}

/// The line that a shown message makes. One that was taken back counts like any other: whoever was
/// to read the first half of a number has read it.
fn line_of(opened: &Opened) -> Option<Line> {
    match opened.entry() {
        Some(Entry::Message { body: Body::Text { text }, .. }) => Some(Line {
            seq: opened.seq,
            at_ms: opened.at_ms,
            author: opened.author.clone(),
            text: text.clone(),
        }),
        _ => None,
    }
}

/// Remembers a record that was just appended.
pub(super) fn remember(consult: &Consult, conversation: &Conversation, opened: &Opened) {
    consult.inner().recent.note(&conversation.id, opened.seq, line_of(opened));
}
