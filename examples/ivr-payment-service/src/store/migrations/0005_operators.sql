-- People who sign in to the console. The password is kept as argon2id's own text, which is neither a password nor text
-- from outside. `login` is lower case and unique over all merchants, so that nobody has to say whose operator they are.
CREATE TABLE operators (
    id            TEXT PRIMARY KEY CHECK (length(id) = 26),
    merchant      TEXT NOT NULL REFERENCES merchants (id),
    position      INTEGER NOT NULL UNIQUE,
    login         TEXT NOT NULL UNIQUE CHECK (length(login) BETWEEN 1 AND 64),
    name          TEXT NOT NULL,
    role          TEXT NOT NULL CHECK (role IN ('operator', 'supervisor', 'auditor', 'admin')),
    language      TEXT NOT NULL CHECK (language IN ('en', 'ja')),
    refund_limit  INTEGER,
    password      BLOB NOT NULL,
    -- Somebody else has chosen it: another is to be chosen at the next sign-in.
    password_is_given INTEGER NOT NULL CHECK (password_is_given IN (0, 1)),
    totp_secret   BLOB,
    -- The time step whose code was taken last: it is not taken again.
    totp_step     INTEGER NOT NULL,
    failures      INTEGER NOT NULL,
    locked_until  INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    signed_in_at  INTEGER,
    disabled_at   INTEGER
) STRICT;

-- Who is signed in. The cookie's secret is kept as SHA-256 only.
CREATE TABLE sessions (
    hash       BLOB PRIMARY KEY,
    operator   TEXT NOT NULL REFERENCES operators (id),
    csrf       BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_by_operator ON sessions (operator);

-- What operators wrote down about an order.
CREATE TABLE order_notes (
    order_ulid TEXT NOT NULL REFERENCES orders (id),
    position   INTEGER NOT NULL UNIQUE,
    author     TEXT NOT NULL,
    text       TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX order_notes_by_order ON order_notes (order_ulid);

-- Something is wrong, in a person's words: shown on every page until it is over.
CREATE TABLE incidents (
    id          TEXT PRIMARY KEY CHECK (length(id) = 26),
    merchant    TEXT NOT NULL REFERENCES merchants (id),
    position    INTEGER NOT NULL UNIQUE,
    text        TEXT NOT NULL,
    recovery_at INTEGER,
    until_at    INTEGER NOT NULL,
    author      TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

-- Written now and then by every process, to know whether the database takes what is written.
CREATE TABLE probes (
    node TEXT PRIMARY KEY,
    at   INTEGER NOT NULL
) STRICT;
