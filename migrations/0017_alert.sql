-- Alerts: what staff should look at. Numbers of records and who wrote them, never what they say.
-- Times are milliseconds since 1970-01-01 UTC.

CREATE TABLE alert (
    id TEXT PRIMARY KEY,
    -- keyword | probing
    kind TEXT NOT NULL,
    -- what its hits are gathered by: a conversation, or for probing an author
    topic TEXT NOT NULL,
    institution TEXT NOT NULL,
    -- where the newest hit lies, and who wrote it
    conversation TEXT NOT NULL,
    author TEXT NOT NULL,
    -- open | decided
    state TEXT NOT NULL,
    hits BIGINT NOT NULL,
    raised_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    -- who looks into it, and until when that keeps others off; 0 when nobody does
    holder TEXT,
    held_until BIGINT NOT NULL,
    decided_by TEXT,
    decided_at BIGINT,
    -- false_alarm | minor | grave
    outcome TEXT,
    note TEXT
);

-- One open alert of a kind gathers all hits of its topic.
CREATE UNIQUE INDEX alert_open ON alert (kind, topic) WHERE state = 'open';
CREATE INDEX alert_by_state ON alert (state, id);
CREATE INDEX alert_by_institution ON alert (institution, id);

-- The records that gave cause.
CREATE TABLE alert_record (
    alert TEXT NOT NULL,
    conversation TEXT NOT NULL,
    seq BIGINT NOT NULL,
    author TEXT NOT NULL,
    category TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (alert, conversation, seq)
);

-- Who listed alerts lately, and hears of them until then.
CREATE TABLE alert_listener (
    person TEXT PRIMARY KEY,
    hears_until BIGINT NOT NULL
);
