-- What an import has kept and not told yet: told once all of it is here.

CREATE TABLE fhir_untold (
    practice_id uuid NOT NULL,
    source_system text NOT NULL,
    -- Link: the merges that a patient's links tell.
    kind text NOT NULL CHECK (kind IN ('Patient', 'Link', 'Appointment', 'Encounter')),
    id text NOT NULL,
    -- In the order in which they were first met.
    place bigint GENERATED ALWAYS AS IDENTITY,
    -- By which connection's import it came last, in which of its messages and lines.
    connection_id uuid NOT NULL,
    message_id uuid NOT NULL,
    import_id uuid NOT NULL,
    line bigint NOT NULL,
    -- A visit or an appointment before it is kept as history.
    visits_from date NOT NULL,
    -- False: it is history, was refused, or waits for what it refers to.
    is_due boolean NOT NULL,
    PRIMARY KEY (practice_id, source_system, kind, id),
    FOREIGN KEY (practice_id, connection_id) REFERENCES connection,
    FOREIGN KEY (practice_id, message_id) REFERENCES message
);
CREATE INDEX fhir_untold_due ON fhir_untold (practice_id, source_system, kind, place) WHERE is_due;
SELECT own_by_practice('fhir_untold');

-- What it refers to that nobody has sent.
CREATE TABLE fhir_awaited (
    practice_id uuid NOT NULL,
    source_system text NOT NULL,
    type text NOT NULL,
    id text NOT NULL,
    kind text NOT NULL,
    untold_id text NOT NULL,
    PRIMARY KEY (practice_id, source_system, type, id, kind, untold_id),
    FOREIGN KEY (practice_id, source_system, kind, untold_id) REFERENCES fhir_untold
        ON DELETE CASCADE
);
CREATE INDEX fhir_awaited_by ON fhir_awaited (practice_id, source_system, kind, untold_id);
SELECT own_by_practice('fhir_awaited');
