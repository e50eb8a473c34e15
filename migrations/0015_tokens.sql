-- When a token was used last, to the minute; and what whoever shows it may be at most.
ALTER TABLE tokens ADD COLUMN used_us INTEGER;
ALTER TABLE tokens ADD COLUMN role TEXT;
