//! What a move is said to come to is what the database makes of it.

use super::*;
use crate::{
    archive::Receipt,
    consult::{
        conversation::Conversation,
        entry::Entry,
        ledger::{self, Move},
    },
    ids::ConversationId,
    moderation::Side,
};

fn moves() -> Vec<Move> {
    let mut all = Vec::new();
    for side in [Side::User, Side::Institution] {
        all.extend([Move::Said(side), Move::Concealed(side), Move::Held(side)]);
    }
    // The user speaks once more, so that somebody waits when the session turns.
    all.extend([Move::Quiet, Move::Accept { owner: "tutor1".into() }, Move::Said(Side::User)]);
    all.extend([Move::Requeue, Move::End]);
    for owner in [None, Some("tutor1".into())] {
        all.push(Move::Open { session: "s2".into(), owner });
        all.extend([Move::Accept { owner: "tutor2".into() }, Move::Said(Side::User), Move::End]);
    }
    all
}

#[tokio::test]
async fn how_a_conversation_stands_after_a_move_is_what_its_row_says() {
    let house = House::new().await;
    let id = ConversationId::new(house.queued().await);
    let stored = async || house.consult.conversation(&id).await.unwrap().unwrap();
    let mut before: Conversation = stored().await;
    for step in moves() {
        house.clock.advance_ms(1);
        let entry = Entry::Recall { target: 1 };
        let beside = ledger::advance(&before, &step);
        let opened = house.consult.append(&id, &"user1".into(), entry, beside).await.unwrap();
        let after = step.after(&before, Receipt { seq: opened.seq, at_ms: opened.at_ms });
        assert_eq!(after, stored().await, "{step:?}");
        assert_ne!(after, before, "{step:?}");
        before = after;
    }
}
