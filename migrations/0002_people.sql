CREATE TABLE users (
    name TEXT PRIMARY KEY,
    admin INTEGER NOT NULL,
    created_us INTEGER NOT NULL
) STRICT;

-- API tokens and one-time login links. Only hashes are kept.
CREATE TABLE tokens (
    hash BLOB PRIMARY KEY,            -- SHA-256 of the secret
    user TEXT NOT NULL REFERENCES users (name),
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    expires_us INTEGER
) STRICT;

-- Browser sessions.
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    data TEXT NOT NULL,               -- JSON
    expires_us INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_end ON sessions (expires_us);
