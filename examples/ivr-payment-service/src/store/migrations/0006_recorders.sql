-- Calls whose switchboard was told to pause its recorder and has not yet said that it records again. Written before it is told.
CREATE TABLE paused_recorders (
    call_ulid TEXT PRIMARY KEY REFERENCES calls (id),
    at        INTEGER NOT NULL
) STRICT;
