//! What an author said just now in a room: for the same key, the same text, the pause, and secrets in
//! pieces.
//!
//! The archive is the truth. Whoever is not remembered is read back from it, so that forgetting, as
//! when there are too many, loses nothing. An author's lock is held while one comment is weighed:
//! each is judged together with the one before it.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::SetOnce;

use super::{
    Live,
    answer::{Answer, Told},
    comment::{Content, State, thread},
    reach::unarchived,
};
use crate::{
    archive::Window,
    ids::{CommentId, MediaId, RoomId, UserId},
    operation::Refusal,
};

/// How many comments of one author are remembered.
const SAID_MAX: usize = 12;
/// How many earlier ones are judged together with a new one, and how old they may be.
const EARLIER_MAX: usize = 6;
const WINDOW_MS: i64 = 120_000;

/// One comment.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) id: CommentId,
    pub(super) client_id: String,
    pub(super) text: String,
    /// What they spoke, when they did not write.
    pub(super) media: Option<MediaId>,
    pub(super) posted_at: i64,
    /// Whether it was taken: a rejected one takes no turn and is no piece of anything.
    pub(super) counts: bool,
    pub(super) told: Told,
}

/// An author in a room.
#[derive(Debug, Default)]
pub(super) struct Author {
    said: Mutex<VecDeque<Said>>,
    /// The archive would not take the last thing that viewers saw of them.
    is_distrusted: AtomicBool,
    /// What was reported as not stored, the newest last: it may have been all the same.
    doubts: Mutex<VecDeque<Content>>,
}

/// The authors in motion, of all rooms. Two generations: when the young one is full it becomes the
/// old one, and who said nothing since goes.
pub(super) struct Authors {
    generations: Mutex<Generations>,
    generation_max: usize,
}

type Generation = HashMap<(RoomId, UserId), Arc<Author>>;

#[derive(Default)]
struct Generations {
    young: Generation,
    old: Generation,
}

/// What an author has said, while a new comment of theirs is weighed.
pub(super) struct Memory<'a>(MutexGuard<'a, VecDeque<Said>>);

impl Authors {
    /// Room for about `authors_max`.
    pub(super) fn new(authors_max: usize) -> Self {
        let generation_max = (authors_max / 2).max(1);
        Self { generations: Mutex::default(), generation_max }
    }

    /// The author, if they are remembered.
    pub(super) fn find(&self, key: &(RoomId, UserId)) -> Option<Arc<Author>> {
        self.find_in(&mut self.lock(), key)
    }

    fn find_in(
        &self,
        generations: &mut Generations,
        key: &(RoomId, UserId),
    ) -> Option<Arc<Author>> {
        if let Some(author) = generations.young.get(key) {
            return Some(Arc::clone(author));
        }
        let author = generations.old.remove(key)?;
        self.put(generations, key.clone(), &author);
        Some(author)
    }

    /// Remembers an author, unless somebody was first.
    fn keep(&self, key: (RoomId, UserId), author: Author) -> Arc<Author> {
        // Found and put under one lock: of two first comments at once, both are this author's.
        let mut generations = self.lock();
        if let Some(known) = self.find_in(&mut generations, &key) {
            return known;
        }
        let author = Arc::new(author);
        self.put(&mut generations, key, &author);
        author
    }

    fn put(&self, generations: &mut Generations, key: (RoomId, UserId), author: &Arc<Author>) {
        if generations.young.len() >= self.generation_max {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(key, Arc::clone(author));
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    /// The author with what they said lately, from memory or from the archive.
    pub(super) async fn author(
        &self,
        room: &RoomId,
        person: &UserId,
    ) -> Result<Arc<Author>, Refusal> {
        let key = (room.clone(), person.clone());
        if let Some(author) = self.authors().find(&key) {
            return Ok(author);
        }
        let window = Window::newest(SAID_MAX);
        let records = self.needs().archive.read(&thread(room, person), window).await;
        let records = records.map_err(|fault| unarchived(&fault))?;
        let said = records.iter().filter_map(Content::of).map(Said::of).collect();
        let author = Author { said: Mutex::new(said), ..Author::default() };
        Ok(self.authors().keep(key, author))
    }
}

impl Author {
    /// What they said, for as long as a comment is weighed.
    pub(super) fn memory(&self) -> Memory<'_> {
        Memory(self.said.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets a comment that came to nothing: its key is good for another try.
    pub(super) fn forget(&self, id: &CommentId) {
        self.memory().0.retain(|said| said.id != *id);
    }

    /// Remembers a comment whose storing was reported failed.
    pub(super) fn doubt(&self, content: Content) {
        let mut doubts = self.doubts.lock().unwrap_or_else(PoisonError::into_inner);
        if doubts.len() >= SAID_MAX {
            doubts.pop_front();
        }
        doubts.push_back(content);
    }

    /// The comment under this key whose storing was reported failed. From now on it counts as said,
    /// and whoever sends it again waits for the answer.
    pub(super) fn take_up(&self, client_id: &str) -> Option<(Content, Told)> {
        let mut memory = self.memory();
        if memory.under(client_id).is_some() {
            return None;
        }
        let mut doubts = self.doubts.lock().unwrap_or_else(PoisonError::into_inner);
        let at = doubts.iter().position(|content| content.client_id == client_id)?;
        let content = doubts.remove(at)?;
        let told = Told::default();
        memory.note(Said { told: Arc::clone(&told), ..Said::of(content.clone()) });
        Some((content, told))
    }

    /// What they say next must be stored before it is shown.
    pub(super) fn distrust(&self) {
        self.is_distrusted.store(true, Ordering::Relaxed);
    }

    /// Something of theirs was stored.
    pub(super) fn trust(&self) {
        self.is_distrusted.store(false, Ordering::Relaxed);
    }

    /// Whether what they say must be stored before it is shown.
    pub(super) fn is_distrusted(&self) -> bool {
        self.is_distrusted.load(Ordering::Relaxed)
    }
}

impl Memory<'_> {
    /// The comment under this key.
    pub(super) fn under(&self, client_id: &str) -> Option<&Said> {
        self.0.iter().rev().find(|said| said.client_id == client_id)
    }

    /// Whether the very same was said since `since`.
    pub(super) fn has(&self, text: &str, since: i64) -> bool {
        self.written().any(|said| said.posted_at > since && said.text.trim() == text.trim())
    }

    /// When they last took a turn.
    pub(super) fn last_at(&self) -> Option<i64> {
        self.taken().map(|said| said.posted_at).max()
    }

    /// What is judged together with the next one, oldest first.
    pub(super) fn earlier(&self, now_ms: i64) -> Vec<&Said> {
        let near = self.written().rev().filter(|said| now_ms - said.posted_at <= WINDOW_MS);
        let mut earlier: Vec<_> = near.take(EARLIER_MAX).collect();
        earlier.reverse();
        earlier
    }

    /// What was judged together with the comment `id`, as far as it is remembered, oldest first.
    pub(super) fn before(&self, id: &CommentId, posted_at: i64) -> Vec<String> {
        let near = self.written().rev().filter(|said| {
            said.id != *id && (posted_at - WINDOW_MS..=posted_at).contains(&said.posted_at)
        });
        let mut before: Vec<_> = near.take(EARLIER_MAX).map(|said| said.text.clone()).collect();
        before.reverse();
        before
    }

    /// Remembers a comment.
    pub(super) fn note(&mut self, said: Said) {
        if self.0.len() >= SAID_MAX {
            self.0.pop_front();
        }
        self.0.push_back(said);
    }

    fn taken(&self) -> impl DoubleEndedIterator<Item = &Said> {
        self.0.iter().filter(|said| said.counts)
    }

    fn written(&self) -> impl DoubleEndedIterator<Item = &Said> {
        self.taken().filter(|said| said.media.is_none())
    }
}

impl Said {
    /// A comment as the archive has it.
    fn of(content: Content) -> Self {
        let answer = Answer::first(&content);
        Self {
            id: content.shown.id,
            client_id: content.client_id,
            text: content.shown.text,
            media: content.shown.media.map(|facts| facts.id),
            posted_at: content.shown.posted_at,
            counts: content.outcome != State::Rejected,
            told: Arc::new(SetOnce::new_with(Some(answer))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(second: i64, text: &str) -> Said {
        Said {
            id: CommentId::new(second.to_string()),
            client_id: format!("k{second}"),
            text: text.to_owned(),
            media: None,
            posted_at: second * 1_000,
            counts: text != "rejected",
            told: Told::default(),
        }
    }

    #[test]
    fn the_last_six_in_two_minutes_are_judged_with_the_next() {
        let author = Author::default();
        let mut memory = author.memory();
        for second in 1..=20 {
            memory.note(said(second, if second == 18 { "rejected" } else { "x" }));
        }
        assert_eq!(memory.earlier(20_000).len(), 6);
        assert_eq!(memory.earlier(19_000 + WINDOW_MS).len(), 2);
        assert_eq!((memory.last_at(), memory.under("k9").is_some()), (Some(20_000), true));
        assert!(memory.under("k8").is_none(), "the oldest are forgotten");
        assert!(memory.has(" x ", 19_999) && !memory.has("x", 20_000));
        assert!(!memory.has("rejected", 0), "what was not taken was not said");
    }

    #[test]
    fn those_who_speak_stay_and_their_number_is_bounded() {
        let authors = Authors::new(10);
        let key = |name: &str| (RoomId::from("r"), UserId::from(name));
        let ann = authors.keep(key("ann"), Author::default());
        for number in 0..40 {
            authors.keep(key(&number.to_string()), Author::default());
            assert!(Arc::ptr_eq(&ann, &authors.find(&key("ann")).unwrap()));
            let generations = authors.lock();
            assert!(generations.young.len() + generations.old.len() <= 10);
        }
        assert!(authors.find(&key("0")).is_none());
        let second = authors.keep(key("ann"), Author::default());
        assert!(Arc::ptr_eq(&ann, &second), "an author is remembered once");
    }
}
