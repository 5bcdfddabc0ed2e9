-- Claims that a payer has are replaced and voided there.

ALTER TABLE claim
    DROP CONSTRAINT claim_state_check,
    ADD CONSTRAINT claim_state_check CHECK (state IN (
        'held', 'ready', 'submitted', 'accepted', 'rejected', 'paid', 'denied', 'self-pay',
        'void-sent', 'voided'));

ALTER TABLE correction_due
    ADD COLUMN waiting_for text,
    ADD COLUMN asked_by text;
COMMENT ON COLUMN correction_due.waiting_for IS
    'Why it did not go out yet (claims/correcting.py, Waiting, or a hold reason); null: it may';
COMMENT ON COLUMN correction_due.asked_by IS 'The person who asked for it; null: the visit changed';

ALTER TABLE posting ADD COLUMN revision integer NOT NULL DEFAULT 1 CHECK (revision >= 1);
COMMENT ON COLUMN posting.revision IS 'Which state of the claim the payer decided';

-- What people asked for, so that the same again changes nothing.
CREATE TABLE claim_request (
    practice_id uuid NOT NULL,
    request_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    content bytea NOT NULL,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, request_id),
    FOREIGN KEY (practice_id, claim_id) REFERENCES claim
);
COMMENT ON COLUMN claim_request.content IS
    'An encrypted value (AES-256-GCM) of the command, sealed for claim-request/REQUEST_ID';
SELECT own_by_practice('claim_request');

-- What goes to the payer another way than in the 837P, which only announces it (PWK).
CREATE TABLE claim_attachment (
    practice_id uuid NOT NULL,
    attachment_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    report_type text NOT NULL,
    transmission text NOT NULL,
    control_number text,
    noted_by text NOT NULL,
    noted_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, attachment_id),
    FOREIGN KEY (practice_id, claim_id) REFERENCES claim
);
CREATE INDEX claim_attachment_by_claim ON claim_attachment (practice_id, claim_id, noted_at);
SELECT own_by_practice('claim_attachment');
