-- Who carries a request with an Idempotency-Key out and since when, and whether that process is known to be gone: then
-- whoever makes the request again is answered at once, and one of several who do carries it out.
ALTER TABLE idempotency ADD COLUMN node TEXT;
ALTER TABLE idempotency ADD COLUMN carried_since INTEGER;
ALTER TABLE idempotency ADD COLUMN abandoned INTEGER NOT NULL DEFAULT 0 CHECK (abandoned IN (0, 1));
