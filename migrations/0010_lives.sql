-- How jobs fared, in few numbers, for looking back over a year of them: a projection of the journal
-- like jobs and nodes. Where these tables are new they are made from it at the next start.
CREATE TABLE lives (
    job INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    project TEXT,
    class TEXT NOT NULL,
    nodes INTEGER NOT NULL,
    gpus INTEGER NOT NULL,            -- on all of them
    begin_us INTEGER,                 -- not before then
    after TEXT,                       -- JSON: the jobs that it waits for; NULL if none
    ready_us INTEGER NOT NULL,        -- from when on it only waited for GPUs, once it has started
    granted_us INTEGER,               -- when it got its first lease
    finished_us INTEGER
) STRICT;
CREATE INDEX lives_by_grant ON lives (granted_us) WHERE granted_us IS NOT NULL;
CREATE INDEX lives_by_owner ON lives (owner);
CREATE INDEX lives_by_project ON lives (project) WHERE project IS NOT NULL;

CREATE TABLE attempts (
    job INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    granted_us INTEGER NOT NULL,
    ended_us INTEGER,
    stopped TEXT,                     -- why it was to be queued again, if it was
    outcome TEXT,                     -- how it ended: an outcome's token, or why it was queued again
    PRIMARY KEY (job, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_by_end ON attempts (ended_us);

-- What an attempt holds: one row a node; none of GPUs where it asked for none.
CREATE TABLE held (
    job INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    node TEXT NOT NULL,
    gpus INTEGER NOT NULL,
    PRIMARY KEY (job, attempt, node)
) STRICT, WITHOUT ROWID;

-- What happens seldom and is looked for over a year: nodes that come and go, and what people did to
-- the order by hand.
CREATE INDEX journal_seldom ON journal (at_us)
    WHERE event->>'type' IN ('node_seen', 'node_gone', 'job_moved', 'job_held');
