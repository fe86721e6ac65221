//! The consultations' part of the catalogue: names are the contract with clients.

use super::{Consult, announce::Bulletin, event};
use crate::{
    hub::Hub,
    operation::{Operation, Rate, Role},
};

const USER: &[Role] = &[Role::User];
const INSTITUTION: &[Role] = &[Role::Tutor, Role::InstitutionAdmin, Role::Support];
const BOTH: &[Role] = &[Role::User, Role::Tutor, Role::InstitutionAdmin, Role::Support];

/// The operations, publishing what they make known through `hub`.
pub fn operations(consult: &Consult, hub: &Hub) -> Vec<Operation> {
    let door = Door { consult: consult.clone(), hub: hub.clone() };
    let mut all = door.speaking();
    all.extend(door.serving());
    all.extend(door.looking());
    all
}

/// What every operation needs.
#[derive(Clone)]
struct Door {
    consult: Consult,
    hub: Hub,
}

/// Declares an operation that tells others what happened: its news is published when it is over, also
/// when it was refused half-way, since what is stored by then is true.
macro_rules! telling {
    ($door:expr, $name:literal, $summary:literal, $roles:expr, $rate:expr, $method:ident) => {{
        let door = $door.clone();
        Operation::new($name, $summary, $roles, $rate, move |caller, asked| {
            let door = door.clone();
            async move {
                let mut bulletin = Bulletin::new();
                let answer = door.consult.$method(&caller, asked, &mut bulletin).await;
                event::publish(&door.hub, bulletin).await;
                answer
            }
        })
    }};
}

/// Declares an operation that only its caller hears of.
macro_rules! asking {
    ($door:expr, $name:literal, $summary:literal, $method:ident) => {{
        let consult = $door.consult.clone();
        Operation::new($name, $summary, BOTH, Rate::Read, move |caller, asked| {
            let consult = consult.clone();
            async move { consult.$method(&caller, asked).await }
        })
    }};
}

impl Door {
    fn speaking(&self) -> Vec<Operation> {
        vec![
            telling!(
                self,
                "consult.open",
                "Opens a conversation with an institution, or its next service session.",
                USER,
                Rate::Write,
                open
            ),
            telling!(
                self,
                "consult.send",
                "Says something; answers delivered, held or hidden.",
                BOTH,
                Rate::Send,
                send
            ),
            telling!(
                self,
                "consult.confirm",
                "Delivers a held text as it is, flagged.",
                BOTH,
                Rate::Send,
                confirm
            ),
            telling!(self, "consult.discard", "Gives a held text up.", BOTH, Rate::Write, discard),
            telling!(
                self,
                "consult.recall",
                "Takes a message of the caller's own back within two minutes.",
                BOTH,
                Rate::Write,
                recall
            ),
            telling!(
                self,
                "consult.typing",
                "Tells the other side that the caller is writing.",
                BOTH,
                Rate::Signal,
                typing
            ),
        ]
    }

    fn serving(&self) -> Vec<Operation> {
        vec![
            telling!(
                self,
                "consult.accept",
                "Takes a conversation from the institution's queue.",
                INSTITUTION,
                Rate::Write,
                accept
            ),
            telling!(
                self,
                "consult.state",
                "Chooses whether new conversations may be assigned to the caller.",
                INSTITUTION,
                Rate::Write,
                choose
            ),
            telling!(
                self,
                "consult.close",
                "Ends the service session; only the user can open the next.",
                BOTH,
                Rate::Write,
                close
            ),
            telling!(
                self,
                "consult.read",
                "Says how far the caller has read.",
                BOTH,
                Rate::Write,
                read
            ),
        ]
    }

    fn looking(&self) -> Vec<Operation> {
        vec![
            asking!(self, "consult.list", "A page of the caller's conversations.", list),
            asking!(self, "consult.history", "A page of a conversation's records.", history),
            asking!(
                self,
                "consult.sync",
                "What changed since a cursor, or a gap with the list.",
                sync
            ),
        ]
    }
}
