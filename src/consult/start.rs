//! A service session about to begin: what is written when it does, in the queue or at a desk.

use super::{
    conversation::Conversation,
    desk,
    entry::Turn,
    feed,
    ledger::{Beginning, Move},
    mark::Mark,
    session::State,
    turn::Turning,
    view::institution::Mask,
    wording::{self, Words},
};
use crate::{
    archive::Receipt,
    directory::{self, SUPPORT},
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

    /// How a conversation goes on with it. An owner who is not asked again loses sight of it.
    pub(super) fn succeed<'a>(
        &self,
        before: &'a Conversation,
        seat: impl IntoIterator<Item = Statement>,
    ) -> Turning<'a> {
        let left = before.owner.as_ref().filter(|left| self.owner.as_ref() != Some(*left));
        let leave = left.map(|left| feed::leave(left, before));
        Turning {
            before,
            step: Move::Open { session: self.session.clone(), owner: self.owner.clone() },
            turn: self.turn(),
            beside: leave.into_iter().chain(seat).collect(),
        }
    }

    /// What its record says.
    pub(super) fn turn(&self) -> Turn {
        let (owner, notice) = (self.owner.clone(), notice(&self.institution));
        Turn::Opened { state: State::at_opening(owner.as_ref()), owner, notice }
    }

    /// A new conversation as it stands with it, stored with the record of `at`.
    pub(super) fn begun(&self, mask: Mask, at: Receipt) -> Conversation {
        Conversation {
            id: self.conversation.clone(),
            user: self.user.clone(),
            institution: self.institution.clone(),
            mask,
            session: self.session.clone(),
            state: State::at_opening(self.owner.as_ref()),
            turned_at: at.at_ms,
            owner: self.owner.clone(),
            owner_version: 1,
            waiting_since: None,
            last_seq: at.seq,
            line_seq: 0,
            line_at: at.at_ms,
            user_lines: 0,
            institution_lines: 0,
            owner_read_seq: 0,
        }
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

/// What a session with `institution` begins with.
pub(super) fn notice(institution: &InstitutionId) -> Words {
    if institution.as_str() == SUPPORT { wording::SUPPORT_OPENED } else { wording::REFERENCE_ONLY }
}

/// A tutor comes to a conversation: they see it again if they had lost sight of it, and what the user
/// said before this session, `lines` lines, is not unread to them.
pub(super) fn welcome(tutor: &UserId, conversation: &ConversationId, lines: i64) -> [Statement; 2] {
    let mark = Mark { conversation, person: tutor, read_seq: 0, read_lines: lines };
    [feed::returned(tutor, conversation), mark.begin()]
}
