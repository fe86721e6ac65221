//! The part of the catalogue that files have of their own; domains send and show them by theirs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Media,
    facts::{Facts, Look},
    format::Kind,
};
use crate::{
    error::Code,
    ids::{MediaId, is_id},
    operation::{Caller, Operation, Rate, Refusal, Role, upload::Takes},
};

/// Who sends messages.
const SENDERS: &[Role] =
    &[Role::User, Role::Tutor, Role::InstitutionAdmin, Role::Host, Role::Support];

/// Asks for fresh links.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Linked {
    /// To which file.
    pub id: MediaId,
}

/// A file with fresh links.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Link {
    /// The file.
    pub media: Look,
}

/// The operations on files.
pub fn operations(media: &Media) -> Vec<Operation> {
    let (uploads, links) = (media.clone(), media.clone());
    let takes = Takes {
        media_types: Kind::ALL.into_iter().map(Kind::media_type).collect(),
        within: media.upload_within(),
    };
    vec![
        Operation::taking(
            "media.upload",
            "Keeps a picture or a voice, cleaned of what was written beside it, to be sent within the hour.",
            SENDERS,
            takes,
            move |caller: Caller, wanted, sent| {
                let media = uploads.clone();
                async move { media.upload(&caller, &wanted, sent).await }
            },
        ),
        Operation::new(
            "media.link",
            "Gives the owner of a file fresh links to it; others find theirs in the records that show it.",
            SENDERS,
            Rate::Read,
            move |caller: Caller, asked: Linked| {
                let media = links.clone();
                async move { media.link(&caller, &asked.id).await }
            },
        ),
    ]
}

impl Media {
    /// Fresh links for the owner, as long as the file is shown to anybody.
    async fn link(&self, caller: &Caller, id: &MediaId) -> Result<Link, Refusal> {
        let found = if is_id(id.as_str()) { self.find(id).await? } else { None };
        let item = found.filter(|item| item.owner == caller.user && item.state.is_shown());
        let item = item.ok_or(Code::NotInScope)?;
        Ok(Link { media: Facts::of(&item).look(self.signer(), self.now_ms()) })
    }
}
