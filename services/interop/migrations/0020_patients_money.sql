-- What a patient paid of a visit's claim. It travels on another topic than the
-- claim, and may be heard before it: an account that begins later takes it from here.
CREATE TABLE patient_money (
    practice_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    paid_cents bigint NOT NULL,
    PRIMARY KEY (practice_id, claim_id)
);
SELECT own_by_practice('patient_money');
