-- What was set for the whole cluster: a projection of the journal, like jobs and nodes.
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    doc TEXT NOT NULL                 -- JSON
) STRICT;
