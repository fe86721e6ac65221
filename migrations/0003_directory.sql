-- What the platform tells us: institutions, their tutors, the public side of users, and who follows
-- whom. Times are milliseconds since 1970-01-01 UTC, flags are 0 or 1.

CREATE TABLE directory_institution (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- pending | certified | revoked
    certification TEXT NOT NULL,
    -- when the certification ends; NULL for no end
    certified_until BIGINT,
    suspended BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE directory_tutor (
    -- the tutor's user id: the `sub` of their token
    id TEXT PRIMARY KEY,
    institution TEXT NOT NULL,
    name TEXT NOT NULL,
    title TEXT,
    avatar TEXT,
    -- a JSON array of names
    desk_groups TEXT NOT NULL,
    -- leads the institution's tutors
    is_admin BIGINT NOT NULL,
    -- active | suspended | left
    status TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX directory_tutor_by_institution ON directory_tutor (institution, id);

CREATE TABLE directory_profile (
    id TEXT PRIMARY KEY,
    nickname TEXT NOT NULL,
    avatar TEXT,
    updated_at BIGINT NOT NULL
);

CREATE TABLE directory_follow (
    user_id TEXT NOT NULL,
    tutor TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (user_id, tutor)
);
