-- What a person who looks into a message needs: how a refused one was asked for, so that it can be
-- taken again; its trace; what its events are about, and what came of the claims of its visits.

ALTER TABLE message
    ADD COLUMN asked bytea,
    ADD COLUMN trace_id text CHECK (trace_id ~ '^[0-9a-f]{32}$');
COMMENT ON COLUMN message.asked IS
    'An encrypted value (AES-256-GCM), sealed for message/MESSAGE_ID/asked: of a refused resource or event, the method, conditions or attributes that it came with; null: its content says all';
COMMENT ON COLUMN message.trace_id IS
    'The trace in which it was received, or taken again; null: it was not traced';
CREATE INDEX message_by_control_id ON message (practice_id, control_id);
CREATE INDEX message_refused ON message (practice_id, received_at, message_id)
    WHERE fate = 'refused';

-- What the event is about: the aggregate that keys it, such as a visit.
ALTER TABLE message_event ADD COLUMN subject text;

-- When its EHR sent it (null: as it changed): what is taken again sets nothing back that came later.
ALTER TABLE fhir_resource ADD COLUMN sent_at timestamptz;

-- How each visit's claim stands, folded from what billing says.
CREATE TABLE claim (
    generation int NOT NULL,
    practice_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    encounter_id uuid,
    payer_id text,
    state text,
    charge_cents bigint NOT NULL,
    paid_cents bigint NOT NULL,
    adjusted_cents bigint NOT NULL,
    patient_cents bigint NOT NULL,
    PRIMARY KEY (generation, practice_id, claim_id)
);
CREATE INDEX claim_by_visit ON claim (generation, practice_id, encounter_id);
SELECT own_projection('claim');

-- A row as soon as anything is heard of a practice; its name comes with its onboarding.
CREATE TABLE practice (
    generation int NOT NULL,
    practice_id uuid NOT NULL,
    name text,
    PRIMARY KEY (generation, practice_id)
);
SELECT own_projection('practice');
-- Somebody who may see all practices must first know which there are; routes check the caller.
CREATE POLICY directory ON practice FOR SELECT USING (true);

-- What was told of a claim, in its order.
CREATE INDEX write_back_of_claim ON write_back (practice_id, claim_id, number);
