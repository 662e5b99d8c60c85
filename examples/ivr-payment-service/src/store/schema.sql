-- Version 1. Times are milliseconds since the Unix epoch, amounts minor units of the currency.
--
-- No column can hold a card number: amounts stop at ten digits, text from outside is redacted before it gets
-- here, and of a card there is the last four digits and the brand only.

CREATE TABLE orders (
    id              TEXT PRIMARY KEY CHECK (length(id) = 26),
    order_id        TEXT NOT NULL UNIQUE CHECK (length(order_id) BETWEEN 1 AND 64),
    origin          TEXT NOT NULL CHECK (origin IN ('api', 'line')),
    amount          INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 9999999999),
    currency        TEXT NOT NULL CHECK (length(currency) = 3),
    customer_number TEXT,
    description     TEXT,
    code            TEXT NOT NULL UNIQUE CHECK (length(code) = 9),
    state           TEXT NOT NULL CHECK (state IN ('open', 'collecting', 'in_doubt', 'paid')),
    -- The call that has the order to itself while it is being paid.
    leased_by       TEXT REFERENCES calls (id),
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    CHECK ((state = 'collecting') = (leased_by IS NOT NULL))
) STRICT;

CREATE TABLE calls (
    id          TEXT PRIMARY KEY CHECK (length(id) = 26),
    sip_call_id TEXT NOT NULL,
    line        TEXT NOT NULL,
    caller      TEXT,
    order_ulid  TEXT REFERENCES orders (id),
    outcome     TEXT,
    detail      TEXT,
    last_four   TEXT CHECK (length(last_four) = 4),
    brand       TEXT,
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    CHECK ((outcome IS NULL) = (ended_at IS NULL))
) STRICT;

CREATE INDEX calls_by_sip_call_id ON calls (sip_call_id);

-- The columns of paytone_psp::attempt::Record, and whose attempt it is.
CREATE TABLE attempts (
    reference         TEXT PRIMARY KEY CHECK (length(reference) = 26),
    order_ulid        TEXT NOT NULL REFERENCES orders (id),
    call_ulid         TEXT NOT NULL REFERENCES calls (id),
    last_four         TEXT NOT NULL CHECK (length(last_four) = 4),
    brand             TEXT NOT NULL,
    amount            INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 9999999999),
    currency          TEXT NOT NULL CHECK (length(currency) = 3),
    capture           TEXT NOT NULL,
    state             TEXT NOT NULL,
    since             INTEGER NOT NULL,
    version           INTEGER NOT NULL,
    pending_operation TEXT,
    pending_key       TEXT,
    pending_deadline  INTEGER,
    pending_amount    INTEGER,
    doubt_since       INTEGER,
    doubt_lookups     INTEGER,
    doubt_next        INTEGER,
    checkpoint        BLOB,
    decline           TEXT,
    transaction_id    TEXT,
    approval_code     TEXT,
    captured          INTEGER,
    refunded          INTEGER NOT NULL,
    compensate        INTEGER NOT NULL CHECK (compensate IN (0, 1)),
    test              INTEGER NOT NULL CHECK (test IN (0, 1)),
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL
) STRICT;

CREATE INDEX attempts_by_order ON attempts (order_ulid);

-- Money can move once per order: whatever the program believes, a second attempt cannot be written while an
-- earlier one has moved money or may have. (An approval that comes to light against all reports must be written all
-- the same: it is marked to be compensated.)
CREATE UNIQUE INDEX one_live_attempt_per_order ON attempts (order_ulid)
    WHERE compensate = 0 AND state NOT IN ('declined', 'not_charged', 'voided', 'refunded', 'abandoned');

-- What the merchant has to be told: a row per reportable version of an attempt, written with the change itself.
CREATE TABLE outbox (
    reference  TEXT NOT NULL REFERENCES attempts (reference),
    version    INTEGER NOT NULL,
    state      TEXT NOT NULL,
    delivered  INTEGER NOT NULL DEFAULT 0 CHECK (delivered IN (0, 1)),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (reference, version)
) STRICT;

-- Order codes that were tried and did not open an order.
CREATE TABLE wrong_codes (
    source     TEXT NOT NULL,
    call_ulid  TEXT NOT NULL REFERENCES calls (id),
    tried_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX wrong_codes_by_source ON wrong_codes (source, tried_at);
CREATE INDEX wrong_codes_by_call ON wrong_codes (call_ulid);
