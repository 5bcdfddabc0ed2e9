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
