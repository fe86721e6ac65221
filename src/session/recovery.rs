//! Recovery: whether a client that was away can be given exactly what it missed.

use std::sync::Arc;

use crate::{
    hub::{Page, StreamPosition},
    protocol::publication::Publication,
};

/// Where a client says it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since<'a> {
    /// The last offset it has.
    pub offset: u64,
    /// The life of the stream it counts in; empty when it does not know.
    pub epoch: &'a str,
}

/// What recovery came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovery {
    /// Whether nothing is missing.
    pub recovered: bool,
    /// What the client missed, oldest first; empty when it could not be recovered.
    pub publications: Vec<Arc<Publication>>,
    /// The position to tell the client: its own when recovered, since it goes on from there by
    /// itself; the stream's otherwise.
    pub position: StreamPosition,
}

/// Judges `page`, read after `since.offset` with a limit of `max`.
pub fn recover(since: Since<'_>, page: Page, max: usize) -> Recovery {
    let Page { publications, position: top } = page;
    let same_life = since.epoch.is_empty() || *since.epoch == *top.epoch;
    let is_whole = match (publications.first(), publications.last()) {
        (Some(first), Some(last)) => {
            first.offset == since.offset.saturating_add(1)
                && last.offset == top.offset
                && publications.len() <= max
        }
        _ => since.offset == top.offset,
    };
    if same_life && is_whole {
        let position = StreamPosition { offset: since.offset, epoch: top.epoch };
        return Recovery { recovered: true, publications, position };
    }
    Recovery { recovered: false, publications: Vec::new(), position: top }
}

/// Judges the newest publication of a channel that carries a state: only the latest counts.
///
/// Recovered means that the client now has the newest: either it had it, or it is in the answer.
pub fn recover_latest(since: Since<'_>, page: Page) -> Recovery {
    let Page { publications, position: top } = page;
    let has_it = *since.epoch == *top.epoch && since.offset == top.offset;
    let newest: Vec<_> =
        publications.into_iter().filter(|newest| newest.offset == top.offset).collect();
    let recovered = has_it || !newest.is_empty();
    let publications = if has_it { Vec::new() } else { newest };
    Recovery { recovered, publications, position: top }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(offsets: std::ops::RangeInclusive<u64>, top: u64) -> Page {
        let publication = |offset| Arc::new(Publication { offset, ..Publication::default() });
        Page {
            publications: offsets.map(publication).collect(),
            position: StreamPosition { offset: top, epoch: "life".into() },
        }
    }

    fn since(offset: u64) -> Since<'static> {
        Since { offset, epoch: "life" }
    }

    #[expect(clippy::reversed_empty_ranges, reason = "an empty page")]
    const NONE: std::ops::RangeInclusive<u64> = 1..=0;

    #[test]
    fn what_follows_without_a_gap_is_recovered() {
        let recovery = recover(since(3), page(4..=6, 6), 300);
        assert!(recovery.recovered);
        assert_eq!(recovery.publications.len(), 3);
        assert_eq!(recovery.position.offset, 3);
        assert!(recover(since(6), page(NONE, 6), 300).recovered);
    }

    #[test]
    fn a_gap_another_life_or_too_much_is_not_recovered() {
        let other = Since { offset: 3, epoch: "other" };
        for recovery in [
            recover(since(3), page(5..=6, 6), 300),
            recover(since(3), page(4..=5, 6), 300),
            recover(since(3), page(NONE, 6), 300),
            recover(since(9), page(NONE, 6), 300),
            recover(since(u64::MAX), page(NONE, 6), 300),
            recover(since(u64::MAX), page(0..=6, 6), 300),
            recover(since(3), page(4..=6, 6), 2),
            recover(other, page(4..=6, 6), 300),
        ] {
            assert!(!recovery.recovered);
            assert!(recovery.publications.is_empty());
            assert_eq!(recovery.position.offset, 6);
        }
    }

    #[test]
    fn a_client_that_knows_no_epoch_is_believed() {
        assert!(recover(Since { offset: 3, epoch: "" }, page(4..=6, 6), 300).recovered);
    }

    #[test]
    fn a_state_is_recovered_by_its_newest_publication() {
        let fresh = recover_latest(Since { offset: 0, epoch: "" }, page(6..=6, 6));
        assert!(fresh.recovered);
        assert_eq!(fresh.publications.len(), 1);
        let had_it = recover_latest(since(6), page(6..=6, 6));
        assert!(had_it.recovered && had_it.publications.is_empty());
        assert!(!recover_latest(since(2), page(NONE, 6)).recovered);
    }
}
