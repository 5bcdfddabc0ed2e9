-- Which charts are one patient, and what a person has to look at.

-- A chart that was merged: `into_id` is the chart that was told, `survivor_id` where its pointers
-- end. Charts that stand for themselves have no row, nor need a merged one be registered.
CREATE TABLE patient_link (
    practice_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    into_id uuid NOT NULL,
    survivor_id uuid NOT NULL,
    PRIMARY KEY (practice_id, patient_id),
    FOREIGN KEY (practice_id, survivor_id) REFERENCES patient,
    CHECK (patient_id NOT IN (into_id, survivor_id))
);
CREATE INDEX patient_link_by_survivor ON patient_link (practice_id, survivor_id);
SELECT own_by_practice('patient_link');

-- Whom a chart's messages are about now: one look-up, for any query that reads a kept patient id.
CREATE FUNCTION survivor_of(practice uuid, chart uuid) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT survivor_id FROM patient_link WHERE practice_id = practice AND patient_id = chart),
        chart)
$$;

-- What came under the number of a merged chart and was kept as the survivor's; an unmerge gives it
-- back. `subject_id`: an appointment or an encounter.
CREATE TABLE filed_under (
    practice_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    PRIMARY KEY (practice_id, patient_id, subject_id)
);
SELECT own_by_practice('filed_under');

-- What finds a chart by values that are kept sealed: keyed hashes (HMAC) of blocking keys. In clear,
-- or as plain hashes, anybody could try whose they are.
CREATE TABLE patient_fingerprint (
    practice_id uuid NOT NULL,
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 16),
    patient_id uuid NOT NULL,
    PRIMARY KEY (practice_id, fingerprint, patient_id),
    FOREIGN KEY (practice_id, patient_id) REFERENCES patient
);
CREATE INDEX patient_fingerprint_by_patient ON patient_fingerprint (practice_id, patient_id);
SELECT own_by_practice('patient_fingerprint');

-- Two charts that may be one patient, for a person to decide; what was kept apart is remembered.
CREATE TABLE patient_review (
    practice_id uuid NOT NULL,
    review_id uuid NOT NULL,
    one_id uuid NOT NULL,
    other_id uuid NOT NULL,
    -- How each field compares, never what stands in it; the sum of evidence in hundredths of a bit.
    levels jsonb NOT NULL,
    evidence_hundredths integer NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'merged', 'apart')),
    survivor_id uuid,
    opened_at timestamptz NOT NULL,
    decided_at timestamptz,
    PRIMARY KEY (practice_id, review_id),
    UNIQUE (practice_id, one_id, other_id),
    FOREIGN KEY (practice_id, one_id) REFERENCES patient,
    FOREIGN KEY (practice_id, other_id) REFERENCES patient,
    CHECK (one_id < other_id),
    CHECK ((state = 'open') = (decided_at IS NULL)),
    CHECK ((state = 'merged') = (survivor_id IS NOT NULL))
);
CREATE INDEX patient_review_open ON patient_review (practice_id, opened_at) WHERE state = 'open';
CREATE INDEX patient_review_apart ON patient_review (practice_id) WHERE state = 'apart';
SELECT own_by_practice('patient_review');

CREATE TABLE identity_policy (
    practice_id uuid PRIMARY KEY,
    -- The practice lets charts that are surely one patient be merged without asking.
    automatic_linking boolean NOT NULL,
    changed_at timestamptz NOT NULL
);
SELECT own_by_practice('identity_policy');
