-- What is given up of the month's charges. Version 2 of the scorecard, which goes on until version 3
-- is built, does not add to it.
ALTER TABLE scorecard ADD COLUMN written_off_cents bigint NOT NULL DEFAULT 0;
