-- What was said about starts, and when they came. Unlike the other tables it cannot be made from
-- the journal anew: forecasts are kept because they are to be judged by what happened.
CREATE TABLE forecasts (
    job INTEGER NOT NULL,
    made_us INTEGER NOT NULL,         -- when it was first left waiting
    queue_s INTEGER NOT NULL,         -- how long the queue alone made it wait
    p50_us INTEGER NOT NULL,
    p90_us INTEGER NOT NULL,
    started_us INTEGER,               -- when it got its lease; NULL while it waits
    PRIMARY KEY (job, made_us)
) STRICT, WITHOUT ROWID;
CREATE INDEX forecasts_by_start ON forecasts (started_us) WHERE started_us IS NOT NULL;
CREATE INDEX forecasts_by_making ON forecasts (made_us);
