-- What a request with an Idempotency-Key began to do with a payment, written with the beginning itself, so that a request
-- whose process was killed can be answered: the attempt, the operation, and for a refund what will have been given back.
CREATE TABLE begun (
    merchant  TEXT NOT NULL REFERENCES merchants (id),
    key       TEXT NOT NULL,
    attempt   TEXT NOT NULL REFERENCES attempts (reference),
    operation TEXT NOT NULL,
    refunded  INTEGER NOT NULL,
    PRIMARY KEY (merchant, key)
) STRICT;

-- What becomes of an approval that comes when the caller has hung up; as the line has it where it is null.
ALTER TABLE orders ADD COLUMN after_hang_up TEXT CHECK (after_hang_up IN ('finish_and_report', 'void_if_approved'));
