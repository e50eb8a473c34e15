-- What somebody is: viewer, member, lead or admin.
ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'member';
UPDATE users SET role = 'admin' WHERE admin = 1;
ALTER TABLE users DROP COLUMN admin;
