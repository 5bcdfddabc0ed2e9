-- Eligibility: who is to be asked about, what was asked of a payer (270), what it said (271).

CREATE TABLE member (
    practice_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    payer_id text NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (practice_id, patient_id)
);
COMMENT ON COLUMN member.sealed IS
    'An encrypted value (AES-256-GCM) of the insured patient as a 270 names one, sealed for member/PATIENT_ID';
SELECT own_by_practice('member');

CREATE TABLE expected_visit (
    practice_id uuid NOT NULL,
    appointment_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    starts_on date NOT NULL,
    PRIMARY KEY (practice_id, appointment_id)
);
CREATE INDEX expected_visit_by_day ON expected_visit (practice_id, starts_on);
SELECT own_by_practice('expected_visit');

CREATE TABLE eligibility_inquiry (
    practice_id uuid NOT NULL,
    inquiry_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    payer_id text NOT NULL,
    service_on date NOT NULL,
    service_types text[] NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'asked', 'answered', 'refused')),
    reason text,
    notes text[] NOT NULL DEFAULT '{}',        -- AAA03 and AAA04, such as 75/C; or an element of the 270
    interchange_number bigint,
    made_at timestamptz NOT NULL,
    answered_at timestamptz,
    origin text NOT NULL,
    PRIMARY KEY (practice_id, inquiry_id),
    CHECK ((state = 'refused') = (reason IS NOT NULL))
);
CREATE INDEX eligibility_inquiry_by_state ON eligibility_inquiry (practice_id, state, payer_id);
CREATE INDEX eligibility_inquiry_by_patient ON eligibility_inquiry (practice_id, patient_id, service_on);
CREATE INDEX eligibility_inquiry_by_interchange ON eligibility_inquiry (practice_id, interchange_number);
SELECT own_by_practice('eligibility_inquiry');

-- What a payer said of a patient: never changed, a later answer stands beside it.
CREATE TABLE coverage_answer (
    practice_id uuid NOT NULL,
    inquiry_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    payer_id text NOT NULL,
    service_on date NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'inactive')),
    starts_on date,
    ends_on date,
    plan_name text,
    benefits jsonb NOT NULL,
    other_payers jsonb NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, inquiry_id),
    FOREIGN KEY (practice_id, inquiry_id) REFERENCES eligibility_inquiry
);
CREATE INDEX coverage_answer_by_patient ON coverage_answer (practice_id, patient_id, payer_id);
SELECT own_by_practice('coverage_answer');
