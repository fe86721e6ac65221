//! From drafts to a transaction: numbered, sealed, and guarded by the thread's head.

use std::borrow::Cow;

use tokio::sync::oneshot;

use super::{
    Appended, Draft, Fault, Receipt,
    head::Head,
    thread_key::{Hash, Place},
};
use crate::store::{self, Outcome, Statement, Transaction, Value};

/// Drafts of one thread that are to be appended together, and who waits for it.
pub(super) struct Pending {
    pub(super) lead: Vec<Draft>,
    pub(super) last: Draft,
    pub(super) answer: oneshot::Sender<Result<Appended, Fault>>,
}

/// What a batch has in common.
#[derive(Clone, Copy)]
pub(super) struct Stamp {
    /// When its records are stored.
    pub(super) now_ms: i64,
    /// The lane's name in the heads that it moves; another lane, node or start has another.
    pub(super) writer: i64,
    /// How many records a thread takes within the time that marks are remembered.
    pub(super) day_max: usize,
}

/// What is to be done with drafts, by their thread's head.
pub(super) enum Plan {
    /// Commit this.
    Append(Transaction, Receipt),
    /// Compare with the record that was stored under the same `client_id`.
    Compare(Sent),
    /// Wait: the same `client_id` is in this very batch.
    Wait,
    /// Nothing: the thread is full.
    Refuse(Fault),
}

/// A record that was stored, and what a second one must look like to be the same.
pub(super) struct Sent {
    pub(super) thread_number: i64,
    pub(super) seq: i64,
    pub(super) fingerprint: Hash,
}

/// What a transaction came to.
pub(super) enum Settled {
    /// It is durable.
    Stored,
    /// Another node holds the thread: read its head again, and try again.
    Overtaken,
    /// It will not do.
    Failed(Fault),
}

impl Pending {
    /// The thread of all drafts.
    pub(super) fn thread(&self) -> &str {
        &self.last.thread
    }

    /// All of them, in order.
    pub(super) fn drafts(&self) -> impl Iterator<Item = &Draft> {
        self.lead.iter().chain([&self.last])
    }

    /// Numbers and seals the drafts, or recognises them. `head` counts on.
    pub(super) fn plan(&self, head: &mut Head, stamp: Stamp) -> Plan {
        let Some(client_id) = &self.last.client_id else {
            // Turns and the like have room of their own: a thread full of messages can be closed.
            let stamp = Stamp { day_max: stamp.day_max.saturating_mul(2), ..stamp };
            return self.append(head, stamp, None);
        };
        let mark = head.key.mark(&self.last.author, client_id);
        let fingerprint = head.key.fingerprint(self.drafts());
        match head.marks.find(&mark) {
            None => self.append(head, stamp, Some((mark, fingerprint))),
            Some(seq) if seq > head.durable_seq => Plan::Wait,
            Some(seq) => Plan::Compare(Sent { thread_number: head.number, seq, fingerprint }),
        }
    }

    fn append(&self, head: &mut Head, stamp: Stamp, sent: Option<(Hash, Hash)>) -> Plan {
        let at_ms = stamp.now_ms;
        if let Some(retry_ms) = head.marks.full_for_ms(stamp.day_max, at_ms) {
            return Plan::Refuse(Fault::Full { retry_ms });
        }
        let first_seq = head.last_seq + 1;
        let count = self.drafts().count();
        head.marks.count(count, at_ms);
        let beside: usize = self.drafts().map(|draft| draft.beside.len()).sum();
        let mut transaction = Vec::with_capacity(1 + count + beside);
        transaction.push(advance(head, self.thread(), count, stamp.writer));
        let last_seq = head.last_seq;
        if let Some((mark, _)) = sent {
            head.marks.remember(mark, last_seq, at_ms);
        }
        for (seq, draft) in (first_seq..).zip(self.drafts()) {
            // Only the last of them is recognised: it stands for all.
            let sent = sent.filter(|_| seq == last_seq);
            transaction.push(insert(head, draft, Receipt { seq, at_ms }, sent));
        }
        for (seq, draft) in (first_seq..).zip(self.drafts()) {
            let receipt = Receipt { seq, at_ms };
            transaction.extend(draft.beside.iter().map(|each| filled(each, receipt)));
        }
        Plan::Append(transaction, Receipt { seq: last_seq, at_ms })
    }

    /// What the outcome of this plan's transaction means.
    pub(super) fn settle(&self, outcome: Outcome) -> Settled {
        let records = self.drafts().count();
        match outcome {
            Ok(_) => Settled::Stored,
            Err(store::Fault::Guard { index: 0 } | store::Fault::Duplicate { index: 0 }) => {
                Settled::Overtaken
            }
            Err(store::Fault::Guard { index } | store::Fault::Duplicate { index })
                if index > records =>
            {
                Settled::Failed(Fault::Guard)
            }
            Err(fault) => Settled::Failed(fault.into()),
        }
    }
}

/// Moves the thread's head on by `count`; only from where this lane believes it to be. The number
/// alone would not do: another node might have moved it to just where a later draft of this batch
/// expects it, with records that this lane knows nothing of.
fn advance(head: &mut Head, thread: &str, count: usize, writer: i64) -> Statement {
    let before = (head.last_seq, std::mem::replace(&mut head.writer, writer));
    head.last_seq += i64::try_from(count).expect("a batch is shorter than that");
    let statement = match head.birth.take() {
        Some(key) => Statement::new(
            "INSERT INTO thread (number, id, last_seq, writer, kek, wrapped_key)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(head.number)
        .bind(thread)
        .bind(head.last_seq)
        .bind(writer)
        .bind(i64::from(key.version))
        .bind(key.bytes),
        // A key that was destroyed meanwhile must not seal one more record.
        None => Statement::new(
            "UPDATE thread SET last_seq = $1, writer = $2
             WHERE number = $3 AND last_seq = $4 AND writer = $5 AND wrapped_key IS NOT NULL",
        )
        .bind(head.last_seq)
        .bind(writer)
        .bind(head.number)
        .bind(before.0)
        .bind(before.1),
    };
    statement.touching(1)
}

fn insert(head: &Head, draft: &Draft, at: Receipt, sent: Option<(Hash, Hash)>) -> Statement {
    let Receipt { seq, at_ms } = at;
    let Draft { thread, author, kind, content, .. } = draft;
    let sealed = head.key.seal(Place { thread, seq, at_ms, author, kind }, content);
    let (mark, fingerprint) = sent.unzip();
    Statement::new(
        "INSERT INTO record (thread, seq, at_ms, author, kind, mark, fingerprint, content)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(head.number)
    .bind(seq)
    .bind(at_ms)
    .bind(author.as_str())
    .bind(*kind)
    .bind(mark.map(Vec::from))
    .bind(fingerprint.map(Vec::from))
    .bind(sealed)
}

/// The statement with `$seq` and `$at` as two more of its numbered values.
fn filled(statement: &Statement, receipt: Receipt) -> Statement {
    let mut filled = statement.clone();
    for (name, value) in [("$seq", receipt.seq), ("$at", receipt.at_ms)] {
        if filled.sql.contains(name) {
            filled.values.push(Value::Int(value));
            let number = format!("${}", filled.values.len());
            filled.sql = Cow::Owned(filled.sql.replace(name, &number));
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_and_the_time_come_after_the_values_of_the_statement() {
        let at = Receipt { seq: 7, at_ms: 9 };
        let plain = Statement::new("UPDATE c SET x = $1").bind("y");
        assert_eq!(filled(&plain, at), plain);
        let both =
            Statement::new("UPDATE c SET a = $at, s = $seq, t = $seq WHERE id = $1").bind("y");
        let expected = Statement::new("UPDATE c SET a = $3, s = $2, t = $2 WHERE id = $1");
        assert_eq!(filled(&both, at), expected.bind("y").bind(7).bind(9));
    }
}
