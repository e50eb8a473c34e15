-- Promises of GPUs: a projection of the journal, like jobs and nodes. None is ever deleted, so that
-- numbers are not given twice.
CREATE TABLE reservations (
    id INTEGER PRIMARY KEY,
    doc TEXT NOT NULL                 -- JSON
) STRICT;
