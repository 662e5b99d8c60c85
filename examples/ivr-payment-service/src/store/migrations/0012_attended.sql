-- Who had the call's order in front of them when it ended: the closing counts a payment as theirs where nobody commanded the call.
ALTER TABLE calls ADD COLUMN attended_by TEXT;
