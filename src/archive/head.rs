//! Heads: where each thread's numbering stands, with its key and its marks, kept at hand.

use std::collections::HashMap;

use super::{key_ring::Wrapped, mark::Marks, thread_key::ThreadKey};

/// A thread as its lane knows it.
pub(super) struct Head {
    /// The thread's short name in the database.
    pub(super) number: i64,
    /// The last number given.
    pub(super) last_seq: i64,
    /// The last number that is durable.
    pub(super) durable_seq: i64,
    /// Which lane moved the head last.
    pub(super) writer: i64,
    /// Seals and recognises its records.
    pub(super) key: ThreadKey,
    /// The key to store with the first record, until that has been planned.
    pub(super) birth: Option<Wrapped>,
    /// What was sent lately.
    pub(super) marks: Marks,
}

/// The heads used lately. Two generations: when the young one is full it becomes the old one, and
/// what was not used since goes.
pub(super) struct Heads {
    young: HashMap<String, Head>,
    old: HashMap<String, Head>,
    generation_max: usize,
}

impl Heads {
    /// Room for about `heads_max` heads.
    pub(super) fn new(heads_max: usize) -> Self {
        let generation_max = (heads_max / 2).max(1);
        Self { young: HashMap::new(), old: HashMap::new(), generation_max }
    }

    /// Takes a head out, to be kept again once it has been used and is still right.
    pub(super) fn take(&mut self, thread: &str) -> Option<Head> {
        self.young.remove(thread).or_else(|| self.old.remove(thread))
    }

    /// Keeps a head.
    pub(super) fn keep(&mut self, thread: String, head: Head) {
        if self.young.len() >= self.generation_max {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(thread, head);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::thread_key::fresh;

    fn head(number: i64) -> Head {
        let key = ThreadKey::new(&fresh());
        let marks = Marks::new();
        Head { number, last_seq: 0, durable_seq: 0, writer: 0, key, birth: None, marks }
    }

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let mut heads = Heads::new(10);
        heads.keep("used".to_owned(), head(0));
        heads.keep("unused".to_owned(), head(1));
        for number in 2..30 {
            heads.keep(number.to_string(), head(number));
            let used = heads.take("used").unwrap();
            heads.keep("used".to_owned(), used);
            assert!(heads.young.len() + heads.old.len() <= 10);
        }
        assert!(heads.take("unused").is_none());
        assert_eq!(heads.take("29").unwrap().number, 29);
        assert!(heads.take("29").is_none(), "a head is in one place only");
    }
}
