//! The rows of rule sets, and the statements that read and write them.

use schemars::JsonSchema;
use serde::Serialize;

use crate::store::{Row, Statement};

/// Where a rule set stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// Never in force yet.
    Draft,
    /// The one in force.
    Published,
    /// In force once.
    Superseded,
}

/// A rule set, without its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Summary {
    /// What names it, and what verdicts carry.
    pub(super) version: String,
    /// Counts up as sets are drafted.
    pub(super) serial: i64,
    /// Where it stands.
    pub(super) state: State,
    /// What its drafter says of it.
    pub(super) note: String,
    /// How many rules it has.
    pub(super) rules: i64,
    /// How many words, each once.
    pub(super) words: i64,
    /// Who drafted it.
    pub(super) drafted_by: String,
    /// When, in milliseconds since 1970.
    pub(super) drafted_at: i64,
    /// Who published it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) published_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) published_at: Option<i64>,
    /// Who put another in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) superseded_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) superseded_at: Option<i64>,
}

const COLUMNS: &str = "version, serial, state, note, rules, words, drafted_by, drafted_at, \
                       published_by, published_at, superseded_by, superseded_at";

pub(super) fn of_row(row: &Row) -> Summary {
    let owned = |at| row.opt_text(at).map(str::to_owned);
    Summary {
        version: row.text(0).to_owned(),
        serial: row.int(1),
        state: match row.text(2) {
            "published" => State::Published,
            "superseded" => State::Superseded,
            _ => State::Draft,
        },
        note: row.text(3).to_owned(),
        rules: row.int(4),
        words: row.int(5),
        drafted_by: row.text(6).to_owned(),
        drafted_at: row.int(7),
        published_by: owned(8),
        published_at: row.opt_int(9),
        superseded_by: owned(10),
        superseded_at: row.opt_int(11),
    }
}

/// The serial of the set in force.
pub(super) fn published() -> Statement {
    Statement::new("SELECT serial FROM moderation_rule_set WHERE state = 'published'")
}

/// All of it but the files.
pub(super) fn summary_in_force() -> Statement {
    Statement::new(format!("SELECT {COLUMNS} FROM moderation_rule_set WHERE state = 'published'"))
}

pub(super) fn by_version(version: &str) -> Statement {
    Statement::new(format!("SELECT {COLUMNS} FROM moderation_rule_set WHERE version = $1"))
        .bind(version)
}

/// Those before `serial`, the newest first.
pub(super) fn page(serial: i64, limit: i64) -> Statement {
    let sql = format!(
        "SELECT {COLUMNS} FROM moderation_rule_set WHERE serial < $1 ORDER BY serial DESC LIMIT $2"
    );
    Statement::new(sql).bind(serial).bind(limit)
}

/// The set that was in force before the one that is.
pub(super) fn before() -> Statement {
    Statement::new(format!(
        "SELECT {COLUMNS} FROM moderation_rule_set
         WHERE turn < (SELECT turn FROM moderation_rule_set WHERE state = 'published')
         ORDER BY turn DESC LIMIT 1"
    ))
}

pub(super) fn files(serial: i64) -> Statement {
    Statement::new("SELECT name, text FROM moderation_rule_file WHERE rule_set = $1 ORDER BY name")
        .bind(serial)
}

pub(super) fn newest() -> Statement {
    Statement::new("SELECT COALESCE(MAX(serial), 0) FROM moderation_rule_set")
}

pub(super) fn draft(summary: &Summary) -> Statement {
    Statement::new(
        "INSERT INTO moderation_rule_set
             (serial, version, state, note, rules, words, drafted_by, drafted_at)
         VALUES ($1, $2, 'draft', $3, $4, $5, $6, $7)",
    )
    .bind(summary.serial)
    .bind(summary.version.as_str())
    .bind(summary.note.as_str())
    .bind(summary.rules)
    .bind(summary.words)
    .bind(summary.drafted_by.as_str())
    .bind(summary.drafted_at)
}

pub(super) fn file(serial: i64, name: &str, text: &str) -> Statement {
    Statement::new("INSERT INTO moderation_rule_file (rule_set, name, text) VALUES ($1, $2, $3)")
        .bind(serial)
        .bind(name)
        .bind(text)
}

/// Drafts that `kept` newer sets have followed go, with their files; what was ever in force stays.
pub(super) fn forget(serial: i64, kept: i64) -> [Statement; 2] {
    let last = serial - kept;
    [
        Statement::new(
            "DELETE FROM moderation_rule_file WHERE rule_set IN
             (SELECT serial FROM moderation_rule_set WHERE state = 'draft' AND serial <= $1)",
        )
        .bind(last),
        Statement::new("DELETE FROM moderation_rule_set WHERE state = 'draft' AND serial <= $1")
            .bind(last),
    ]
}

/// The set in force, if it is still `serial`, makes room.
pub(super) fn supersede(serial: i64, by: &str, now_ms: i64) -> Statement {
    Statement::new(
        "UPDATE moderation_rule_set
         SET state = 'superseded', superseded_by = $1, superseded_at = $2
         WHERE state = 'published' AND serial = $3",
    )
    .bind(by)
    .bind(now_ms)
    .bind(serial)
    .touching(1)
}

/// Puts `serial` in force, as the newest that ever was.
pub(super) fn publish(serial: i64, by: &str, now_ms: i64) -> Statement {
    Statement::new(
        "UPDATE moderation_rule_set
         SET state = 'published', published_by = $1, published_at = $2,
             turn = (SELECT COALESCE(MAX(turn), 0) + 1 FROM moderation_rule_set)
         WHERE serial = $3 AND state IN ('draft', 'superseded')",
    )
    .bind(by)
    .bind(now_ms)
    .bind(serial)
    .touching(1)
}

/// Puts `serial` in force again, where it stood.
pub(super) fn restore(serial: i64) -> Statement {
    Statement::new(
        "UPDATE moderation_rule_set SET state = 'published'
         WHERE serial = $1 AND state = 'superseded'",
    )
    .bind(serial)
    .touching(1)
}
