-- What payers said of patients' coverage: read by the EHR of the chart, told to who subscribes.

CREATE TABLE coverage_answer (
    practice_id uuid NOT NULL,
    inquiry_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    source_system text NOT NULL,
    payer_id text NOT NULL,
    service_on date NOT NULL,
    in_force boolean NOT NULL,
    starts_on date,
    ends_on date,
    benefits jsonb NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, inquiry_id)
);
CREATE INDEX coverage_answer_by_patient ON coverage_answer (practice_id, patient_id);
SELECT own_by_practice('coverage_answer');

-- An event is about a claim as it stood, or about what a payer said of a coverage.
ALTER TABLE subscription_event
    ALTER COLUMN claim_id DROP NOT NULL,
    ALTER COLUMN status DROP NOT NULL,
    ALTER COLUMN charge_cents DROP NOT NULL,
    ALTER COLUMN adjusted_cents DROP NOT NULL,
    ALTER COLUMN paid_cents DROP NOT NULL,
    ALTER COLUMN patient_cents DROP NOT NULL,
    ADD COLUMN inquiry_id uuid,
    ADD FOREIGN KEY (practice_id, inquiry_id) REFERENCES coverage_answer,
    ADD CHECK ((claim_id IS NULL) <> (inquiry_id IS NULL)),
    ADD CHECK (claim_id IS NULL OR status IS NOT NULL AND charge_cents IS NOT NULL
               AND adjusted_cents IS NOT NULL AND paid_cents IS NOT NULL
               AND patient_cents IS NOT NULL);
