-- The key-encryption keys that have been used, each with a keyed hash that only it can make: a node
-- that starts with another key ring is told so before it writes anything.
CREATE TABLE kek (
    version BIGINT PRIMARY KEY,
    proof {BLOB} NOT NULL
);

-- A thread's head: where its numbering stands and who moved it there, and its data key under a
-- key-encryption key. wrapped_key is NULL once the key is destroyed: the records stay, their content
-- is gone for good.
CREATE TABLE thread (
    number {KEY} PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    last_seq BIGINT NOT NULL,
    writer BIGINT NOT NULL,
    kek BIGINT NOT NULL,
    wrapped_key {BLOB}
);

-- What was said, append-only. mark and fingerprint are keyed hashes of the author's client_id and of
-- the content; they recognise a record that is sent again.
CREATE TABLE record (
    thread BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    author TEXT NOT NULL,
    kind TEXT NOT NULL,
    mark {BLOB},
    fingerprint {BLOB},
    content {BLOB} NOT NULL,
    PRIMARY KEY (thread, seq)
);
