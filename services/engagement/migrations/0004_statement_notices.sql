-- Notices that a statement is ready: no more of it than that.

CREATE TABLE notice (
    practice_id uuid NOT NULL,
    message_id uuid NOT NULL,
    made bigint GENERATED ALWAYS AS IDENTITY,
    patient_id uuid NOT NULL,
    statement_id uuid NOT NULL,
    channel text NOT NULL CHECK (channel IN ('email')),
    portal_url text,
    -- After this nobody is told any more: the next statement is.
    until timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN (
        'waiting', 'pending', 'sending', 'sent', 'failed', 'cancelled')),
    waits_for text CHECK (waits_for IN ('practice', 'patient', 'address', 'consent')),
    reason text,
    last_reply text,
    due_at timestamptz,
    settled_at timestamptz,
    origin text NOT NULL,
    PRIMARY KEY (practice_id, message_id),
    UNIQUE (practice_id, statement_id, channel),
    FOREIGN KEY (practice_id, patient_id) REFERENCES patient,
    CHECK ((state = 'waiting') = (waits_for IS NOT NULL)),
    CHECK ((state IN ('failed', 'cancelled')) = (reason IS NOT NULL)),
    CHECK ((state IN ('sent', 'failed', 'cancelled')) = (settled_at IS NOT NULL))
);
CREATE INDEX notice_by_patient ON notice (practice_id, patient_id, made);
SELECT own_by_practice('notice');
