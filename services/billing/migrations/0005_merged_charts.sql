-- Charts that go by another one. Claims and the journal keep the chart that their visit named.

CREATE TABLE alias (
    practice_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    survivor_id uuid NOT NULL,
    PRIMARY KEY (practice_id, patient_id),
    CHECK (patient_id <> survivor_id)
);
CREATE INDEX alias_by_survivor ON alias (practice_id, survivor_id);
SELECT own_by_practice('alias');

CREATE INDEX claim_by_patient ON claim (practice_id, patient_id);
