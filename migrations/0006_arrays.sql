CREATE INDEX jobs_by_array ON jobs (array_id, state, outcome) WHERE array_id IS NOT NULL;
