-- Pictures and voice: whose they are and what is done with them. The files lie beside the database.
-- Times are milliseconds since 1970-01-01 UTC.

CREATE TABLE media (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    -- the owner's idempotency key; NULL when it is forgotten
    client_id TEXT,
    -- consult | live: where it may be sent
    purpose TEXT NOT NULL,
    -- its media type
    kind TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    -- 0 when it has no preview
    preview_bytes BIGINT NOT NULL,
    -- of a picture as it is shown, else 0
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    -- of a voice, else 0
    duration_ms BIGINT NOT NULL,
    -- BLAKE3 of the file as it is kept, and as it was sent
    hash {BLOB} NOT NULL,
    sent_hash {BLOB} NOT NULL,
    -- arriving: the file is being written | unclaimed: no message names it | claimed
    -- | removed: shown to nobody any more, and kept | expired: to be deleted
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (owner, client_id)
);

CREATE INDEX media_by_owner ON media (owner, created_at);
CREATE INDEX media_waiting ON media (created_at) WHERE state IN ('arriving', 'unclaimed', 'expired');
CREATE INDEX media_remembered ON media (created_at) WHERE client_id IS NOT NULL;
