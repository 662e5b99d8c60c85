-- What the caller chose and keyed beside the card. `numbers` are the merchant's own, ten digits each at most.
ALTER TABLE attempts ADD COLUMN method TEXT NOT NULL DEFAULT 'lump_sum';
ALTER TABLE attempts ADD COLUMN consent INTEGER CHECK (consent IN (0, 1));
ALTER TABLE attempts ADD COLUMN postcode TEXT CHECK (length(postcode) BETWEEN 1 AND 10);
ALTER TABLE attempts ADD COLUMN numbers TEXT NOT NULL DEFAULT '' CHECK (length(numbers) <= 43);
