//! Raising: the statements that stand beside the record, and what is told when they are durable.

use super::{Alerts, Event, Fault, Kind, News};
use crate::{
    ids::{AlertId, ConversationId, InstitutionId, UserId},
    store::Statement,
    telemetry::label::ByKind,
};

/// A record that gives cause for an alert.
#[derive(Clone, Debug)]
pub struct Cause {
    /// The alert's name, if it is the first of its topic.
    id: AlertId,
    kind: Kind,
    institution: InstitutionId,
    conversation: ConversationId,
    author: UserId,
    category: &'static str,
}

impl Cause {
    /// A record of `author` in `conversation`, who serves there for `institution`, gives cause: for
    /// `category`, in the domain's word.
    pub fn new(
        kind: Kind,
        (institution, conversation, author): (&InstitutionId, &ConversationId, &UserId),
        category: &'static str,
        now_ms: i64,
    ) -> Self {
        Self {
            id: AlertId::fresh(now_ms),
            kind,
            institution: institution.clone(),
            conversation: conversation.clone(),
            author: author.clone(),
            category,
        }
    }

    /// What it is about.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What hits are gathered by. Who probes does so wherever they can.
    fn topic(&self) -> &str {
        match self.kind {
            Kind::Keyword | Kind::Live => self.conversation.as_str(),
            Kind::Probing => self.author.as_str(),
        }
    }

    /// Beside the record, whose number and time are `$seq` and `$at`: raises the alert, or adds the
    /// record to the one that is open.
    pub fn statements(&self) -> [Statement; 2] {
        let raise = Statement::new(
            "INSERT INTO alert (id, kind, topic, institution, conversation, author, state, hits,
                 raised_at, last_at, held_until)
             VALUES ($1, $2, $3, $4, $5, $6, 'open', 1, $at, $at, 0)
             ON CONFLICT (kind, topic) WHERE state = 'open' DO UPDATE SET
                 institution = excluded.institution, conversation = excluded.conversation,
                 author = excluded.author, hits = alert.hits + 1, last_at = excluded.last_at",
        )
        .bind(self.id.as_str())
        .bind(self.kind.as_str())
        .bind(self.topic())
        .bind(self.institution.as_str())
        .bind(self.conversation.as_str())
        .bind(self.author.as_str());
        let add = Statement::new(
            "INSERT INTO alert_record (alert, conversation, seq, author, category, at)
             SELECT id, conversation, CAST($seq AS BIGINT), author, $1, last_at FROM alert
             WHERE kind = $2 AND topic = $3 AND state = 'open'",
        )
        .bind(self.category)
        .bind(self.kind.as_str())
        .bind(self.topic())
        .touching(1);
        [raise, add]
    }
}

impl Alerts {
    /// The record of `cause` is durable: what staff are told.
    ///
    /// # Errors
    /// When the alert cannot be read. It is raised all the same.
    pub async fn raised(&self, cause: &Cause) -> Result<Option<News>, Fault> {
        let found = self.open_on(cause.kind, cause.topic()).await?;
        let is_new = found.as_ref().is_some_and(|alert| alert.id == cause.id);
        if is_new {
            self.0.metrics.alerts_raised.one(&ByKind { kind: cause.kind.as_str() });
            self.count().await;
        }
        // Who decided it meanwhile has seen the record.
        let Some(alert) = found else { return Ok(None) };
        let event = if is_new { Event::Raised { alert } } else { Event::Changed { alert } };
        Ok(Some(self.news(event).await?))
    }
}
