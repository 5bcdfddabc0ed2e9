-- Whom the practices may write to, and what they wrote.

CREATE TABLE practice (
    practice_id uuid PRIMARY KEY,
    name text NOT NULL,
    time_zone text NOT NULL
);
SELECT own_by_practice('practice');

CREATE TABLE policy (
    practice_id uuid PRIMARY KEY,
    -- The practice's intake form asks for consent to e-mail: a registration with an address gives it.
    intake_consent boolean NOT NULL,
    changed_at timestamptz NOT NULL
);
SELECT own_by_practice('policy');

-- A row exists from the first time that a patient is spoken of; its lock puts all that concerns the
-- patient one after the other, whichever topic brings it.
CREATE TABLE patient (
    practice_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    known boolean NOT NULL DEFAULT false,
    -- Data about persons: to be encrypted with the practice's own key.
    given text,
    email text,
    language text NOT NULL DEFAULT 'en' CHECK (language IN ('en', 'es')),
    PRIMARY KEY (practice_id, patient_id),
    CHECK (NOT known OR given IS NOT NULL)
);
SELECT own_by_practice('patient');

CREATE TABLE consent (
    practice_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    channel text NOT NULL CHECK (channel IN ('email')),
    state text NOT NULL CHECK (state IN ('given', 'withdrawn')),
    -- Lets its holder withdraw this consent, and nothing else.
    token text NOT NULL,
    PRIMARY KEY (practice_id, patient_id, channel),
    UNIQUE (practice_id, token),
    FOREIGN KEY (practice_id, patient_id) REFERENCES patient
);
SELECT own_by_practice('consent');

-- The evidence: who said what, when and how. Never edited.
CREATE TABLE consent_change (
    practice_id uuid NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    patient_id uuid NOT NULL,
    channel text NOT NULL,
    state text NOT NULL CHECK (state IN ('given', 'withdrawn')),
    how text NOT NULL CHECK (how IN ('operator', 'intake', 'reply', 'one-click')),
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, patient_id, channel, number)
);
SELECT own_by_practice('consent_change');
REVOKE UPDATE, DELETE, TRUNCATE ON consent_change FROM engagement;

-- waiting: for a fact. pending: for its time. sending: handed over, or being so. A cancelled
-- message's timer still fires and finds nothing to do.
CREATE TABLE message (
    practice_id uuid NOT NULL,
    message_id uuid NOT NULL,
    made bigint GENERATED ALWAYS AS IDENTITY,
    patient_id uuid NOT NULL,
    appointment_id uuid NOT NULL,
    channel text NOT NULL CHECK (channel IN ('email')),
    purpose text NOT NULL CHECK (purpose IN ('appointment-reminder')),
    starts_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN (
        'waiting', 'pending', 'sending', 'sent', 'failed', 'cancelled')),
    waits_for text CHECK (waits_for IN ('practice', 'patient', 'address', 'consent')),
    reason text,
    last_reply text,
    due_at timestamptz,
    settled_at timestamptz,
    origin text NOT NULL,
    PRIMARY KEY (practice_id, message_id),
    FOREIGN KEY (practice_id, patient_id) REFERENCES patient,
    CHECK ((state = 'waiting') = (waits_for IS NOT NULL)),
    CHECK ((state IN ('failed', 'cancelled')) = (reason IS NOT NULL)),
    CHECK ((state IN ('sent', 'failed', 'cancelled')) = (settled_at IS NOT NULL))
);
CREATE INDEX message_by_patient ON message (practice_id, patient_id, made);
CREATE INDEX message_by_appointment ON message (practice_id, appointment_id, made);
CREATE INDEX message_waiting ON message (practice_id, patient_id) WHERE state = 'waiting';
SELECT own_by_practice('message');
