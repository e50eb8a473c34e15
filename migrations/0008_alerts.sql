-- What was wrong, and what was answered: a projection of the journal, like jobs and nodes.
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY,
    opened_us INTEGER NOT NULL,
    resolved_us INTEGER,              -- NULL as long as it is not over
    job INTEGER,                      -- the job that it is about, if it is about one
    doc TEXT NOT NULL                 -- JSON
) STRICT;
CREATE INDEX alerts_open ON alerts (id) WHERE resolved_us IS NULL;
CREATE INDEX alerts_by_job ON alerts (job, id) WHERE job IS NOT NULL;
