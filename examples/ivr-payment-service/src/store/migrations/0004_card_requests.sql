-- Cards that are verified or stored: no money moves, and it is journalled before it is asked for all the same.
CREATE TABLE card_requests (
    reference  TEXT PRIMARY KEY CHECK (length(reference) = 26),
    merchant   TEXT NOT NULL REFERENCES merchants (id),
    position   INTEGER NOT NULL UNIQUE,
    node       TEXT NOT NULL,
    order_ulid TEXT NOT NULL REFERENCES orders (id),
    call_ulid  TEXT NOT NULL REFERENCES calls (id),
    operation  TEXT NOT NULL CHECK (operation IN ('verify', 'register')),
    state      TEXT NOT NULL CHECK (state IN ('asked', 'in_doubt', 'done', 'not_done', 'left_over')),
    last_four  TEXT NOT NULL CHECK (length(last_four) = 4),
    brand      TEXT NOT NULL,
    -- Until when the request may still arrive at the provider.
    deadline   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX card_requests_by_order ON card_requests (order_ulid);
