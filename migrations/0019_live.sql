-- Live rooms: who, where and when. What people wrote lies sealed in the archive, in a thread for each
-- room and author; what staff did lies in the room's own thread. Times are milliseconds since
-- 1970-01-01 UTC, flags are 0 or 1.

CREATE TABLE room (
    id TEXT PRIMARY KEY,
    -- whose room it is; NULL for the platform's own
    institution TEXT,
    title TEXT NOT NULL,
    -- scheduled | live | ended
    state TEXT NOT NULL,
    -- the zero of the media's clock
    started_at BIGINT,
    ended_at BIGINT,
    -- since when it pauses, and how long it has paused before
    paused_at BIGINT,
    paused_ms BIGINT NOT NULL,
    -- JSON, and how often it was changed
    settings TEXT NOT NULL,
    version BIGINT NOT NULL,
    -- moves with everything that staff do to the room: who decided on an older state is refused
    turn BIGINT NOT NULL,
    pinned TEXT,
    -- the record of the notice in the room's thread
    notice_seq BIGINT,
    -- comments posted until then are no longer shown
    cleared_at BIGINT NOT NULL,
    likes BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL
);

CREATE INDEX room_by_state ON room (state, id);

CREATE TABLE room_staff (
    id TEXT PRIMARY KEY,
    room TEXT NOT NULL,
    person TEXT NOT NULL,
    -- host | moderator
    duty TEXT NOT NULL,
    since BIGINT NOT NULL,
    UNIQUE (room, person)
);

CREATE TABLE room_mute (
    id TEXT PRIMARY KEY,
    room TEXT NOT NULL,
    person TEXT NOT NULL,
    -- the comment that gave cause, if one did
    comment TEXT,
    -- time | session | permanent; until counts for `time`
    term TEXT NOT NULL,
    until BIGINT NOT NULL,
    muted_by TEXT NOT NULL,
    muted_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    UNIQUE (room, person)
);

CREATE TABLE live_comment (
    id TEXT PRIMARY KEY,
    room TEXT NOT NULL,
    author TEXT NOT NULL,
    -- its record in the thread of room and author
    seq BIGINT NOT NULL,
    -- where in the media, and when
    at_ms BIGINT NOT NULL,
    posted_at BIGINT NOT NULL,
    -- 1 staff, 2 selected questions, 3 the rest
    lane BIGINT NOT NULL,
    -- open | selected | answered | ignored; NULL for what is no question
    question TEXT,
    -- visible | sampled | held | rejected | removed
    state TEXT NOT NULL,
    -- which moderator looks at it, and until when that keeps others off
    holder TEXT,
    held_until BIGINT NOT NULL,
    -- who last changed its state, and when
    decided_by TEXT,
    decided_at BIGINT
);

CREATE INDEX live_comment_shown ON live_comment (room, at_ms, id) WHERE state = 'visible';
CREATE INDEX live_comment_held ON live_comment (room, posted_at, id) WHERE state = 'held';
CREATE INDEX live_comment_waiting ON live_comment (posted_at, id) WHERE state = 'held';
CREATE INDEX live_comment_asked ON live_comment (room, posted_at, id) WHERE question = 'open';
CREATE INDEX live_comment_by_author ON live_comment (room, author, posted_at);
