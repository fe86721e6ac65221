//! The live rooms' part of the catalogue: names are the contract with clients.

pub use super::door::comment_in;
use super::{Live, stage::Step};
use crate::operation::{Operation, Rate, Role};

/// Who speaks: people.
const SPEAKERS: &[Role] = &[
    Role::User,
    Role::Tutor,
    Role::InstitutionAdmin,
    Role::Host,
    Role::Moderator,
    Role::Supervisor,
    Role::Lead,
    Role::Support,
    Role::Operator,
];
/// Who may be of a room's staff: everyone who may be appointed, and the platform's own.
const KEEPERS: &[Role] = &[
    Role::User,
    Role::Tutor,
    Role::InstitutionAdmin,
    Role::Host,
    Role::Moderator,
    Role::Supervisor,
    Role::Lead,
    Role::Support,
    Role::Service,
    Role::Operator,
];
/// Who may make rooms, or lead one.
const FOUNDERS: &[Role] =
    &[Role::Tutor, Role::InstitutionAdmin, Role::Host, Role::Lead, Role::Service, Role::Operator];

/// Declares an operation.
macro_rules! operation {
    ($live:expr, $name:literal, $summary:literal, $roles:expr, $rate:ident, $method:ident) => {{
        let live = $live.clone();
        Operation::new($name, $summary, $roles, Rate::$rate, move |caller, asked| {
            let live = live.clone();
            async move { live.$method(&caller, asked).await }
        })
    }};
}

/// The operations on live rooms.
pub fn operations(live: &Live) -> Vec<Operation> {
    let mut all = rooms(live);
    all.extend(steps(live));
    all.extend(replay(live));
    all.extend(speaking(live));
    all.extend(order(live));
    all.extend(leading(live));
    all.extend(questions(live));
    all
}

fn rooms(live: &Live) -> Vec<Operation> {
    let list = live.clone();
    vec![
        operation!(
            live,
            "live.room.put",
            "Makes a room, or changes its title, hosts and settings.",
            FOUNDERS,
            Write,
            put_room
        ),
        operation!(
            live,
            "live.room.get",
            "A room with what is in it; its staff see its settings too.",
            Role::ALL,
            Read,
            get_room
        ),
        Operation::new(
            "live.rooms",
            "A page of the rooms, by id.",
            Role::ALL,
            Rate::Read,
            move |_, asked| {
                let live = list.clone();
                async move { live.list_rooms(asked).await }
            },
        ),
        operation!(
            live,
            "live.list",
            "A page of what everybody may see in a room, by its position in the media.",
            Role::ALL,
            Read,
            list
        ),
    ]
}

fn steps(live: &Live) -> Vec<Operation> {
    let step = |name, summary, step: Step| {
        let live = live.clone();
        Operation::new(name, summary, KEEPERS, Rate::Write, move |caller, asked| {
            let live = live.clone();
            async move { live.step(&caller, &asked, step).await }
        })
    };
    vec![
        step("live.start", "Begins a room; its media's clock starts.", Step::Start),
        step("live.pause", "Stops the clock of a room's media.", Step::Pause),
        step("live.resume", "Lets the clock of a room's media go on.", Step::Resume),
        step("live.end", "Ends a room, or takes its replay back.", Step::End),
        step("live.publish_replay", "Lets the recording of a room be watched.", Step::Replay),
    ]
}

fn replay(live: &Live) -> Vec<Operation> {
    vec![
        operation!(
            live,
            "live.replay",
            "What was said in a stretch of the media, by position.",
            Role::ALL,
            Read,
            replay
        ),
        operation!(
            live,
            "live.replay_seek",
            "What was said just before a position of the media.",
            Role::ALL,
            Read,
            replay_seek
        ),
        operation!(live, "live.trim", "Says what is cut out of a recording.", KEEPERS, Write, trim),
    ]
}

fn speaking(live: &Live) -> Vec<Operation> {
    vec![
        operation!(
            live,
            "live.comment",
            "Says something to a room; answers visible, sampled or held.",
            SPEAKERS,
            Send,
            comment
        ),
        operation!(
            live,
            "live.voice",
            "The voice of a comment, with a link that begins to count now.",
            Role::ALL,
            Read,
            voice
        ),
        operation!(live, "live.like", "Gives likes, 20 at most.", SPEAKERS, Signal, like),
    ]
}

fn order(live: &Live) -> Vec<Operation> {
    vec![
        operation!(live, "live.remove", "Takes a comment off.", KEEPERS, Write, remove),
        operation!(
            live,
            "live.mute",
            "Mutes whoever wrote a comment, for a while or for good.",
            KEEPERS,
            Write,
            mute
        ),
        operation!(live, "live.unmute", "Lifts a mute.", KEEPERS, Write, unmute),
        operation!(live, "live.mutes", "The mutes that count now.", KEEPERS, Read, mutes),
        operation!(
            live,
            "live.hold.list",
            "A page of the comments that wait for a moderator, the oldest first.",
            KEEPERS,
            Read,
            list_held
        ),
        operation!(
            live,
            "live.hold.claim",
            "Takes a held comment for a while; again, to go on.",
            KEEPERS,
            Write,
            claim_held
        ),
        operation!(
            live,
            "live.hold.decide",
            "Lets a held comment through, or not.",
            KEEPERS,
            Write,
            decide_held
        ),
    ]
}

fn leading(live: &Live) -> Vec<Operation> {
    vec![
        operation!(
            live,
            "live.settings",
            "Changes who may speak, how fast, and the words the room does not want.",
            KEEPERS,
            Write,
            set
        ),
        operation!(live, "live.pin", "Pins a comment.", KEEPERS, Write, pin),
        operation!(live, "live.unpin", "Takes down what is pinned.", KEEPERS, Write, unpin),
        operation!(
            live,
            "live.notice",
            "Tells everybody something, until the next notice.",
            KEEPERS,
            Write,
            notice
        ),
        operation!(live, "live.clear", "Clears what viewers see.", KEEPERS, Write, clear),
        operation!(live, "live.appoint", "Makes somebody 房管.", KEEPERS, Write, appoint),
        operation!(live, "live.dismiss", "Takes 房管 off the staff.", KEEPERS, Write, dismiss),
    ]
}

fn questions(live: &Live) -> Vec<Operation> {
    vec![
        operation!(
            live,
            "live.question.list",
            "A page of questions that nobody has looked at, the oldest first.",
            KEEPERS,
            Read,
            list_questions
        ),
        operation!(
            live,
            "live.question.select",
            "Chooses a question: everybody sees it.",
            KEEPERS,
            Write,
            select
        ),
        operation!(
            live,
            "live.question.answer",
            "Answers a question, aloud or in writing.",
            KEEPERS,
            Write,
            answer
        ),
        operation!(live, "live.question.ignore", "Passes a question over.", KEEPERS, Write, ignore),
    ]
}
