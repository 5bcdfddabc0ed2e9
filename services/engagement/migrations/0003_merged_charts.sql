-- Charts that go by another one: whoever is written to is the survivor.

CREATE TABLE alias (
    practice_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    survivor_id uuid NOT NULL,
    PRIMARY KEY (practice_id, patient_id),
    CHECK (patient_id <> survivor_id)
);
CREATE INDEX alias_by_survivor ON alias (practice_id, survivor_id);
SELECT own_by_practice('alias');

ALTER TABLE consent_change
    DROP CONSTRAINT consent_change_how_check,
    ADD CONSTRAINT consent_change_how_check
        CHECK (how IN ('operator', 'intake', 'reply', 'one-click', 'merge'));
