-- An appointment may be cancelled, deleted (booked by mistake) or completed, too.

ALTER TABLE appointment
    DROP CONSTRAINT appointment_state_check,
    ADD CONSTRAINT appointment_state_check
        CHECK (state IN ('booked', 'missed', 'cancelled', 'deleted', 'completed')),
    -- The encounter that the schedule's visit number leads to; it may not have been told yet.
    ADD COLUMN visit_id uuid;
CREATE INDEX appointment_by_visit ON appointment (practice_id, visit_id)
    WHERE visit_id IS NOT NULL;
