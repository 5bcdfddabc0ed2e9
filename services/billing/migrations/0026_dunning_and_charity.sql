-- What patients are let off, what agencies collect, plans, refunds, and charity care.

CREATE TABLE placement (
    practice_id uuid NOT NULL,
    placement_id uuid NOT NULL,
    made bigint GENERATED ALWAYS AS IDENTITY,
    account_id uuid NOT NULL,
    agency text NOT NULL,
    placed_on date NOT NULL,
    cents bigint NOT NULL CHECK (cents > 0),
    recalled_on date,
    PRIMARY KEY (practice_id, placement_id)
);
SELECT own_by_practice('placement');

CREATE TABLE placement_claim (
    practice_id uuid NOT NULL,
    placement_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    service_on date NOT NULL,
    cents bigint NOT NULL CHECK (cents > 0),
    recalled boolean NOT NULL DEFAULT false,
    PRIMARY KEY (practice_id, placement_id, claim_id),
    FOREIGN KEY (practice_id, placement_id) REFERENCES placement
);
CREATE INDEX placement_claim_by_claim ON placement_claim (practice_id, claim_id);
SELECT own_by_practice('placement_claim');

CREATE TABLE payment_plan (
    practice_id uuid NOT NULL,
    plan_id uuid NOT NULL,
    made bigint GENERATED ALWAYS AS IDENTITY,
    account_id uuid NOT NULL,
    claims uuid[] NOT NULL,
    total_cents bigint NOT NULL CHECK (total_cents > 0),
    instalments integer NOT NULL CHECK (instalments BETWEEN 2 AND 60),
    first_due_on date NOT NULL,
    -- The instalment that is due next.
    next_number integer NOT NULL DEFAULT 1,
    missed_in_a_row integer NOT NULL DEFAULT 0,
    state text NOT NULL CHECK (state IN ('active', 'completed', 'defaulted', 'cancelled')),
    card bytea,
    command_sha256 bytea NOT NULL,
    PRIMARY KEY (practice_id, plan_id)
);
COMMENT ON COLUMN payment_plan.card IS
    'An encrypted value (AES-256-GCM) of the processor''s token, sealed for plan/PLAN_ID; null: the patient pays otherwise';
CREATE UNIQUE INDEX payment_plan_once ON payment_plan (practice_id, account_id)
    WHERE state = 'active';
SELECT own_by_practice('payment_plan');

CREATE TABLE patient_refund (
    practice_id uuid NOT NULL,
    refund_id uuid NOT NULL,
    made bigint GENERATED ALWAYS AS IDENTITY,
    payment_id uuid NOT NULL,
    account_id uuid NOT NULL,
    method text NOT NULL CHECK (method IN ('check', 'card')),
    cents bigint NOT NULL CHECK (cents > 0),
    state text NOT NULL CHECK (state IN ('requested', 'approved', 'posted', 'refused')),
    requested_by text NOT NULL,
    approved_by text,
    reason text,
    origin text NOT NULL,
    PRIMARY KEY (practice_id, refund_id),
    FOREIGN KEY (practice_id, payment_id) REFERENCES patient_payment,
    CHECK (approved_by IS NULL OR approved_by <> requested_by)
);
SELECT own_by_practice('patient_refund');

CREATE TABLE unclaimed_property (
    practice_id uuid NOT NULL,
    property_id uuid NOT NULL,
    made bigint GENERATED ALWAYS AS IDENTITY,
    payment_id uuid NOT NULL,
    account_id uuid NOT NULL,
    state text NOT NULL,
    cents bigint NOT NULL CHECK (cents > 0),
    dormant_on date NOT NULL,
    letter_sent_on date NOT NULL,
    report_due_on date NOT NULL,
    PRIMARY KEY (practice_id, property_id),
    FOREIGN KEY (practice_id, payment_id) REFERENCES patient_payment
);
SELECT own_by_practice('unclaimed_property');

CREATE TABLE assistance_application (
    practice_id uuid NOT NULL,
    application_id uuid NOT NULL,
    made bigint GENERATED ALWAYS AS IDENTITY,
    account_id uuid NOT NULL,
    received_on date NOT NULL,
    household bytea NOT NULL,
    percent_of_guideline integer NOT NULL CHECK (percent_of_guideline >= 0),
    discount_percent integer NOT NULL CHECK (discount_percent BETWEEN 0 AND 100),
    state text NOT NULL CHECK (state IN ('received', 'proposed', 'approved', 'denied')),
    proposed_by text,
    decided_by text,
    command_sha256 bytea NOT NULL,
    PRIMARY KEY (practice_id, application_id)
);
COMMENT ON COLUMN assistance_application.household IS
    'An encrypted value (AES-256-GCM) of household size, income and region, sealed for assistance/APPLICATION_ID';
SELECT own_by_practice('assistance_application');
