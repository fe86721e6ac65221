//! A service session about to begin: what is written when it does, in the queue or at a desk.

use super::{
    conversation::Conversation,
    desk, feed,
    ledger::{self, Beginning, Move},
    mark::Mark,
    view::institution::Mask,
};
use crate::{
    directory,
    ids::{ConversationId, InstitutionId, ServiceSessionId, UserId},
    store::Statement,
};

/// What a new session is opened with.
#[derive(Debug, Default)]
pub(super) struct Wish {
    /// The tutor that is asked for.
    pub(super) tutor: Option<UserId>,
    /// Where in the app.
    pub(super) source: Option<String>,
    /// Whether to follow who answers.
    pub(super) follow: bool,
}

/// A service session about to begin.
pub(super) struct Start {
    pub(super) conversation: ConversationId,
    pub(super) user: UserId,
    pub(super) institution: InstitutionId,
    pub(super) session: ServiceSessionId,
    pub(super) owner: Option<UserId>,
    /// How many lines the user had written before.
    pub(super) lines: i64,
}

impl Start {
    /// The row of a new conversation.
    pub(super) fn create(&self, mask: &Mask) -> Vec<Statement> {
        let beginning = Beginning {
            id: &self.conversation,
            user: &self.user,
            institution: &self.institution,
            mask,
            session: &self.session,
            owner: self.owner.as_ref(),
        };
        beginning.statements()
    }

    /// The row of a conversation that goes on. An owner who is not asked again loses sight of it.
    pub(super) fn succeed(&self, before: &Conversation) -> Vec<Statement> {
        let step = Move::Open { session: &self.session, owner: self.owner.as_ref() };
        let mut statements = ledger::advance(before, &step);
        let left = before.owner.as_ref().filter(|left| self.owner.as_ref() != Some(*left));
        statements.extend(left.map(|left| feed::leave(left, before)));
        statements
    }

    /// The session's row and, when it begins with a tutor, the seat at their desk.
    pub(super) fn take_seat(&self, wish: &Wish, capacity: u32, now_ms: i64) -> Vec<Statement> {
        let mut statements = vec![self.row(wish)];
        let Some(owner) = &self.owner else { return statements };
        statements.push(desk::assign(owner, capacity));
        statements.extend(welcome(owner, &self.conversation, self.lines));
        if wish.follow {
            statements.push(directory::follow(&self.user, owner, now_ms));
        }
        statements
    }

    fn row(&self, wish: &Wish) -> Statement {
        let owned_at = if self.owner.is_some() { "$at" } else { "NULL" };
        let sql = format!(
            "INSERT INTO consult_session
                 (id, conversation, opened_at, opened_seq, opened_lines, source, wanted, follow,
                  owner, owned_at)
             VALUES ($1, $2, $at, $seq, $3, $4, $5, $6, $7, {owned_at})"
        );
        Statement::new(sql)
            .bind(self.session.as_str())
            .bind(self.conversation.as_str())
            .bind(self.lines)
            .bind(wish.source.clone())
            .bind(wish.tutor.as_ref().map(UserId::as_str))
            .bind(wish.follow)
            .bind(self.owner.as_ref().map(UserId::as_str))
    }
}

/// A tutor comes to a conversation: they see it again if they had lost sight of it, and what the user
/// said before this session, `lines` lines, is not unread to them.
pub(super) fn welcome(tutor: &UserId, conversation: &ConversationId, lines: i64) -> [Statement; 2] {
    let mark = Mark { conversation, person: tutor, read_seq: 0, read_lines: lines };
    [feed::returned(tutor, conversation), mark.begin()]
}
