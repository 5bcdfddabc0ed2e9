-- A visit may be corrected and voided; a query has a day, may be withdrawn, and may go to the desk.
--
-- What was posted is kept beside what the EHR told, so that a correction can say what it replaces.
-- SQL has no key, so rows from before cannot be given it here. Nothing was released: a database
-- that has posted visits is refused, and made anew (on one machine: make down WIPE=1).

ALTER TABLE encounter
    ADD COLUMN standing bytea,
    DROP CONSTRAINT encounter_state_check,
    DROP CONSTRAINT encounter_check,
    ADD CONSTRAINT encounter_state_check CHECK (state IN ('waiting', 'posted', 'voided')),
    ADD CONSTRAINT encounter_stands CHECK (state <> 'posted' OR standing IS NOT NULL),
    ADD CONSTRAINT encounter_void_does_not CHECK (state <> 'voided' OR standing IS NULL),
    ADD CONSTRAINT encounter_was_posted CHECK (standing IS NULL OR posted_at IS NOT NULL);
COMMENT ON COLUMN encounter.standing IS
    'An encrypted value (AES-256-GCM) of the event that posted or corrected the visit last, sealed for encounter/ENCOUNTER_ID/standing; null: never posted, or voided';
COMMENT ON COLUMN encounter.posted_at IS 'When it was posted first';
CREATE INDEX encounter_waiting_by_patient ON encounter (practice_id, patient_id)
    WHERE state = 'waiting';

ALTER TABLE query
    ADD COLUMN due_on date,
    ADD COLUMN overdue_at timestamptz,
    ADD COLUMN withdrawn_at timestamptz,
    DROP CONSTRAINT query_reason_check,
    DROP CONSTRAINT query_check1,
    ADD CONSTRAINT query_reason_check CHECK (reason IN (
        'unmapped-diagnosis', 'unmapped-procedure', 'missing-diagnosis', 'missing-charge',
        'missing-provider', 'unmapped-place', 'missing-coverage')),
    -- Who answered is a clinician, but where the front desk was asked.
    ADD CONSTRAINT query_answered_for CHECK (
        (answered_for_npi IS NOT NULL)
        = (answer IS NOT NULL AND reason NOT IN ('unmapped-place', 'missing-coverage')));
DROP INDEX query_open;
CREATE INDEX query_open ON query (practice_id, opened_at)
    WHERE answer IS NULL AND withdrawn_at IS NULL;

-- True once the EHR told of it, be it that the patient pays; until then nobody knows who pays.
ALTER TABLE patient ADD COLUMN coverage_is_told boolean NOT NULL DEFAULT false;
