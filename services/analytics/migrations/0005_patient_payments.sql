-- What patients paid of their share. Version 3 of the scorecard, which goes on until version 4 is
-- built, does not add to it.
ALTER TABLE scorecard ADD COLUMN patient_paid_cents bigint NOT NULL DEFAULT 0;
