-- Connections to the practices' EHRs, every message that came over them, and what was understood.

CREATE TABLE connection (
    practice_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('hl7v2', 'fhir', 'cloudevents')),
    -- The EHR's name: its interfaces share it, so the same chart is the same patient on each.
    source_system text NOT NULL,
    sending_application text,
    sending_facility text,
    time_zone text NOT NULL,
    profile jsonb NOT NULL,
    key_sha256 bytea NOT NULL CHECK (octet_length(key_sha256) = 32),
    opened_at timestamptz NOT NULL,
    key_changed_at timestamptz NOT NULL,
    last_seen_at timestamptz,
    received bigint NOT NULL DEFAULT 0 CHECK (received >= 0),
    refused bigint NOT NULL DEFAULT 0 CHECK (refused >= 0),
    PRIMARY KEY (practice_id, connection_id),
    CHECK (kind <> 'hl7v2' OR (sending_application IS NOT NULL AND sending_facility IS NOT NULL))
) WITH (fillfactor = 50); -- the counts change with every message: leave room for them in the page
SELECT own_by_practice('connection');

CREATE TABLE message (
    practice_id uuid NOT NULL,
    message_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('hl7v2', 'fhir', 'cloudevents')),
    type text NOT NULL,
    control_id text NOT NULL,
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    -- Data about persons: to be encrypted with the practice's own key. A duplicate keeps none.
    raw bytea,
    fate text NOT NULL CHECK (fate IN ('accepted', 'refused', 'duplicate', 'waiting')),
    duplicate_of uuid,
    refusals jsonb NOT NULL DEFAULT '[]',
    received_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, message_id),
    FOREIGN KEY (practice_id, connection_id) REFERENCES connection,
    CHECK ((fate = 'duplicate') = (duplicate_of IS NOT NULL)),
    CHECK ((fate = 'duplicate') = (raw IS NULL))
);
-- A refused message may be sent again under its own id once the cause is gone.
CREATE UNIQUE INDEX message_taken_once ON message (practice_id, connection_id, control_id)
    WHERE fate IN ('accepted', 'waiting');
CREATE INDEX message_by_time ON message (practice_id, received_at DESC, message_id);
SELECT own_by_practice('message');

-- What came of a message.
CREATE TABLE message_event (
    practice_id uuid NOT NULL,
    message_id uuid NOT NULL,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    place bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (practice_id, message_id, event_id),
    FOREIGN KEY (practice_id, message_id) REFERENCES message
);
SELECT own_by_practice('message_event');

CREATE TABLE patient (
    practice_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    source_system text NOT NULL,
    -- Data about persons: to be encrypted with the practice's own key.
    mrn text NOT NULL,
    person jsonb NOT NULL,
    coverage jsonb,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, patient_id)
);
SELECT own_by_practice('patient');

CREATE TABLE appointment (
    practice_id uuid NOT NULL,
    appointment_id uuid NOT NULL,
    source_system text NOT NULL,
    patient_id uuid NOT NULL,
    provider_npi text,
    starts_at timestamptz NOT NULL,
    starts_on date NOT NULL,
    state text NOT NULL CHECK (state IN ('booked', 'missed')),
    PRIMARY KEY (practice_id, appointment_id),
    FOREIGN KEY (practice_id, patient_id) REFERENCES patient
);
SELECT own_by_practice('appointment');

CREATE TABLE encounter (
    practice_id uuid NOT NULL,
    encounter_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    message_id uuid NOT NULL,
    source_system text NOT NULL,
    patient_id uuid NOT NULL,
    service_on date NOT NULL,
    -- The visit as its EHR told it. Data about persons: to be encrypted likewise.
    visit jsonb NOT NULL,
    visit_sha256 bytea NOT NULL CHECK (octet_length(visit_sha256) = 32),
    state text NOT NULL CHECK (state IN ('waiting', 'posted')),
    received_at timestamptz NOT NULL,
    posted_at timestamptz,
    PRIMARY KEY (practice_id, encounter_id),
    FOREIGN KEY (practice_id, message_id) REFERENCES message,
    FOREIGN KEY (practice_id, patient_id) REFERENCES patient,
    CHECK ((state = 'posted') = (posted_at IS NOT NULL))
);
CREATE INDEX encounter_by_message ON encounter (practice_id, message_id);
SELECT own_by_practice('encounter');

CREATE TABLE query (
    practice_id uuid NOT NULL,
    query_id uuid NOT NULL,
    encounter_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    reason text NOT NULL CHECK (reason IN (
        'unmapped-diagnosis', 'unmapped-procedure', 'missing-diagnosis', 'missing-charge',
        'missing-provider')),
    code_system text,
    code text,
    service_on date NOT NULL,
    opened_at timestamptz NOT NULL,
    answer text,
    answered_for_npi text,
    answered_at timestamptz,
    PRIMARY KEY (practice_id, query_id),
    FOREIGN KEY (practice_id, encounter_id) REFERENCES encounter,
    CHECK ((answer IS NULL) = (answered_at IS NULL)),
    CHECK ((answer IS NULL) = (answered_for_npi IS NULL))
);
CREATE INDEX query_by_encounter ON query (practice_id, encounter_id);
CREATE INDEX query_open ON query (practice_id, opened_at) WHERE answer IS NULL;
SELECT own_by_practice('query');
