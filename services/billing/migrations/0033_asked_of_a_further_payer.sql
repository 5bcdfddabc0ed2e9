-- What a person has a further payer asked for although it was denied: no share of the patient's.
ALTER TABLE posting
    ADD COLUMN denial_forwarded_cents bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN posting.denial_forwarded_cents IS
    'Of forwarded_cents: what this payer denied, and the next one is asked for';
