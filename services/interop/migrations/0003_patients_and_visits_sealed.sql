-- What is marked of patients and visits is kept sealed with the practice's data key.
--
-- SQL has no key, so rows from before cannot be sealed here. Nothing was released: a database that
-- has some is refused, and made anew (on one machine: make down WIPE=1).

ALTER TABLE patient
    DROP COLUMN mrn,
    DROP COLUMN person,
    DROP COLUMN coverage,
    ADD COLUMN sealed bytea NOT NULL;
COMMENT ON COLUMN patient.sealed IS
    'An encrypted value (AES-256-GCM) of mrn, person and coverage, sealed for patient/PATIENT_ID';

-- Whether a visit came again unchanged is told by what is inside: a digest in clear beside a sealed
-- value would let anybody try who it is about.
ALTER TABLE encounter
    DROP COLUMN visit,
    DROP COLUMN visit_sha256,
    ADD COLUMN visit bytea NOT NULL;
COMMENT ON COLUMN encounter.visit IS
    'An encrypted value (AES-256-GCM) of the visit as its EHR told it, sealed for encounter/ENCOUNTER_ID';
