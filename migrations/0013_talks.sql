-- Talks with the assistant, for who had them: what was asked and answered, and what was done about it.
CREATE TABLE talks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice
    user TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    title TEXT NOT NULL,
    begun_us INTEGER NOT NULL,
    said_us INTEGER NOT NULL          -- the last message
) STRICT;
CREATE INDEX talks_by_user ON talks (user, said_us);

CREATE TABLE talk_messages (
    talk INTEGER NOT NULL REFERENCES talks (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,          -- from 1
    by_person INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    text TEXT NOT NULL,
    doc TEXT NOT NULL,                -- JSON: what was called, done and paid
    PRIMARY KEY (talk, number)
) STRICT, WITHOUT ROWID;
