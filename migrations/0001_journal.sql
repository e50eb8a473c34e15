-- The journal is the truth; everything below it is a projection that can be made from it anew.
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,           -- microseconds since 1970, UTC
    actor TEXT NOT NULL,              -- JSON
    job INTEGER,
    event TEXT NOT NULL               -- JSON
) STRICT;
CREATE INDEX journal_by_job ON journal (job, seq) WHERE job IS NOT NULL;

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    project TEXT,
    state TEXT NOT NULL,
    outcome TEXT,
    array_id INTEGER,
    submitted_us INTEGER NOT NULL,
    started_us INTEGER,
    finished_us INTEGER,
    ended_seq INTEGER,                -- the journal entry that finished it
    key TEXT,                         -- idempotency key; of an array on its first task only
    doc TEXT NOT NULL                 -- the whole job as JSON
) STRICT;
CREATE INDEX jobs_by_state ON jobs (state, id);
CREATE INDEX jobs_by_owner ON jobs (owner, state, id);
CREATE INDEX jobs_by_project ON jobs (project, id) WHERE project IS NOT NULL;
CREATE INDEX jobs_by_end ON jobs (ended_seq) WHERE ended_seq IS NOT NULL;
CREATE INDEX jobs_by_start ON jobs (started_us) WHERE started_us IS NOT NULL;
CREATE UNIQUE INDEX jobs_by_key ON jobs (owner, key) WHERE key IS NOT NULL;

CREATE TABLE nodes (
    name TEXT PRIMARY KEY,
    doc TEXT NOT NULL
) STRICT;

CREATE TABLE counters (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    last_job INTEGER NOT NULL,
    last_ordinal INTEGER NOT NULL
) STRICT;
INSERT INTO counters VALUES (1, 0, 0);
