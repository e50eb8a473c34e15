-- What GPUs did. It cannot be made from the journal anew. Blobs are those of
-- crates/telemetry/src/rollup/blob.rs.

-- Of whom there are figures; jobs and the cluster have numbers of their own.
CREATE TABLE telemetry_names (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,               -- gpu, node, user, project
    name TEXT NOT NULL
) STRICT;

-- Buckets: the seconds of an hour, 10 s for a day, minutes for 30 days, hours for good.
CREATE TABLE telemetry_buckets (
    series INTEGER NOT NULL,
    tier INTEGER NOT NULL,            -- 0 to 3, finest first
    start_s INTEGER NOT NULL,
    blob BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX telemetry_by_series ON telemetry_buckets (series, tier, start_s);
CREATE INDEX telemetry_by_time ON telemetry_buckets (tier, start_s);

-- What was added to blocks that are not among the buckets yet, in the order added.
CREATE TABLE telemetry_entries (
    id INTEGER PRIMARY KEY,
    block_s INTEGER NOT NULL,
    blob BLOB NOT NULL
) STRICT;
CREATE INDEX telemetry_entries_by_block ON telemetry_entries (block_s, id);

-- The last sample of each GPU: what is sent again is not counted twice.
CREATE TABLE telemetry_marks (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    blob BLOB NOT NULL
) STRICT;

-- What attempts did with their GPUs, by node and hour, in GPU-seconds.
CREATE TABLE telemetry_uses (
    job INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    node INTEGER NOT NULL,            -- in telemetry_names
    hour_s INTEGER NOT NULL,
    observed_s REAL NOT NULL,
    busy_s REAL NOT NULL,
    working_known_s REAL NOT NULL,
    working_s REAL NOT NULL,
    power_known_s REAL NOT NULL,
    energy_j REAL NOT NULL,
    peak_mem_bytes INTEGER NOT NULL,
    PRIMARY KEY (job, attempt, node, hour_s)
) STRICT, WITHOUT ROWID;
CREATE INDEX telemetry_uses_by_hour ON telemetry_uses (hour_s);

-- For looking back: who lived at a time, and what happened that is about no job.
CREATE INDEX jobs_by_finish ON jobs (finished_us, submitted_us) WHERE finished_us IS NOT NULL;
CREATE INDEX journal_without_job ON journal (seq) WHERE job IS NULL;
