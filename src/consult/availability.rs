//! `consult.state`: what a tutor chooses to be, apart from whether they are connected.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Consult,
    announce::Bulletin,
    desk::{self, Desk},
    ledger,
    reach::{Stop, settle},
    session::Availability,
    viewer::Viewer,
};
use crate::{
    error::Code,
    operation::{Caller, Refusal},
};

/// Chooses a state.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Choose {
    /// Online: new conversations may be assigned. Busy: only what the tutor accepts. Offline: none.
    pub(super) state: Availability,
}

/// The tutor's desk.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct DeskState {
    /// The state chosen.
    pub(super) state: Availability,
    /// Since when, in milliseconds since 1970.
    pub(super) since: i64,
    /// How many conversations the tutor serves.
    pub(super) serving: i64,
    /// How many they may serve.
    pub(super) capacity: i64,
}

impl Consult {
    /// Chooses the caller's state.
    pub(super) async fn choose(
        &self,
        caller: &Caller,
        asked: Choose,
        bulletin: &mut Bulletin,
    ) -> Result<DeskState, Refusal> {
        // Whoever may no longer serve may still leave the desk.
        let viewer = match asked.state {
            Availability::Offline => self.holder(caller)?,
            Availability::Online | Availability::Busy => self.viewer(caller).await?,
        };
        settle!(self.try_choose(&viewer, asked.state, bulletin).await)
    }

    async fn try_choose(
        &self,
        viewer: &Viewer,
        state: Availability,
        bulletin: &mut Bulletin,
    ) -> Result<DeskState, Stop> {
        let institution = viewer.institution().ok_or(Code::PermissionDenied)?;
        if state != Availability::Offline {
            self.check_open(institution).await?;
        }
        let before = self.desk(&viewer.person).await?;
        let is_news = before.is_none_or(|before| before.state != state);
        let mut statements = vec![desk::choose(&viewer.person, institution, state, self.now_ms())];
        if is_news {
            statements.extend(ledger::touch_served(&viewer.person, institution));
        }
        let rows = self.inner().needs.store.commit(statements).await?;
        let chosen = rows.first().and_then(|rows| rows.first()).ok_or(Code::Internal)?;
        let after = Desk::of_row(chosen, self.inner().config.capacity);
        if is_news {
            self.announce_availability((&viewer.person, institution), state, bulletin).await;
        }
        Ok(DeskState {
            state: after.state,
            since: after.state_at,
            serving: after.serving,
            capacity: after.capacity,
        })
    }
}
