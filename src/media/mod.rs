//! Pictures and voice: what is uploaded is told by its bytes, cleaned, kept, and lent by link.
//!
//! A file arrives ([`upload`]), is cleaned by [`workshop`] and kept by [`blobs`], the one place that
//! writes and reads files. It belongs to its owner until a domain takes it: a statement of [`claim`] in
//! the transaction of the record that shows it. What nobody sends is deleted by [`sweep`]. A link is
//! signed for some minutes ([`link`]); what was taken back is lent no more, whatever was signed.
//!
//! Knows no conversation and no room: who may see a file is for the domain that took it to say.

mod blobs;
pub mod claim;
mod draw;
mod facts;
mod fault;
pub mod format;
mod lend;
pub mod link;
pub mod operations;
mod row;
mod slots;
mod sweep;
mod upload;
mod workshop;

use std::{sync::Arc, time::Duration};

use self::{blobs::Blobs, link::Signer, slots::Slots, workshop::Workshop};
pub use self::{
    facts::{Facts, Look},
    fault::{Fault, OpenFault},
    lend::{Lent, Lost, Pieces},
    row::{Item, Purpose, State},
};
use crate::{clock::Clock, config, ids::MediaId, store::Store, telemetry::Metrics};

/// What media lean on.
pub struct Needs {
    /// Whose files they are.
    pub store: Store,
    /// What links are signed with.
    pub signer: Signer,
    /// The date.
    pub clock: Clock,
    /// Where files are counted.
    pub metrics: Metrics,
}

/// The pictures and voice of this node. Cheap to clone.
#[derive(Clone)]
pub struct Media(Arc<Inner>);

struct Inner {
    needs: Needs,
    config: config::media::Media,
    blobs: Blobs,
    slots: Slots,
    workshop: Workshop,
}

impl Media {
    /// Opens the place that `config` names, and makes it when it is missing.
    ///
    /// # Errors
    /// When it can be neither opened nor made.
    pub fn open(config: config::media::Media, needs: Needs) -> Result<Self, OpenFault> {
        let blobs = Blobs::open(&config)?;
        let slots = Slots::new(config.uploads_max, config.uploads_per_user);
        let workshop = Workshop::new(&config);
        Ok(Self(Arc::new(Inner { needs, config, blobs, slots, workshop })))
    }

    /// What signs links to files.
    pub fn signer(&self) -> &Signer {
        &self.0.needs.signer
    }

    /// The file with this id, whoever asks and whatever became of it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find(&self, id: &MediaId) -> Result<Option<Item>, Fault> {
        let rows = self.0.needs.store.read(row::by_id(id)).await?;
        Ok(rows.first().and_then(Item::of_row))
    }

    /// How long an upload may take, until its answer.
    fn upload_within(&self) -> Duration {
        self.0.config.upload_timeout.0 + workshop::PATIENCE * 2
    }

    fn now_ms(&self) -> i64 {
        self.0.needs.clock.now_ms()
    }
}

#[cfg(test)]
mod tests;
