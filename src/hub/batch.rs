//! What leaves together for the readers of one channel, encoded once for each dialect.
//!
//! Mostly one announcement; in a busy channel all publications of a tick. Each stays whole and in
//! order, so that every client understands them; only the frames and the writes become fewer.

use std::{collections::BTreeMap, sync::Arc};

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
    /// The first offset and the last, when those items that have one are a run of a stream's publications,
    /// and nobody joins or leaves among them.
    pub(super) run: Option<Run<'a>>,
    /// All of them in one, for each dialect.
    whole: [Option<Bytes>; Dialect::COUNT],
    /// Each by itself, for the few who came, or read the stream, in the middle.
    single: BTreeMap<(usize, usize), Option<Bytes>>,
}

/// Publications of a stream that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run<'a> {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) epoch: &'a Arc<str>,
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

fn run(items: &[Announcement]) -> Option<Run<'_>> {
    let mut run: Option<Run<'_>> = None;
    for item in items {
        let Announcement::Publication { publication, epoch } = item else { return None };
        let offset = publication.offset;
        run = match run {
            // It enters no stream: whoever stands anywhere in one takes it.
            run if offset == 0 => run,
            None => Some(Run { first: offset, last: offset, epoch }),
            Some(run) if offset == run.last + 1 => Some(Run { last: offset, ..run }),
            Some(_) => return None,
        };
    }
    run
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::publication::{ClientInfo, Publication};

    fn published(offset: u64) -> Announcement {
        let epoch: Arc<str> = if offset == 0 { "" } else { "e1" }.into();
        let publication = Arc::new(Publication { offset, ..Publication::default() });
        Announcement::Publication { publication, epoch }
    }

    fn ends(offsets: &[u64]) -> Option<(u64, u64, String)> {
        let items: Vec<_> = offsets.iter().copied().map(published).collect();
        run(&items).map(|run| (run.first, run.last, run.epoch.to_string()))
    }

    #[test]
    fn what_enters_no_stream_breaks_no_run() {
        for offsets in [&[7, 8, 9][..], &[0, 7, 8, 0, 9], &[7, 8, 9, 0, 0]] {
            assert_eq!(ends(offsets), Some((7, 9, "e1".to_owned())), "{offsets:?}");
        }
        for broken in [&[7, 9][..], &[7, 7], &[8, 7], &[0], &[]] {
            assert_eq!(ends(broken), None, "{broken:?}");
        }
        let joined = [published(7), Announcement::Join(ClientInfo::default())];
        assert_eq!(run(&joined), None);
    }
}
