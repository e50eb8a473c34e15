-- What people want to be told, and what is on its way to them.
CREATE TABLE notify_preferences (
    user TEXT PRIMARY KEY,
    doc TEXT NOT NULL                 -- JSON
) STRICT;

-- How far in the journal it was looked who is to be told.
CREATE TABLE notify_cursor (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL
) STRICT;

CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,         -- what, to whom and where: told once
    user TEXT NOT NULL,               -- '' for the team's own channels
    channel TEXT NOT NULL,
    message TEXT NOT NULL,            -- JSON
    made_us INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    next_us INTEGER,                  -- NULL: sent, or given up
    sent_us INTEGER,                  -- NULL: not sent
    problem TEXT                      -- why the last try failed
) STRICT;
CREATE INDEX deliveries_due ON deliveries (next_us) WHERE next_us IS NOT NULL;
CREATE INDEX deliveries_by_time ON deliveries (made_us);
