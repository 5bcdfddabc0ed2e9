-- Visits and 837Ps are kept sealed with the practice's data key.
--
-- SQL has no key, so rows from before cannot be sealed here. Nothing was released: a database that
-- has some is refused, and made anew (on one machine: make down WIPE=1).

ALTER TABLE claim
    DROP COLUMN encounter,
    ADD COLUMN encounter bytea,
    ADD CONSTRAINT claim_has_its_visit CHECK ((encounter_id IS NULL) = (encounter IS NULL));
COMMENT ON COLUMN claim.encounter IS
    'An encrypted value (AES-256-GCM) of the event that posted the visit, with its type, sealed for claim/CLAIM_ID; null: taken over';

ALTER TABLE interchange
    DROP COLUMN content,
    ADD COLUMN content bytea NOT NULL;
COMMENT ON COLUMN interchange.content IS
    'An encrypted value (AES-256-GCM) of the 837P, sealed for interchange/INTERCHANGE_NUMBER';
