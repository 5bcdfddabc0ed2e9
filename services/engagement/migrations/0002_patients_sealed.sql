-- A patient's first name and address are kept sealed with the practice's data key.
--
-- SQL has no key, so rows from before cannot be sealed here. Nothing was released: a database that
-- has some is refused, and made anew (on one machine: make down WIPE=1).

ALTER TABLE patient
    DROP COLUMN given,
    DROP COLUMN email,
    ADD COLUMN sealed bytea,
    ADD CONSTRAINT patient_known_is_sealed CHECK (known = (sealed IS NOT NULL));
COMMENT ON COLUMN patient.sealed IS
    'An encrypted value (AES-256-GCM) of given and email, sealed for patient/PATIENT_ID';
