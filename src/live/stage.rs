//! `live.start`, `.pause`, `.resume`, `.end`, `.publish_replay`: the host begins and ends, stops the
//! clock, and lets the recording be watched.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Live,
    act::{Act, Scene},
    charter::State,
    reach::{Stop, settle},
    scope::Standing,
    staff::end_session_mutes,
    view::Stage,
};
use crate::{
    error::Code,
    ids::RoomId,
    operation::{Caller, Refusal},
    store::Value,
};

/// Names a room.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    /// The room.
    pub(super) room: RoomId,
}

/// A step of a room's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    Start,
    Pause,
    Resume,
    End,
    Replay,
}

impl Live {
    /// Takes a room a step on. What is done already is done.
    pub(super) async fn step(
        &self,
        caller: &Caller,
        asked: &Named,
        step: Step,
    ) -> Result<Stage, Refusal> {
        settle!(self.try_step(caller, asked, step).await)
    }

    async fn try_step(&self, caller: &Caller, asked: &Named, step: Step) -> Result<Stage, Stop> {
        let scene = self.alone(caller, &asked.room, Standing::Host).await?;
        let now_ms = self.needs().clock.now_ms();
        let Some((set, values)) = change(&scene, step, now_ms)? else {
            return Ok(Stage::of(&scene.facts.charter, now_ms));
        };
        let beside = match step {
            Step::End => vec![end_session_mutes(&scene.room.id)],
            Step::Start | Step::Pause | Step::Resume | Step::Replay => Vec::new(),
        };
        let detail = serde_json::json!({ "step": step });
        self.change(&scene, (set, values), Act { kind: "state", detail: &detail, beside }).await?;
        Ok(Stage::of(&scene.room.facts().charter, now_ms))
    }
}

/// What a step changes; `None` when it was made before.
fn change(
    scene: &Scene,
    step: Step,
    now_ms: i64,
) -> Result<Option<(&'static str, Vec<Value>)>, Refusal> {
    let charter = &scene.facts.charter;
    let pause_ms = charter.paused_at.map_or(0, |since| (now_ms - since).max(0));
    let done = match (step, charter.state, charter.paused_at) {
        (Step::Start, State::Scheduled, _) => {
            Some(("state = 'live', started_at = $1", vec![Value::from(now_ms)]))
        }
        (Step::Pause, State::Live, None) => Some(("paused_at = $1", vec![now_ms.into()])),
        (Step::Resume, State::Live, Some(_)) => {
            Some(("paused_at = NULL, paused_ms = paused_ms + $1", vec![pause_ms.into()]))
        }
        (Step::End, State::Live, _) => Some((
            "state = 'ended', ended_at = $1, paused_at = NULL, paused_ms = paused_ms + $2",
            vec![now_ms.into(), pause_ms.into()],
        )),
        (Step::Replay, State::Ended, _) => Some(("state = 'replay'", Vec::new())),
        // The recording is taken back; the media ended when it did.
        (Step::End, State::Replay, _) => Some(("state = 'ended'", Vec::new())),
        (Step::Start | Step::Resume, State::Live, None)
        | (Step::Pause, State::Live, Some(_))
        | (Step::End, State::Ended, _)
        | (Step::Replay, State::Replay, _) => None,
        (_, state, _) => return Err(Refusal::new(Code::Stale).with("state", state.as_str())),
    };
    Ok(done)
}
