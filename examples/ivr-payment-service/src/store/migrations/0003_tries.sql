-- What limits on tries are counted by, over a restart. A subject is the SHA-256 of a caller, an operator, an order or a line,
-- or, where that is configured, a card's fingerprint under a key that is not in the database.
CREATE TABLE tries (
    merchant   TEXT NOT NULL REFERENCES merchants (id),
    kind       TEXT NOT NULL CHECK (kind IN ('try', 'decline', 'closed', 'payment')),
    subject    BLOB NOT NULL,
    at         INTEGER NOT NULL,
    -- Of a payment: what was paid with the card.
    order_ulid TEXT REFERENCES orders (id),
    amount     INTEGER,
    currency   TEXT,
    CHECK ((kind = 'payment') = (order_ulid IS NOT NULL))
) STRICT;

CREATE INDEX tries_by_merchant ON tries (merchant, at);
