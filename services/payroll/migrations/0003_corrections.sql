-- A visit may be corrected or voided: its line is reversed, and a corrected one gets another line.

ALTER TABLE productivity_line
    DROP CONSTRAINT productivity_line_practice_id_encounter_id_key,
    DROP CONSTRAINT productivity_line_state_check,
    DROP CONSTRAINT productivity_line_check1,
    ADD CONSTRAINT productivity_line_state_check
        CHECK (state IN ('waiting', 'recorded', 'reversed')),
    ADD CONSTRAINT productivity_line_recorded CHECK (
        state = 'reversed'
        OR (state = 'recorded') = (work_rvu_hundredths IS NOT NULL AND pay_cents IS NOT NULL));
CREATE UNIQUE INDEX productivity_line_stands ON productivity_line (practice_id, encounter_id)
    WHERE state <> 'reversed';
