-- Conversations between one candidate and one institution. What was said lies sealed in the archive;
-- these tables hold who, where it stands, and numbers. Times are milliseconds, flags are 0 or 1.

CREATE TABLE consult_conversation (
    -- also the archive's thread
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    -- `support` for the platform's own customer service
    institution TEXT NOT NULL,
    -- all that the institution's side learns of the user: an id, a name, what to draw an avatar from
    pseudonym TEXT NOT NULL,
    mask_name TEXT NOT NULL,
    mask_avatar TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    -- the newest service session, its state (queued | serving | ended) and since when
    session TEXT NOT NULL,
    state TEXT NOT NULL,
    turned_at BIGINT NOT NULL,
    -- the tutor who serves or served it last; NULL in the queue
    owner TEXT,
    -- moves with every change of session, state or owner
    owner_version BIGINT NOT NULL,
    -- since when the user waits for an answer; NULL when nobody waits
    waiting_since BIGINT,
    -- when the session's first answer was written
    answered_at BIGINT,
    last_seq BIGINT NOT NULL,
    -- the newest record that shows as a line; 0 before the first
    line_seq BIGINT NOT NULL,
    line_at BIGINT NOT NULL,
    -- how many lines each side wrote, so that unread lines are a subtraction
    user_lines BIGINT NOT NULL,
    institution_lines BIGINT NOT NULL,
    -- how far the owner has read: users see that
    owner_read_seq BIGINT NOT NULL,
    -- where it stands in each side's feed of changes
    user_change BIGINT NOT NULL,
    institution_change BIGINT NOT NULL,
    UNIQUE (user_id, institution)
);

CREATE INDEX consult_conversation_by_owner
    ON consult_conversation (owner, state, turned_at, id);
CREATE INDEX consult_conversation_by_institution
    ON consult_conversation (institution, state, turned_at, id);
CREATE INDEX consult_conversation_by_change
    ON consult_conversation (institution, institution_change);

-- One row a service session: what ratings, response times and transfers belong to.
CREATE TABLE consult_session (
    id TEXT PRIMARY KEY,
    conversation TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    opened_seq BIGINT NOT NULL,
    -- how many lines the user had written before
    opened_lines BIGINT NOT NULL,
    -- where in the app it was opened
    source TEXT,
    -- the tutor that was asked for
    wanted TEXT,
    -- the user wants to follow the tutor who answers
    follow BIGINT NOT NULL,
    owner TEXT,
    owned_at BIGINT,
    answered_at BIGINT,
    ended_at BIGINT,
    -- user | tutor | idle | supervisor
    ended_by TEXT
);

CREATE INDEX consult_session_by_conversation ON consult_session (conversation, opened_at);

-- What happened to a record later: recalled, or for a hold confirmed or discarded.
CREATE TABLE consult_effect (
    conversation TEXT NOT NULL,
    seq BIGINT NOT NULL,
    effect TEXT NOT NULL,
    by_seq BIGINT NOT NULL,
    PRIMARY KEY (conversation, seq)
);

CREATE TABLE consult_hold (
    id TEXT PRIMARY KEY,
    conversation TEXT NOT NULL,
    author TEXT NOT NULL,
    seq BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- How far each person has read.
CREATE TABLE consult_mark (
    conversation TEXT NOT NULL,
    person TEXT NOT NULL,
    read_seq BIGINT NOT NULL,
    -- how many lines of the other side that covers
    read_lines BIGINT NOT NULL,
    PRIMARY KEY (conversation, person)
);

-- A tutor's desk: the state they chose, and how many conversations they serve.
CREATE TABLE consult_desk (
    tutor TEXT PRIMARY KEY,
    institution TEXT NOT NULL,
    -- online | busy | offline
    state TEXT NOT NULL,
    state_at BIGINT NOT NULL,
    -- NULL for the configured default
    capacity BIGINT,
    serving BIGINT NOT NULL
);

CREATE INDEX consult_desk_by_institution ON consult_desk (institution, state);

-- The counters behind `consult.sync`: one feed a user and one an institution.
CREATE TABLE consult_feed (
    id TEXT PRIMARY KEY,
    change BIGINT NOT NULL
);

-- Who lost sight of a conversation, and at which change of their feed.
CREATE TABLE consult_left (
    person TEXT NOT NULL,
    conversation TEXT NOT NULL,
    change BIGINT NOT NULL,
    PRIMARY KEY (person, conversation)
);
