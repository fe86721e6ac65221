//! `live.trim`: what was cut out of the recording, so that comments stay with what is left of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Live,
    act::Act,
    charter::State,
    edit::{Cut, Edit},
    reach::{Stop, settle},
    scope::Standing,
    view::Stage,
};
use crate::{
    error::Code,
    ids::RoomId,
    operation::{Caller, Refusal},
};

/// Says what is cut out of the recording, in place of what was said before.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TrimWanted {
    /// The room.
    pub(super) room: RoomId,
    /// The version that the caller has seen: when others have changed the settings or the cuts since,
    /// nothing is changed. Absent to change them in any case.
    #[serde(default)]
    pub(super) version: Option<i64>,
    /// All cuts, in milliseconds of the uncut media: in order, apart, 200 at most. Empty to undo them.
    pub(super) cuts: Vec<Cut>,
}

/// What is cut out now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Trimmed {
    /// In order; those that touched are one.
    pub(super) cuts: Vec<Cut>,
    /// How often settings and cuts were changed.
    pub(super) version: i64,
    /// How long the media is without them, in milliseconds.
    pub(super) position_ms: i64,
}

impl Live {
    /// Cuts pieces out of a room's recording.
    pub(super) async fn trim(
        &self,
        caller: &Caller,
        asked: TrimWanted,
    ) -> Result<Trimmed, Refusal> {
        settle!(self.try_trim(caller, &asked).await)
    }

    async fn try_trim(&self, caller: &Caller, asked: &TrimWanted) -> Result<Trimmed, Stop> {
        let scene = self.alone(caller, &asked.room, Standing::Host).await?;
        let (room, charter) = (&scene.room, &scene.facts.charter);
        let now_ms = self.needs().clock.now_ms();
        if !matches!(charter.state, State::Ended | State::Replay) {
            let refusal = Refusal::new(Code::Stale).with("state", charter.state.as_str());
            return Err(refusal.into());
        }
        if asked.version.is_some_and(|seen| seen != charter.version) {
            return Err(Refusal::new(Code::Stale).with("version", charter.version).into());
        }
        let edit = Edit::new(&asked.cuts, charter.position_ms(now_ms))?;
        if edit.cuts() != charter.edit.cuts() {
            let set = ("edit = $1, version = version + 1", vec![edit.to_text().into()]);
            let detail = json!({ "cuts": edit.cuts() });
            self.change(&scene, set, Act { kind: "trim", detail: &detail, beside: vec![] }).await?;
        }
        let charter = &room.facts().charter;
        Ok(Trimmed {
            cuts: charter.edit.cuts().to_vec(),
            version: charter.version,
            position_ms: Stage::of(charter, now_ms).position_ms,
        })
    }
}
