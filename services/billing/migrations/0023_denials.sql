-- What payers refused, how it is worked, and their time limits.

CREATE TABLE denial (
    practice_id uuid NOT NULL,
    denial_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    line_number integer NOT NULL CHECK (line_number >= 0),  -- 0: the claim
    line_control text,
    payer_id text NOT NULL,
    provider_npi text,
    procedure_code text,
    service_on date NOT NULL,
    decided_on date NOT NULL,
    denied_cents bigint NOT NULL CHECK (denied_cents > 0),
    recoverable_cents bigint NOT NULL CHECK (recoverable_cents BETWEEN 0 AND denied_cents),
    paid_cents bigint NOT NULL,
    claim_paid_cents bigint NOT NULL,
    adjustment_group text NOT NULL,
    reason text NOT NULL,
    remarks text[] NOT NULL,
    category text NOT NULL,
    cause text NOT NULL,
    owner text NOT NULL,
    next_action text NOT NULL,
    appealable boolean NOT NULL,
    basis text NOT NULL CHECK (basis IN ('appeal', 'correction', 'none')),
    deadline_on date,
    state text NOT NULL CHECK (state IN ('open', 'appealed', 'correcting', 'awaiting-payment',
                                         'closed')),
    opened_at timestamptz NOT NULL,
    origin text NOT NULL,
    close_reason text CHECK (close_reason IN ('paid', 'reversed', 'settled', 'given-up')),
    outcome text CHECK (outcome IN ('overturned', 'partly', 'upheld')),
    recovered_cents bigint NOT NULL DEFAULT 0
        CHECK (recovered_cents BETWEEN 0 AND denied_cents),
    settled_by uuid,
    closed_at timestamptz,
    assigned_to text,
    given_up_cents bigint NOT NULL DEFAULT 0
        CHECK (given_up_cents BETWEEN 0 AND denied_cents),
    rule_id text,
    PRIMARY KEY (practice_id, denial_id),
    UNIQUE (practice_id, payment_id, line_number),
    FOREIGN KEY (practice_id, claim_id) REFERENCES claim,
    CHECK ((state = 'closed') = (close_reason IS NOT NULL)),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CHECK (state <> 'closed' OR recoverable_cents = 0)
);
CREATE INDEX denial_by_claim ON denial (practice_id, claim_id);
CREATE INDEX denial_to_work ON denial (practice_id, category) WHERE state <> 'closed';
CREATE INDEX denial_by_time ON denial (practice_id, opened_at);
SELECT own_by_practice('denial');

-- What was done about a denial: append-only; a command is known by its id when it comes again.
CREATE TABLE denial_step (
    practice_id uuid NOT NULL,
    step_id uuid NOT NULL,
    place bigint GENERATED ALWAYS AS IDENTITY,
    denial_id uuid NOT NULL,
    kind text NOT NULL,
    taken_at timestamptz NOT NULL,
    taken_by text,
    content bytea,
    PRIMARY KEY (practice_id, step_id),
    FOREIGN KEY (practice_id, denial_id) REFERENCES denial
);
COMMENT ON COLUMN denial_step.content IS
    'An encrypted value (AES-256-GCM) of the command, sealed for denial-step/STEP_ID; null: no command';
CREATE INDEX denial_step_by_denial ON denial_step (practice_id, denial_id, place);
SELECT own_by_practice('denial_step');
REVOKE UPDATE, DELETE, TRUNCATE ON denial_step FROM billing;

CREATE TABLE appeal (
    practice_id uuid NOT NULL,
    denial_id uuid NOT NULL,
    level integer NOT NULL CHECK (level BETWEEN 1 AND 9),
    sent_at timestamptz NOT NULL,
    letter bytea NOT NULL,
    outcome text CHECK (outcome IN ('overturned', 'partly', 'upheld')),
    decided_on date,
    PRIMARY KEY (practice_id, denial_id, level),
    FOREIGN KEY (practice_id, denial_id) REFERENCES denial,
    CHECK ((outcome IS NULL) = (decided_on IS NULL))
);
COMMENT ON COLUMN appeal.letter IS
    'An encrypted value (AES-256-GCM) of the PDF as it was sent, sealed for appeal/DENIAL_ID/LEVEL';
SELECT own_by_practice('appeal');

-- What a payer's contract or manual allows, from a day on; the day is that of the payer's decision.
CREATE TABLE payer_limit (
    practice_id uuid NOT NULL,
    payer_limit_id uuid NOT NULL,
    payer_id text NOT NULL,
    effective_on date NOT NULL,
    appeal_days integer NOT NULL CHECK (appeal_days BETWEEN 1 AND 3650),
    next_appeal_days integer NOT NULL CHECK (next_appeal_days BETWEEN 1 AND 3650),
    correction_days integer NOT NULL CHECK (correction_days BETWEEN 1 AND 3650),
    PRIMARY KEY (practice_id, payer_limit_id),
    UNIQUE (practice_id, payer_id, effective_on)
);
SELECT own_by_practice('payer_limit');
