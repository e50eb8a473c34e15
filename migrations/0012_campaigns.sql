-- Campaigns and their trials: projections of the journal. Trials are apart, so that one that changes does not
-- write all others again.
CREATE TABLE campaigns (
    id INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    agent TEXT,                       -- the agent that started it, if one did
    state TEXT NOT NULL,              -- running, paused, ended
    started_us INTEGER NOT NULL,
    ended_us INTEGER,
    doc TEXT NOT NULL                 -- JSON, without its trials
) STRICT;
CREATE INDEX campaigns_going ON campaigns (id) WHERE ended_us IS NULL;

CREATE TABLE trials (
    campaign INTEGER NOT NULL,
    number INTEGER NOT NULL,
    job INTEGER NOT NULL,
    doc TEXT NOT NULL,                -- JSON
    PRIMARY KEY (campaign, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX trials_by_job ON trials (job);
