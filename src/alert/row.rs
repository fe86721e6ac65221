//! The rows of alerts, what staff see of them, and the statements that read and change them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Alerts, Fault, Kind};
use crate::{
    ids::{AlertId, ConversationId, InstitutionId, UserId},
    store::{Row, Statement, Value},
};

/// How many of an alert's records are shown, the newest.
const RECORDS_SHOWN: i64 = 20;

/// Where an alert stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody looks into it.
    Open,
    /// Somebody does, and their time is not over.
    Claimed,
    /// It is done with.
    Decided,
}

/// What came of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing was wrong, or a rule was.
    FalseAlarm,
    /// A slip: to be reminded of.
    Minor,
    /// A breach: to be acted on.
    Grave,
}

/// An alert as staff see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Seen {
    /// Its name; names rise as alerts are raised.
    pub id: AlertId,
    /// What it is about.
    pub kind: Kind,
    /// Whose side gave cause.
    pub institution: InstitutionId,
    /// The conversation of the newest hit.
    pub conversation: ConversationId,
    /// Who wrote the newest hit.
    pub author: UserId,
    /// Where it stands.
    pub state: State,
    /// How many records gave cause.
    pub hits: i64,
    /// How many of each category.
    pub categories: BTreeMap<String, i64>,
    /// When it was raised, in milliseconds since 1970.
    pub raised_at: i64,
    /// When the newest hit came.
    pub last_at: i64,
    /// The newest twenty records that gave cause, oldest first. What they say is not shown.
    pub records: Vec<Hit>,
    /// Who looks into it, and until when that keeps others off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// A record that gave cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Hit {
    /// Where it lies.
    pub conversation: ConversationId,
    /// Its number there.
    pub seq: i64,
    /// Who wrote it.
    pub author: UserId,
    /// What it was hidden for.
    pub category: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

/// Somebody looks into an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Claim {
    /// Who.
    pub by: UserId,
    /// Until when, in milliseconds since 1970; claiming again extends it.
    pub until: i64,
}

/// What came of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Decision {
    /// Who decided.
    pub by: UserId,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// How.
    pub outcome: Outcome,
    /// What they say of it.
    pub note: String,
}

/// Which alerts are wanted, and how many.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) state: Option<State>,
    pub(super) kind: Option<Kind>,
    pub(super) institution: Option<InstitutionId>,
    /// Only those before it.
    pub(super) before: Option<AlertId>,
    pub(super) limit: usize,
}

const COLUMNS: &str = "id, kind, institution, conversation, author, state, hits, raised_at, last_at, \
                       holder, held_until, decided_by, decided_at, outcome, note";

impl Outcome {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::FalseAlarm => "false_alarm",
            Self::Minor => "minor",
            Self::Grave => "grave",
        }
    }

    fn of(text: &str) -> Self {
        match text {
            "false_alarm" => Self::FalseAlarm,
            "minor" => Self::Minor,
            _ => Self::Grave,
        }
    }
}

impl Wanted {
    /// The newest first.
    fn statement(self, now_ms: i64) -> Statement {
        let (mut clauses, mut values) = (Vec::new(), Vec::<Value>::new());
        let mut clause = |text: &str, value: Option<Value>| {
            values.extend(value);
            clauses.push(text.replace('?', &format!("${}", values.len())));
        };
        match self.state {
            None => {}
            Some(State::Open) => clause("state = 'open' AND held_until <= ?", Some(now_ms.into())),
            Some(State::Claimed) => {
                clause("state = 'open' AND held_until > ?", Some(now_ms.into()))
            }
            Some(State::Decided) => clause("state = 'decided'", None),
        }
        if let Some(kind) = self.kind {
            clause("kind = ?", Some(kind.as_str().into()));
        }
        if let Some(institution) = &self.institution {
            clause("institution = ?", Some(institution.as_str().into()));
        }
        if let Some(before) = &self.before {
            clause("id < ?", Some(before.as_str().into()));
        }
        let wanted = if clauses.is_empty() { "1 = 1".to_owned() } else { clauses.join(" AND ") };
        let limit = values.len() + 1;
        let sql =
            format!("SELECT {COLUMNS} FROM alert WHERE {wanted} ORDER BY id DESC LIMIT ${limit}");
        let statement = values.into_iter().fold(Statement::new(sql), Statement::bind);
        statement.bind(self.limit as i64)
    }
}

impl Alerts {
    /// Those that are wanted, the newest first.
    pub(super) async fn page(&self, wanted: Wanted) -> Result<Vec<Seen>, Fault> {
        self.seen(wanted.statement(self.now_ms())).await
    }

    /// The alert of this name.
    pub(super) async fn by_id(&self, id: &AlertId) -> Result<Option<Seen>, Fault> {
        let sql = format!("SELECT {COLUMNS} FROM alert WHERE id = $1");
        Ok(self.seen(Statement::new(sql).bind(id.as_str())).await?.pop())
    }

    /// The open alert of this topic.
    pub(super) async fn open_on(&self, kind: Kind, topic: &str) -> Result<Option<Seen>, Fault> {
        let sql = format!(
            "SELECT {COLUMNS} FROM alert WHERE kind = $1 AND topic = $2 AND state = 'open'"
        );
        let found = Statement::new(sql).bind(kind.as_str()).bind(topic);
        Ok(self.seen(found).await?.pop())
    }

    /// The alerts that `found` selects, each with its records.
    async fn seen(&self, found: Statement) -> Result<Vec<Seen>, Fault> {
        let (store, now_ms) = (&self.0.store, self.now_ms());
        let rows = store.read(found).await?;
        let mut alerts: Vec<_> = rows.iter().map(|row| of_row(row, now_ms)).collect();
        let details = alerts.iter().flat_map(|alert| [newest(&alert.id), categories(&alert.id)]);
        let details = store.read_all(details.collect()).await?;
        for (alert, details) in alerts.iter_mut().zip(details.chunks(2)) {
            let [records, categories] = details else { continue };
            alert.records = records.iter().rev().map(hit_of_row).collect();
            let number = |row: &Row| (row.text(0).to_owned(), row.int(1));
            alert.categories = categories.iter().map(number).collect();
        }
        Ok(alerts)
    }
}

fn newest(alert: &AlertId) -> Statement {
    Statement::new(
        "SELECT conversation, seq, author, category, at FROM alert_record WHERE alert = $1
         ORDER BY at DESC, seq DESC LIMIT $2",
    )
    .bind(alert.as_str())
    .bind(RECORDS_SHOWN)
}

fn categories(alert: &AlertId) -> Statement {
    Statement::new("SELECT category, COUNT(*) FROM alert_record WHERE alert = $1 GROUP BY category")
        .bind(alert.as_str())
}

fn hit_of_row(row: &Row) -> Hit {
    Hit {
        conversation: row.text(0).into(),
        seq: row.int(1),
        author: row.text(2).into(),
        category: row.text(3).to_owned(),
        at: row.int(4),
    }
}

fn of_row(row: &Row, now_ms: i64) -> Seen {
    let is_open = row.text(5) == "open";
    let claim = row.opt_text(9).map(|by| Claim { by: by.into(), until: row.int(10) });
    let claim = claim.filter(|claim| is_open && claim.until > now_ms);
    let decision = row.opt_text(11).map(|by| Decision {
        by: by.into(),
        at: row.int(12),
        outcome: Outcome::of(row.text(13)),
        note: row.text(14).to_owned(),
    });
    Seen {
        id: row.text(0).into(),
        kind: Kind::of(row.text(1)),
        institution: row.text(2).into(),
        conversation: row.text(3).into(),
        author: row.text(4).into(),
        state: match (is_open, &claim) {
            (false, _) => State::Decided,
            (true, Some(_)) => State::Claimed,
            (true, None) => State::Open,
        },
        hits: row.int(6),
        categories: BTreeMap::new(),
        raised_at: row.int(7),
        last_at: row.int(8),
        records: Vec::new(),
        claim,
        decision,
    }
}

/// `who` looks into it until `until`, unless somebody else does now.
pub(super) fn claim(id: &AlertId, who: &UserId, (now_ms, until): (i64, i64)) -> Statement {
    Statement::new(
        "UPDATE alert SET holder = $1, held_until = $2
         WHERE id = $3 AND state = 'open' AND (held_until <= $4 OR holder = $1)",
    )
    .bind(who.as_str())
    .bind(until)
    .bind(id.as_str())
    .bind(now_ms)
    .touching(1)
}

/// `who` no longer looks into it.
pub(super) fn release(id: &AlertId, who: &UserId, now_ms: i64) -> Statement {
    Statement::new(
        "UPDATE alert SET holder = NULL, held_until = 0
         WHERE id = $1 AND state = 'open' AND holder = $2 AND held_until > $3",
    )
    .bind(id.as_str())
    .bind(who.as_str())
    .bind(now_ms)
    .touching(1)
}

/// `decision` is made by whoever holds the alert, and has seen `hits`, which are all.
pub(super) fn decide(id: &AlertId, hits: i64, decision: &Decision) -> Statement {
    Statement::new(
        "UPDATE alert SET state = 'decided', decided_by = $1, decided_at = $2, outcome = $3, note = $4
         WHERE id = $5 AND state = 'open' AND holder = $1 AND held_until > $2 AND hits = $6",
    )
    .bind(decision.by.as_str())
    .bind(decision.at)
    .bind(decision.outcome.as_str())
    .bind(decision.note.as_str())
    .bind(id.as_str())
    .bind(hits)
    .touching(1)
}
