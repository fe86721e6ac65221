-- Rule sets of moderation as curators write them, and which of them is in force. What people write is
-- no part of them. Times are milliseconds since 1970-01-01 UTC.

CREATE TABLE moderation_rule_set (
    -- counts up from 1 as sets are drafted
    serial {KEY} PRIMARY KEY,
    -- the beginning of a hash over its files and the engine that checked them
    version TEXT NOT NULL UNIQUE,
    -- draft | published | superseded
    state TEXT NOT NULL,
    note TEXT NOT NULL,
    rules BIGINT NOT NULL,
    words BIGINT NOT NULL,
    drafted_by TEXT NOT NULL,
    drafted_at BIGINT NOT NULL,
    published_by TEXT,
    published_at BIGINT,
    -- counts up as sets are published, so that the one before is known; a roll back leaves it
    turn BIGINT,
    -- who put another in its place, by publishing or rolling back
    superseded_by TEXT,
    superseded_at BIGINT
);

-- At most one is in force, whoever publishes at the same time.
CREATE UNIQUE INDEX moderation_rule_set_in_force ON moderation_rule_set (state)
    WHERE state = 'published';
CREATE INDEX moderation_rule_set_by_turn ON moderation_rule_set (turn);

CREATE TABLE moderation_rule_file (
    rule_set BIGINT NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (rule_set, name)
);
