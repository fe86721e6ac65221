//! A text that waits for its author: the row, and the token that confirms it.
//!
//! A token is random and lies sealed in the archive beside the text it confirms, its author, the rules
//! it broke and its end: that is what binds it to them. No key is needed, so none can leak, differ
//! between nodes or be changed while somebody makes up their mind.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::chance;
use crate::{
    ids::{ConversationId, HoldId, UserId},
    store::{Row, Statement},
};

/// 128 bits: nobody guesses one in the minutes that it counts.
const TOKEN_BYTES: usize = 16;

/// Draws the token of a new hold.
pub(super) fn fresh_token() -> String {
    URL_SAFE_NO_PAD.encode(chance::bytes::<TOKEN_BYTES>())
}

/// Whether `shown` is the token `kept`, found out in the same time wherever they differ.
pub(super) fn is_token(kept: &str, shown: &str) -> bool {
    verify_slices_are_equal(kept.as_bytes(), shown.as_bytes()).is_ok()
}

/// Where a hold lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) conversation: ConversationId,
    pub(super) author: UserId,
    pub(super) seq: i64,
    pub(super) expires_at: i64,
}

impl Placed {
    pub(super) fn of_row(row: &Row) -> Self {
        Self {
            conversation: row.text(0).into(),
            author: row.text(1).into(),
            seq: row.int(2),
            expires_at: row.int(3),
        }
    }
}

/// Finds a hold.
pub(super) fn by_id(hold: &HoldId) -> Statement {
    Statement::new("SELECT conversation, author, seq, expires_at FROM consult_hold WHERE id = $1")
        .bind(hold.as_str())
}

/// Beside the hold's record: its row.
pub(super) fn place(
    hold: &HoldId,
    conversation: &ConversationId,
    author: &UserId,
    expires_at: i64,
) -> Statement {
    Statement::new(
        "INSERT INTO consult_hold (id, conversation, author, seq, expires_at)
         VALUES ($1, $2, $3, $seq, $4)",
    )
    .bind(hold.as_str())
    .bind(conversation.as_str())
    .bind(author.as_str())
    .bind(expires_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_drawn_anew_and_fits_itself_alone() {
        let (one, other) = (fresh_token(), fresh_token());
        assert_eq!(one.len(), 22);
        assert!(is_token(&one, &one));
        for wrong in [other.as_str(), "", &one[1..], &one[..21]] {
            assert!(!is_token(&one, wrong), "{wrong}");
        }
    }
}
