-- The ledger of what agents and Berth's own rules decided: a projection of the journal.
CREATE TABLE cards (
    id INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    made_by TEXT NOT NULL,            -- an agent's or a rule's name
    state TEXT NOT NULL,
    job INTEGER,                      -- the job that it is about, if it is about one
    asks TEXT,                        -- who may answer it, beside the admins
    doc TEXT NOT NULL                 -- JSON
) STRICT;
CREATE INDEX cards_open ON cards (id) WHERE state = 'suggested';
CREATE INDEX cards_by_job ON cards (job, id) WHERE job IS NOT NULL;
CREATE INDEX cards_by ON cards (made_by, id);
