-- What accepting a rule changed: the payer's list of procedures to be authorized, its days to file, or
-- nothing but the record.

ALTER TABLE rule_proposal
    ADD COLUMN effect text CHECK (effect IN ('authorization-list', 'filing-days', 'recorded')),
    ADD COLUMN effective_on date,
    ADD COLUMN filing_days integer CHECK (filing_days > 0);

-- The owner sees rows only where their security is not forced.
ALTER TABLE rule_proposal NO FORCE ROW LEVEL SECURITY;
UPDATE rule_proposal SET effect = 'recorded' WHERE state = 'accepted';
ALTER TABLE rule_proposal FORCE ROW LEVEL SECURITY;

ALTER TABLE rule_proposal
    ADD CHECK ((state = 'accepted') = (effect IS NOT NULL)),
    ADD CHECK ((effect = 'filing-days') = (filing_days IS NOT NULL));
