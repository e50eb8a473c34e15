-- A local password, as argon2 writes it.
CREATE TABLE passwords (
    user TEXT PRIMARY KEY REFERENCES users (name),
    phc TEXT NOT NULL,
    set_us INTEGER NOT NULL
) STRICT;

-- Who was given a wrong password how often in a row, and until when no other is looked at.
CREATE TABLE wrong_passwords (
    name TEXT PRIMARY KEY,            -- as it was typed: perhaps nobody's
    count INTEGER NOT NULL,
    last_us INTEGER NOT NULL,
    until_us INTEGER NOT NULL
) STRICT;

-- Whom a provider of single sign-on knows as what.
CREATE TABLE identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user TEXT NOT NULL REFERENCES users (name),
    since_us INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT;
