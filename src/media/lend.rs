//! A file for whoever holds a link to it, as long as it is shown at all.

use std::{ops::Range, pin::Pin};

use bytes::Bytes;
use futures_core::Stream;

use super::{
    Fault, Media,
    link::{Form, Ticket, Worth},
};
use crate::{
    ids::{MediaId, is_id},
    telemetry::label::{ByOutcome, Outcome},
};

/// A file's bytes, as they come from the disk.
pub type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, object_store::Error>> + Send>>;

/// A file that is lent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lent {
    /// What to show it as.
    pub media_type: &'static str,
    /// How many bytes it has.
    pub length: u64,
    /// Changes when its bytes do, so never.
    pub tag: String,
    id: MediaId,
    form: Form,
}

/// Why a file is not lent.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// There is none, or not for this link: the two look the same.
    #[error("no such file")]
    Nothing,
    /// The link was right, and is over.
    #[error("the link is over")]
    Over,
    /// The database or the disk.
    #[error(transparent)]
    Failed(#[from] Fault),
}

impl Media {
    /// The file that `ticket` is for.
    ///
    /// # Errors
    /// When the ticket is not genuine or is over, or the file is shown to nobody any more.
    pub async fn lend(&self, ticket: &Ticket<'_>) -> Result<Lent, Lost> {
        let lent = self.try_lend(ticket).await;
        self.count_lent(&lent);
        lent
    }

    async fn try_lend(&self, ticket: &Ticket<'_>) -> Result<Lent, Lost> {
        if !is_id(ticket.id.as_str()) {
            return Err(Lost::Nothing);
        }
        match self.signer().judge(ticket, self.now_ms()) {
            Worth::Forged => return Err(Lost::Nothing),
            Worth::Over => return Err(Lost::Over),
            Worth::Genuine => {}
        }
        let item = self.find(ticket.id).await?.filter(|item| item.state.is_shown());
        let item = item.ok_or(Lost::Nothing)?;
        let (media_type, length) = match ticket.form {
            Form::Whole => (item.kind.media_type(), item.bytes),
            Form::Preview => ("image/jpeg", item.preview_bytes),
        };
        let length = u64::try_from(length).ok().filter(|length| *length > 0);
        Ok(Lent {
            media_type,
            length: length.ok_or(Lost::Nothing)?,
            tag: format!("\"{}-{}\"", item.id, ticket.form.word().unwrap_or("whole")),
            id: item.id,
            form: ticket.form,
        })
    }

    /// A stretch of a file that is lent.
    ///
    /// # Errors
    /// When it cannot be read. That a file is gone from the disk is told to the log, and looks to its
    /// reader as if it had never been.
    pub async fn read(&self, lent: &Lent, range: Range<u64>) -> Result<Pieces, Lost> {
        self.0.blobs.read(&lent.id, lent.form, range).await.map_err(|fault| {
            tracing::error!(%fault, "a file that is lent cannot be read");
            match fault {
                object_store::Error::NotFound { .. } => Lost::Nothing,
                fault => Lost::Failed(fault.into()),
            }
        })
    }

    fn count_lent(&self, lent: &Result<Lent, Lost>) {
        let outcome = match lent {
            Ok(_) => Outcome::Done,
            Err(Lost::Nothing | Lost::Over) => Outcome::Refused,
            Err(Lost::Failed(_)) => Outcome::Failed,
        };
        self.0.needs.metrics.media_links.one(&ByOutcome { outcome });
    }
}
