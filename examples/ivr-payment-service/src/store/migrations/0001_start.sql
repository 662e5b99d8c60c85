-- Written for SQLite; three words differ for PostgreSQL and are put in by the program (INTEGER is BIGINT there, BLOB is
-- BYTEA, and STRICT is nothing). Times are milliseconds since the Unix epoch, amounts minor units of the currency, flags
-- 0 or 1. `position` counts the rows of a table in the order they were written.
--
-- No column can hold a card number: amounts stop at ten digits, text from outside is redacted before it gets here, and
-- of a card there is the brand and the last four digits only.

CREATE TABLE merchants (
    id         TEXT PRIMARY KEY CHECK (length(id) = 26),
    position   INTEGER NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Keys are kept as SHA-256: they are long and random, so that nothing slower is needed.
CREATE TABLE api_keys (
    id           TEXT PRIMARY KEY CHECK (length(id) = 26),
    merchant     TEXT NOT NULL REFERENCES merchants (id),
    name         TEXT NOT NULL,
    role         TEXT NOT NULL,
    refund_limit INTEGER,
    hash         BLOB NOT NULL UNIQUE,
    created_at   INTEGER NOT NULL,
    revoked_at   INTEGER
) STRICT;

CREATE TABLE orders (
    id              TEXT PRIMARY KEY CHECK (length(id) = 26),
    merchant        TEXT NOT NULL REFERENCES merchants (id),
    position        INTEGER NOT NULL UNIQUE,
    version         INTEGER NOT NULL,
    order_id        TEXT NOT NULL CHECK (length(order_id) BETWEEN 1 AND 64),
    origin          TEXT NOT NULL CHECK (origin IN ('api', 'line')),
    purpose         TEXT NOT NULL,
    amount          INTEGER NOT NULL CHECK (amount BETWEEN 0 AND 9999999999),
    currency        TEXT NOT NULL CHECK (length(currency) = 3),
    customer_number TEXT,
    description     TEXT,
    field_1         TEXT,
    field_2         TEXT,
    field_3         TEXT,
    metadata        TEXT NOT NULL,
    language        TEXT,
    allowed_brands  TEXT,
    payment_methods TEXT NOT NULL,
    after_payment   TEXT NOT NULL,
    code            TEXT NOT NULL UNIQUE CHECK (length(code) = 9),
    state           TEXT NOT NULL CHECK (state IN
        ('open', 'collecting', 'in_doubt', 'paid', 'completed', 'voided', 'refunded', 'cancelled')),
    -- The call that has the order to itself while it is being paid.
    leased_by       TEXT,
    leased_at       INTEGER,
    -- Asked for while a payment was on its way: an approval is to be voided.
    void_on_approval INTEGER NOT NULL CHECK (void_on_approval IN (0, 1)),
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    UNIQUE (merchant, order_id),
    CHECK ((amount = 0) = (purpose IN ('verify', 'register'))),
    CHECK ((state = 'collecting') = (leased_by IS NOT NULL))
) STRICT;

CREATE INDEX orders_by_merchant ON orders (merchant, position);
CREATE INDEX orders_by_lease ON orders (leased_by) WHERE leased_by IS NOT NULL;

CREATE TABLE calls (
    id          TEXT PRIMARY KEY CHECK (length(id) = 26),
    merchant    TEXT NOT NULL REFERENCES merchants (id),
    position    INTEGER NOT NULL UNIQUE,
    version     INTEGER NOT NULL,
    -- The process that has the call: only that one may end it as interrupted.
    node        TEXT NOT NULL,
    sip_call_id TEXT NOT NULL,
    line        TEXT NOT NULL,
    caller      TEXT,
    operator    TEXT,
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
CREATE INDEX calls_by_merchant ON calls (merchant, position);

CREATE TABLE stored_cards (
    id         TEXT PRIMARY KEY CHECK (length(id) = 26),
    merchant   TEXT NOT NULL REFERENCES merchants (id),
    position   INTEGER NOT NULL UNIQUE,
    order_ulid TEXT NOT NULL REFERENCES orders (id),
    customer_number TEXT,
    -- What the provider calls it.
    provider_id TEXT NOT NULL,
    last_four  TEXT NOT NULL CHECK (length(last_four) = 4),
    brand      TEXT NOT NULL,
    test       INTEGER NOT NULL CHECK (test IN (0, 1)),
    created_at INTEGER NOT NULL,
    forgotten_at INTEGER
) STRICT;

-- The columns of paytone_psp::attempt::Record, and whose attempt it is.
CREATE TABLE attempts (
    reference         TEXT PRIMARY KEY CHECK (length(reference) = 26),
    merchant          TEXT NOT NULL REFERENCES merchants (id),
    position          INTEGER NOT NULL UNIQUE,
    node              TEXT NOT NULL,
    order_ulid        TEXT NOT NULL REFERENCES orders (id),
    -- The call it is made in, or the stored card it is made with.
    call_ulid         TEXT REFERENCES calls (id),
    stored_card       TEXT REFERENCES stored_cards (id),
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
    -- When a settled attempt was last compared with what the provider has.
    checked_at        INTEGER,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    CHECK ((call_ulid IS NULL) <> (stored_card IS NULL))
) STRICT;

CREATE INDEX attempts_by_order ON attempts (order_ulid);
CREATE INDEX attempts_by_time ON attempts (merchant, created_at);

-- Money can move once per order: whatever the program believes, a second attempt cannot be written while an
-- earlier one has moved money or may have. (An approval that comes to light against all reports must be written all
-- the same: it is marked to be compensated.)
CREATE UNIQUE INDEX one_live_attempt_per_order ON attempts (order_ulid)
    WHERE compensate = 0 AND state NOT IN ('declined', 'not_charged', 'voided', 'refunded', 'abandoned');

-- Order codes that were tried and did not open an order.
CREATE TABLE wrong_codes (
    source     TEXT NOT NULL,
    call_ulid  TEXT NOT NULL REFERENCES calls (id),
    tried_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX wrong_codes_by_source ON wrong_codes (source, tried_at);
CREATE INDEX wrong_codes_by_call ON wrong_codes (call_ulid);

-- What happened that the merchant is told, written with the change itself. `body` is what is sent, word for word.
CREATE TABLE outbox (
    id         TEXT PRIMARY KEY CHECK (length(id) = 26),
    merchant   TEXT NOT NULL REFERENCES merchants (id),
    position   INTEGER NOT NULL UNIQUE,
    kind       TEXT NOT NULL,
    order_ulid TEXT REFERENCES orders (id),
    reference  TEXT REFERENCES attempts (reference),
    version    INTEGER,
    state      TEXT,
    body       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (reference, version)
) STRICT;

CREATE TABLE webhook_endpoints (
    id         TEXT PRIMARY KEY CHECK (length(id) = 26),
    merchant   TEXT NOT NULL REFERENCES merchants (id),
    position   INTEGER NOT NULL UNIQUE,
    url        TEXT NOT NULL,
    secret     BLOB NOT NULL,
    -- The key before, still signing beside the new one until it is retired.
    previous_secret BLOB,
    created_at INTEGER NOT NULL,
    removed_at INTEGER
) STRICT;

CREATE TABLE deliveries (
    id         TEXT PRIMARY KEY CHECK (length(id) = 26),
    merchant   TEXT NOT NULL REFERENCES merchants (id),
    position   INTEGER NOT NULL UNIQUE,
    event      TEXT NOT NULL REFERENCES outbox (id),
    endpoint   TEXT NOT NULL REFERENCES webhook_endpoints (id),
    order_ulid TEXT,
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
    tries      INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,
    -- What the last try got: an HTTP status, or 0 for none.
    last_status INTEGER,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX deliveries_waiting ON deliveries (next_at) WHERE state = 'waiting';
CREATE INDEX deliveries_by_event ON deliveries (event);

-- Answers that were given to requests with an Idempotency-Key. `status` 0: the request is being carried out.
CREATE TABLE idempotency (
    merchant   TEXT NOT NULL REFERENCES merchants (id),
    key        TEXT NOT NULL,
    request    BLOB NOT NULL,
    status     INTEGER NOT NULL,
    answer     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (merchant, key)
) STRICT;

-- Each row's hash covers the row and the hash before it.
CREATE TABLE audit (
    merchant TEXT NOT NULL REFERENCES merchants (id),
    number   INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    action   TEXT NOT NULL,
    success  INTEGER NOT NULL CHECK (success IN (0, 1)),
    origin   TEXT NOT NULL,
    object   TEXT NOT NULL,
    detail   TEXT NOT NULL,
    hash     BLOB NOT NULL,
    PRIMARY KEY (merchant, number)
) STRICT;
