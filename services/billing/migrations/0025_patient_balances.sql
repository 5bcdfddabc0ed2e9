-- What patients owe and why, what they paid, and what they were told.

CREATE TABLE balance_policy (
    practice_id uuid PRIMARY KEY,
    policy jsonb NOT NULL,
    changed_at timestamptz NOT NULL
);
SELECT own_by_practice('balance_policy');

-- A patient's account goes by a chart; its row's lock puts all that concerns it one after the other.
CREATE TABLE patient_account (
    practice_id uuid NOT NULL,
    account_id uuid NOT NULL,
    -- The last notice of the series that runs: 0 none, 1 to 3 statements, 4 the final notice.
    notices integer NOT NULL DEFAULT 0 CHECK (notices BETWEEN 0 AND 4),
    hold text CHECK (hold IN ('dispute', 'bankruptcy', 'deceased')),
    PRIMARY KEY (practice_id, account_id)
);
SELECT own_by_practice('patient_account');

-- Why a payer left something to the patient: adjustments of group PR, by reason code (CARC).
CREATE TABLE patient_share (
    practice_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    reason text NOT NULL,
    cents bigint NOT NULL,
    PRIMARY KEY (practice_id, payment_id, reason)
);
CREATE INDEX patient_share_by_claim ON patient_share (practice_id, claim_id);
SELECT own_by_practice('patient_share');

CREATE TABLE patient_payment (
    practice_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    made bigint GENERATED ALWAYS AS IDENTITY,
    account_id uuid NOT NULL,
    method text NOT NULL CHECK (method IN ('cash', 'check', 'card', 'agency')),
    cents bigint NOT NULL CHECK (cents > 0),
    fee_cents bigint NOT NULL DEFAULT 0 CHECK (fee_cents BETWEEN 0 AND cents),
    received_on date NOT NULL,
    -- pending: the card is not charged yet.
    state text NOT NULL CHECK (state IN ('pending', 'posted', 'declined', 'returned')),
    reason text,
    applied_cents bigint NOT NULL DEFAULT 0 CHECK (applied_cents >= 0),
    refunded_cents bigint NOT NULL DEFAULT 0 CHECK (refunded_cents >= 0),
    card bytea,
    charge text,
    command_sha256 bytea NOT NULL,
    told jsonb NOT NULL,
    plan_id uuid,
    origin text NOT NULL,
    PRIMARY KEY (practice_id, payment_id),
    CHECK (applied_cents + refunded_cents <= cents),
    CHECK (state = 'posted' OR applied_cents = 0),
    CHECK ((method = 'card') = (card IS NOT NULL))
);
COMMENT ON COLUMN patient_payment.card IS
    'An encrypted value (AES-256-GCM) of the processor''s token, sealed for card/PAYMENT_ID; never a card''s number';
COMMENT ON COLUMN patient_payment.refunded_cents IS
    'Paid back, or owed to a state as unclaimed';
CREATE INDEX patient_payment_by_account ON patient_payment (practice_id, account_id, made);
SELECT own_by_practice('patient_payment');

CREATE TABLE payment_application (
    practice_id uuid NOT NULL,
    application_id uuid NOT NULL,
    made bigint GENERATED ALWAYS AS IDENTITY,
    payment_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    service_month date NOT NULL,
    receivable text NOT NULL CHECK (receivable IN ('patient-receivable', 'agency-receivable')),
    cents bigint NOT NULL CHECK (cents > 0),
    applied_on date NOT NULL,
    taken_back boolean NOT NULL DEFAULT false,
    PRIMARY KEY (practice_id, application_id),
    FOREIGN KEY (practice_id, payment_id) REFERENCES patient_payment
);
CREATE INDEX payment_application_by_claim ON payment_application (practice_id, claim_id, made);
CREATE INDEX payment_application_by_payment ON payment_application (practice_id, payment_id, made);
SELECT own_by_practice('payment_application');

CREATE TABLE good_faith_estimate (
    practice_id uuid NOT NULL,
    estimate_id uuid NOT NULL,
    account_id uuid NOT NULL,
    service_on date NOT NULL,
    given_on date NOT NULL,
    expected_cents bigint NOT NULL CHECK (expected_cents >= 0),
    PRIMARY KEY (practice_id, estimate_id)
);
CREATE INDEX good_faith_estimate_by_account
    ON good_faith_estimate (practice_id, account_id, service_on);
SELECT own_by_practice('good_faith_estimate');

CREATE TABLE statement (
    practice_id uuid NOT NULL,
    statement_id uuid NOT NULL,
    made bigint GENERATED ALWAYS AS IDENTITY,
    account_id uuid NOT NULL,
    notice text NOT NULL CHECK (notice IN (
        'statement', 'second-statement', 'third-statement', 'final-notice')),
    issued_at timestamptz NOT NULL,
    issued_on date NOT NULL,
    due_on date NOT NULL,
    balance_cents bigint NOT NULL CHECK (balance_cents > 0),
    content bytea NOT NULL,
    PRIMARY KEY (practice_id, statement_id)
);
COMMENT ON COLUMN statement.content IS
    'An encrypted value (AES-256-GCM) of all that the patient reads, as JSON, sealed for statement/STATEMENT_ID';
CREATE INDEX statement_by_account ON statement (practice_id, account_id, made);
SELECT own_by_practice('statement');
REVOKE UPDATE, DELETE, TRUNCATE ON statement FROM billing;
