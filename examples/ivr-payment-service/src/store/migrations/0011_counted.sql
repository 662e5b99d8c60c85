-- Tries are counted where they are kept, by all processes together.
CREATE INDEX tries_by_subject ON tries (merchant, subject, at);
