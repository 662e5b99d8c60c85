-- What is counted whenever somebody watches, without going through everything there is.
CREATE INDEX deliveries_dead ON deliveries (state) WHERE state = 'dead';
CREATE INDEX attempts_in_doubt ON attempts (state) WHERE state = 'in_doubt';
CREATE INDEX attempts_for_a_person ON attempts (state) WHERE state = 'needs_person';

-- Up to where a merchant's audit was cut off, at a head that was exported and signed: the chain goes on from there.
CREATE TABLE audit_cuts (
    merchant TEXT PRIMARY KEY REFERENCES merchants (id),
    number   INTEGER NOT NULL,
    hash     BLOB NOT NULL,
    cut_at   INTEGER NOT NULL
) STRICT;
