//! A text that waits for its author: the row, and the token that confirms exactly this text.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    identity::Identity,
    ids::{ConversationId, HoldId, UserId},
    store::{Row, Statement},
};

/// A token's length: 32 bytes in base64 without padding.
const TOKEN_LEN: usize = 43;
const CONTEXT: &str = "belfry 2026-11 confirmation of a held message";

/// Signs and verifies confirmation tokens; the same on every node.
pub(super) struct HoldKey([u8; 32]);

impl HoldKey {
    /// The key of this house.
    pub(super) fn of(identity: &Identity) -> Self {
        Self(identity.derived_key(CONTEXT))
    }

    /// The token for what `bound` names. The same every time, so a retried send gets it again.
    pub(super) fn sign(&self, bound: &Bound<'_>) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(bound).as_bytes())
    }

    /// Whether `token` was signed for exactly what `bound` names.
    pub(super) fn verifies(&self, bound: &Bound<'_>, token: &str) -> bool {
        if token.len() != TOKEN_LEN {
            return false;
        }
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
        // Comparing hashes of this type takes the same time wherever they differ.
        blake3::Hash::from_slice(&bytes).is_ok_and(|mac| mac == self.mac(bound))
    }

    fn mac(&self, bound: &Bound<'_>) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        let text = blake3::hash(bound.text.as_bytes());
        let fields = [
            bound.conversation.as_str().as_bytes(),
            bound.author.as_str().as_bytes(),
            bound.hold.as_str().as_bytes(),
            text.as_bytes(),
            bound.rules_version.as_bytes(),
            &bound.expires_at.to_be_bytes(),
        ];
        for field in fields {
            hasher.update(&(field.len() as u64).to_be_bytes());
            hasher.update(field);
        }
        hasher.finalize()
    }
}

/// What a token is bound to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound<'a> {
    pub(super) conversation: &'a ConversationId,
    pub(super) author: &'a UserId,
    pub(super) hold: &'a HoldId,
    pub(super) text: &'a str,
    pub(super) rules_version: &'a str,
    /// Until when it counts, in milliseconds since 1970.
    pub(super) expires_at: i64,
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
    fn a_token_is_bound_to_everything_it_names() {
        let key = HoldKey([7; 32]);
        let (conversation, author, hold) = ("c".into(), "a".into(), "h".into());
        let bound = Bound {
            conversation: &conversation,
            author: &author,
            hold: &hold,
            text: "13800138000",
            rules_version: "7",
            expires_at: 9,
        };
        let token = key.sign(&bound);
        assert_eq!(token.len(), TOKEN_LEN);
        assert!(key.verifies(&bound, &token));
        let (conversation2, author2, hold2) = ("c2".into(), "a2".into(), "h2".into());
        for other in [
            Bound { conversation: &conversation2, ..bound },
            Bound { author: &author2, ..bound },
            Bound { hold: &hold2, ..bound },
            Bound { text: "13800138001", ..bound },
            Bound { rules_version: "8", ..bound },
            Bound { expires_at: 10, ..bound },
        ] {
            assert!(!key.verifies(&other, &token), "{other:?}");
        }
        assert!(!HoldKey([8; 32]).verifies(&bound, &token));
        for wrong in ["", "AAAA", "!", &token[1..]] {
            assert!(!key.verifies(&bound, wrong));
        }
    }
}
