-- What billing says of a visit goes back to the EHR that sent it, where its connection asks.

-- Where the EHR listens; NULL: it is told nothing.
ALTER TABLE connection ADD COLUMN write_back jsonb;

-- The EHR's own number of a visit: an encounter's id is derived from it and does not tell it.
CREATE TABLE visit_reference (
    practice_id uuid NOT NULL,
    encounter_id uuid NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (practice_id, encounter_id),
    FOREIGN KEY (practice_id, encounter_id) REFERENCES encounter
);
COMMENT ON COLUMN visit_reference.sealed IS
    'An encrypted value (AES-256-GCM) of the visit''s number, sealed for visit-reference/ENCOUNTER_ID';
SELECT own_by_practice('visit_reference');

-- How a visit's claim stands, as billing told it.
CREATE TABLE account (
    practice_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    encounter_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    status text NOT NULL,
    charge_cents bigint NOT NULL,
    adjusted_cents bigint NOT NULL,
    paid_cents bigint NOT NULL,
    patient_cents bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, claim_id),
    FOREIGN KEY (practice_id, encounter_id) REFERENCES encounter,
    FOREIGN KEY (practice_id, connection_id) REFERENCES connection,
    FOREIGN KEY (practice_id, patient_id) REFERENCES patient
);
SELECT own_by_practice('account');

-- What is sent, in the order of its numbers; the same bytes each time it is tried.
CREATE TABLE write_back (
    practice_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    claim_id uuid NOT NULL,
    control_id text NOT NULL,
    content bytea NOT NULL,
    made_at timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    tried_at timestamptz,
    ended_at timestamptz,
    -- MSA-1 of the EHR's answer, and the code of its ERR-3 where it refused.
    answer text,
    condition text,
    PRIMARY KEY (practice_id, connection_id, number),
    FOREIGN KEY (practice_id, claim_id) REFERENCES account,
    CHECK ((ended_at IS NULL) = (answer IS NULL))
);
COMMENT ON COLUMN write_back.content IS
    'An encrypted value (AES-256-GCM), sealed for write-back/CONTROL_ID';
CREATE INDEX write_back_waiting ON write_back (practice_id, connection_id, number)
    WHERE ended_at IS NULL;
SELECT own_by_practice('write_back');
