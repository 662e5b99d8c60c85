-- Who had an order in front of them last: its call comes back to them, whichever process they are signed in to.
ALTER TABLE orders ADD COLUMN attended_by TEXT;

-- What was being asked for when a call ended, where something was.
ALTER TABLE calls ADD COLUMN left_at TEXT;
