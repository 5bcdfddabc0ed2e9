-- What an EHR asks to be told of over FHIR, and what there is to tell it.

-- Who is asked to pay, by our id; NULL: the patient, or nobody told yet.
ALTER TABLE account ADD COLUMN payer_id text;
CREATE INDEX account_by_encounter ON account (practice_id, encounter_id);

CREATE TABLE subscription (
    practice_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    -- The EHR's interfaces share their visits, so its claims are those of all of them.
    source_system text NOT NULL,
    topic text NOT NULL,
    -- Only what is about this patient; NULL: about everybody.
    patient_id uuid,
    status text NOT NULL CHECK (status IN ('requested', 'active', 'error', 'off')),
    error text CHECK (error IN ('dns-resolution-error', 'no-response', 'error-response')),
    -- Counts how often it was asked to be active: what was under way before is not sent any more.
    activation bigint NOT NULL CHECK (activation >= 0),
    -- The number of the last event, and of the last that its endpoint has taken.
    events bigint NOT NULL DEFAULT 0 CHECK (events >= 0),
    sent bigint NOT NULL DEFAULT 0 CHECK (sent BETWEEN 0 AND events),
    -- In a row, since its endpoint took something.
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    -- Where its EHR finds us.
    base text NOT NULL,
    content bytea NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, subscription_id),
    FOREIGN KEY (practice_id, connection_id) REFERENCES connection,
    FOREIGN KEY (practice_id, patient_id) REFERENCES patient,
    CHECK ((status = 'error') = (error IS NOT NULL))
) WITH (fillfactor = 70); -- the counts change with every event: leave room for them in the page
COMMENT ON COLUMN subscription.content IS
    'An encrypted value (AES-256-GCM) of the resource, its headers too, sealed for subscription/ID';
CREATE INDEX subscription_of_connection ON subscription (practice_id, connection_id);
CREATE INDEX subscription_to_topic ON subscription (practice_id, source_system, topic);
SELECT own_by_practice('subscription');

-- How a claim stood when its subscriber was to be told: what is sent again says the same.
CREATE TABLE subscription_event (
    practice_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    number bigint NOT NULL CHECK (number >= 1),
    claim_id uuid NOT NULL,
    status text NOT NULL,
    payer_id text,
    charge_cents bigint NOT NULL,
    adjusted_cents bigint NOT NULL,
    paid_cents bigint NOT NULL,
    patient_cents bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, subscription_id, number),
    FOREIGN KEY (practice_id, subscription_id) REFERENCES subscription ON DELETE CASCADE,
    FOREIGN KEY (practice_id, claim_id) REFERENCES account
);
SELECT own_by_practice('subscription_event');
