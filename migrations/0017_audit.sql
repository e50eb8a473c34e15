-- Who did what, by which door, from where, and what was before and after. Rows are only ever added.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    actor TEXT NOT NULL,
    acts_for TEXT,
    door TEXT NOT NULL,
    address TEXT,
    act TEXT NOT NULL,
    subject TEXT,
    refused TEXT,
    differences TEXT NOT NULL         -- JSON
) STRICT;
CREATE INDEX audit_by_time ON audit (at_us);
CREATE INDEX audit_by_actor ON audit (actor, id);
CREATE INDEX audit_by_subject ON audit (subject, id) WHERE subject IS NOT NULL;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
