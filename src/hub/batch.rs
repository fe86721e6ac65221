//! What leaves together for the readers of one channel, encoded once for each dialect.
//!
//! Mostly one announcement; in a busy channel all publications of a tick. Each stays whole and in
//! order, so that every client understands them; only the frames and the writes become fewer.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::{
    broker::Announcement,
    hub::Dialect,
    ids::ChannelName,
    protocol::{payload::NotJson, push::Push},
};

/// Announcements of one channel in its order: any one, or several publications.
pub(super) struct Batch<'a> {
    channel: &'a ChannelName,
    items: &'a [Announcement],
    /// Its number among all that the channel gathered; what came before a reader did is not for it.
    pub(super) first: u64,
    /// The first offset and the last, when the items are one run of a stream's publications.
    pub(super) run: Option<(u64, u64)>,
    /// All of them in one, for each dialect.
    whole: [Option<Bytes>; Dialect::COUNT],
    /// Each by itself, for the few who came, or read the stream, in the middle.
    single: BTreeMap<(usize, usize), Option<Bytes>>,
}

impl<'a> Batch<'a> {
    /// `items` of `channel`, the first of which is its `first`.
    pub(super) fn new(channel: &'a ChannelName, items: &'a [Announcement], first: u64) -> Self {
        let (whole, single) = (Default::default(), BTreeMap::new());
        Self { channel, items, first, run: run(items), whole, single }
    }

    /// The channel.
    pub(super) fn channel(&self) -> &'a ChannelName {
        self.channel
    }

    /// What is in it.
    pub(super) fn items(&self) -> &'a [Announcement] {
        self.items
    }

    /// All items as one piece for a socket.
    ///
    /// # Errors
    /// When a payload among them is not JSON, and the dialect is.
    pub(super) fn whole(&mut self, dialect: Dialect) -> Result<Bytes, NotJson> {
        made(&mut self.whole[dialect as usize], self.channel, self.items, dialect)
    }

    /// The item of that number by itself.
    ///
    /// # Errors
    /// When its payload is not JSON, and the dialect is.
    pub(super) fn one(&mut self, dialect: Dialect, at: usize) -> Result<Bytes, NotJson> {
        let held = self.single.entry((dialect as usize, at)).or_default();
        made(held, self.channel, &self.items[at..=at], dialect)
    }
}

fn made(
    held: &mut Option<Bytes>,
    channel: &ChannelName,
    items: &[Announcement],
    dialect: Dialect,
) -> Result<Bytes, NotJson> {
    if let Some(frame) = held {
        return Ok(frame.clone());
    }
    let frame = encode(channel, items, dialect)?;
    *held = Some(frame.clone());
    Ok(frame)
}

fn run(items: &[Announcement]) -> Option<(u64, u64)> {
    let offset = |item: &Announcement| match item {
        Announcement::Publication { publication, .. } => Some(publication.offset),
        Announcement::Join(_) | Announcement::Leave(_) => None,
    };
    let first = offset(items.first()?).filter(|first| *first > 0)?;
    let is_run = (first..).zip(items).all(|(expected, item)| offset(item) == Some(expected));
    is_run.then(|| (first, first + items.len() as u64 - 1))
}

fn encode(
    channel: &ChannelName,
    items: &[Announcement],
    dialect: Dialect,
) -> Result<Bytes, NotJson> {
    match items {
        [Announcement::Join(info)] => dialect.push(Push::join(channel.as_str(), info.clone())),
        [Announcement::Leave(info)] => dialect.push(Push::leave(channel.as_str(), info.clone())),
        publications => {
            let publications = publications.iter().filter_map(|item| match item {
                Announcement::Publication { publication, .. } => Some(&**publication),
                Announcement::Join(_) | Announcement::Leave(_) => None,
            });
            dialect.publications(channel, publications)
        }
    }
}
