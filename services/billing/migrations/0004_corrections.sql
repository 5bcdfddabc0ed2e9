-- A visit may be corrected or voided after its charges were posted.

ALTER TABLE claim
    -- How often the claim was priced for another state of its visit.
    ADD COLUMN revision integer NOT NULL DEFAULT 1 CHECK (revision >= 1),
    DROP CONSTRAINT claim_state_check,
    ADD CONSTRAINT claim_state_check CHECK (state IN (
        'held', 'ready', 'submitted', 'accepted', 'rejected', 'paid', 'denied', 'self-pay',
        'voided'));

-- The payer has the claim as it was: a replacement or a void is to be sent. The last change counts.
CREATE TABLE correction_due (
    practice_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('replace', 'void')),
    event_id uuid NOT NULL,
    encounter bytea,
    since timestamptz NOT NULL,
    PRIMARY KEY (practice_id, claim_id),
    FOREIGN KEY (practice_id, claim_id) REFERENCES claim,
    CHECK ((kind = 'replace') = (encounter IS NOT NULL))
);
COMMENT ON COLUMN correction_due.encounter IS
    'An encrypted value (AES-256-GCM) of the visit as it is now, sealed for claim/CLAIM_ID/correction; null: it is void';
SELECT own_by_practice('correction_due');

ALTER TABLE journal_entry ADD COLUMN event_id uuid;
COMMENT ON COLUMN journal_entry.event_id IS
    'The event that says so, of charges and their reversals from 0004 on';
