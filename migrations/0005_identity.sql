-- Tokens that count no longer though their signature and times are right: by the token's own id, or
-- all that a user held up to a second. Forgotten when nothing they name could be valid any more.
CREATE TABLE revocation (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    before_s BIGINT NOT NULL,
    until_s BIGINT NOT NULL,
    PRIMARY KEY (kind, subject)
);
