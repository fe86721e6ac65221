//! What staff should look at, of all that is said: a line of an institution that is hidden, and
//! somebody who tries out what may be said.

use super::{
    Consult, announce::Bulletin, conversation::Conversation, event::News, judge::Judgement,
    probe::Stopped, viewer::Viewer,
};
use crate::{
    alert::{Cause, Kind},
    moderation::{Action, Category, Side},
};

impl Consult {
    /// The alerts that a judged text of the viewer's gives cause for.
    pub(super) fn causes(
        &self,
        conversation: &Conversation,
        viewer: &Viewer,
        judged: &Judgement,
    ) -> Vec<Cause> {
        let is_hidden = matches!(judged.verdict.action, Action::Hide | Action::Reject);
        let is_keyword = is_hidden && viewer.side() == Side::Institution;
        let is_probing = judged.stopped.as_ref().is_some_and(Stopped::is_news);
        let kinds = [(Kind::Keyword, is_keyword), (Kind::Probing, is_probing)];
        // As the record says it: what stopped a text without a category counts as the gravest.
        let category = judged.verdict.category.unwrap_or(Category::Sensitive).as_str();
        let place = (&conversation.institution, &conversation.id, &viewer.person);
        let raised = kinds.into_iter().filter(|(_, is_raised)| *is_raised);
        raised.map(|(kind, _)| Cause::new(kind, place, category, self.now_ms())).collect()
    }

    /// Tells staff of alerts that are durable now. Those who are not told find them in the list.
    pub(super) async fn tell_staff(
        &self,
        viewer: &Viewer,
        causes: &[Cause],
        bulletin: &mut Bulletin,
    ) {
        for cause in causes {
            if cause.kind() == Kind::Probing {
                self.inner().probes.told(&viewer.person);
            }
            match self.inner().needs.alerts.raised(cause).await {
                Ok(Some(news)) => {
                    bulletin.extend(news.to.iter().map(|to| News::staff(to, &news.event)));
                }
                Ok(None) => {}
                Err(fault) => tracing::warn!(%fault, "an alert was raised but not announced"),
            }
        }
    }
}
