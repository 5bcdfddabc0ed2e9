-- What became of an appointment goes back to the schedule that keeps it, where its connection asks.

-- The schedule's own numbers of an appointment: its id is derived from one and does not tell it.
CREATE TABLE appointment_reference (
    practice_id uuid NOT NULL,
    appointment_id uuid NOT NULL,
    -- Over which it was told first while that connection asked; results go back over it.
    connection_id uuid NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (practice_id, appointment_id),
    FOREIGN KEY (practice_id, appointment_id) REFERENCES appointment,
    FOREIGN KEY (practice_id, connection_id) REFERENCES connection
);
COMMENT ON COLUMN appointment_reference.sealed IS
    'An encrypted value (AES-256-GCM) of SCH-1 and SCH-2, sealed for appointment-reference/APPOINTMENT_ID';
SELECT own_by_practice('appointment_reference');

-- A message is about a claim or about an appointment; `failure`: why its last try did not end it.
ALTER TABLE write_back
    ADD COLUMN failure text,
    ALTER COLUMN claim_id DROP NOT NULL,
    ADD COLUMN appointment_id uuid,
    ADD FOREIGN KEY (practice_id, appointment_id) REFERENCES appointment,
    ADD CHECK (num_nonnulls(claim_id, appointment_id) = 1);
