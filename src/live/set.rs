//! `live.settings`: the host decides who may speak, how fast, and which words the room does not want.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Live,
    act::Act,
    facts::Facts,
    reach::{Stop, settle},
    scope::Standing,
    settings::{Patch, Settings},
    words::Words,
};
use crate::{
    error::Code,
    ids::RoomId,
    operation::{Caller, Refusal},
};

/// Changes settings; what is absent stays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsWanted {
    /// The room.
    pub(super) room: RoomId,
    /// The version that the caller has seen: when others have changed the settings since, nothing is
    /// changed. Absent to change them in any case.
    #[serde(default)]
    pub(super) version: Option<i64>,
    /// What is to change.
    pub(super) set: Patch,
}

/// All settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct SettingsSet {
    /// As they are now.
    pub(super) settings: Settings,
    /// How often they were changed.
    pub(super) version: i64,
}

impl Live {
    /// Changes a room's settings.
    pub(super) async fn set(
        &self,
        caller: &Caller,
        asked: SettingsWanted,
    ) -> Result<SettingsSet, Refusal> {
        settle!(self.try_set(caller, &asked).await)
    }

    async fn try_set(&self, caller: &Caller, asked: &SettingsWanted) -> Result<SettingsSet, Stop> {
        let scene = self.alone(caller, &asked.room, Standing::Host).await?;
        let charter = &scene.facts.charter;
        if asked.version.is_some_and(|seen| seen != charter.version) {
            return Err(Refusal::new(Code::Stale).with("version", charter.version).into());
        }
        if let Some(settings) = self.settings_changed(&scene.facts, asked.set.clone()).await? {
            let set = ("settings = $1, version = version + 1", vec![settings.to_text().into()]);
            let act = Act { kind: "settings", detail: &settings, beside: Vec::new() };
            self.change(&scene, set, act).await?;
        }
        let facts = scene.room.facts();
        let (settings, version) = (facts.charter.settings.clone(), facts.charter.version);
        Ok(SettingsSet { settings, version })
    }

    /// The room's settings after `patch`; `None` when nothing would change.
    pub(super) async fn settings_changed(
        &self,
        facts: &Facts,
        patch: Patch,
    ) -> Result<Option<Settings>, Refusal> {
        let before = &facts.charter.settings;
        let after = before.changed(patch, self.config())?;
        if after == *before {
            return Ok(None);
        }
        // Words that cannot be made ready must not be stored.
        Words::compile(&self.needs().moderation, &after.words).await?;
        Ok(Some(after))
    }
}
