-- Billing: facts heard, charges, claims and their interchanges, remittances, the ledger.
-- Columns marked [PHI] hold protected health information.

CREATE TABLE practice (
    practice_id uuid PRIMARY KEY,
    name text NOT NULL,
    npi text NOT NULL,
    tax_id text NOT NULL,
    line text NOT NULL,
    city text NOT NULL,
    state text NOT NULL,
    postal_code text NOT NULL
);
SELECT own_by_practice('practice');

CREATE TABLE provider (
    practice_id uuid NOT NULL,
    npi text NOT NULL,
    family text NOT NULL,
    given text NOT NULL,
    taxonomy text NOT NULL,
    credentialed_on date NOT NULL,
    expires_on date NOT NULL,
    PRIMARY KEY (practice_id, npi, credentialed_on)
);
SELECT own_by_practice('provider');

CREATE TABLE enrollment (
    practice_id uuid NOT NULL,
    npi text NOT NULL,
    payer_id text NOT NULL,
    effective_on date NOT NULL,
    ends_on date,
    PRIMARY KEY (practice_id, npi, payer_id, effective_on)
);
SELECT own_by_practice('enrollment');

CREATE TABLE fee_schedule (
    practice_id uuid NOT NULL,
    fee_schedule_id uuid NOT NULL,
    effective_on date NOT NULL,
    prices_cents jsonb NOT NULL,
    PRIMARY KEY (practice_id, fee_schedule_id),
    UNIQUE (practice_id, effective_on)
);
SELECT own_by_practice('fee_schedule');

-- Counters that leave no gap: drawn under the row's lock, in the transaction that uses the number.
CREATE TABLE counter (
    practice_id uuid NOT NULL,
    name text NOT NULL,
    value bigint NOT NULL,
    PRIMARY KEY (practice_id, name)
);
SELECT own_by_practice('counter');

CREATE TABLE claim (
    practice_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    encounter_id uuid,
    encounter jsonb,                       -- [PHI] the visit as it was posted; null: taken over
    patient_id uuid,
    control_number text NOT NULL,
    payer_id text,
    provider_npi text,
    service_on date NOT NULL,
    charge_cents bigint NOT NULL DEFAULT 0 CHECK (charge_cents >= 0),
    state text NOT NULL CHECK (state IN ('held', 'ready', 'submitted', 'accepted', 'rejected',
                                         'paid', 'denied', 'self-pay')),
    hold_reason text,
    was_refused boolean NOT NULL DEFAULT false,
    interchange_number bigint,
    payer_claim_number text,
    origin text NOT NULL,
    PRIMARY KEY (practice_id, claim_id),
    UNIQUE (practice_id, control_number)
);
CREATE INDEX claim_by_state ON claim (practice_id, state, payer_id);
CREATE INDEX claim_by_encounter ON claim (practice_id, encounter_id);
SELECT own_by_practice('claim');

CREATE TABLE claim_line (
    practice_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    line_number integer NOT NULL,
    procedure_code text NOT NULL,
    modifiers text[] NOT NULL,
    units integer NOT NULL CHECK (units > 0),
    diagnosis_pointers integer[] NOT NULL,
    charge_cents bigint NOT NULL CHECK (charge_cents >= 0),
    PRIMARY KEY (practice_id, claim_id, line_number)
);
SELECT own_by_practice('claim_line');

CREATE TABLE claim_move (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    practice_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    state text NOT NULL,
    reason text,
    moved_at timestamptz NOT NULL
);
CREATE INDEX claim_move_by_claim ON claim_move (practice_id, claim_id, id);
SELECT own_by_practice('claim_move');
REVOKE UPDATE, DELETE, TRUNCATE ON claim_move FROM billing;

CREATE TABLE interchange (
    practice_id uuid NOT NULL,
    interchange_number bigint NOT NULL,
    payer_id text NOT NULL,
    content bytea NOT NULL,                -- [PHI] the 837P
    made_at timestamptz NOT NULL,
    sent_at timestamptz,
    PRIMARY KEY (practice_id, interchange_number)
);
SELECT own_by_practice('interchange');

CREATE TABLE remittance (
    practice_id uuid NOT NULL,
    remittance_id uuid NOT NULL,
    payer_id text NOT NULL,
    trace_number text NOT NULL,
    payer_trace_id text NOT NULL,
    paid_on date NOT NULL,
    payment_cents bigint NOT NULL,
    sha256 bytea NOT NULL,
    warning text,
    posted_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, remittance_id),
    UNIQUE (practice_id, payer_id, payer_trace_id, trace_number)
);
SELECT own_by_practice('remittance');

CREATE TABLE posting (
    practice_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    remittance_id uuid NOT NULL,
    status text NOT NULL,
    paid_cents bigint NOT NULL,
    adjusted_cents bigint NOT NULL,
    patient_cents bigint NOT NULL,
    denied_cents bigint NOT NULL,
    reversed_by uuid,
    PRIMARY KEY (practice_id, payment_id)
);
CREATE INDEX posting_by_claim ON posting (practice_id, claim_id);
SELECT own_by_practice('posting');

CREATE TABLE unmatched_remittance (
    practice_id uuid NOT NULL,
    remittance_id uuid NOT NULL,
    place integer NOT NULL,
    control_number text NOT NULL,
    status text NOT NULL,
    paid_cents bigint NOT NULL,
    PRIMARY KEY (practice_id, remittance_id, place)
);
SELECT own_by_practice('unmatched_remittance');

-- What the exchange brought: posted once; refused for a person to see. Never the content.
CREATE TABLE inbound_file (
    practice_id uuid NOT NULL,
    sha256 bytea NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('posted', 'duplicate', 'refused')),
    code text,
    place text,
    fix text,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, name, sha256)
);
SELECT own_by_practice('inbound_file');

CREATE TABLE journal_entry (
    practice_id uuid NOT NULL,
    entry_id uuid NOT NULL,
    kind text NOT NULL,
    claim_id uuid,
    service_month date,
    posted_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, entry_id)
);
CREATE INDEX journal_entry_by_claim ON journal_entry (practice_id, claim_id);
SELECT own_by_practice('journal_entry');
REVOKE UPDATE, DELETE, TRUNCATE ON journal_entry FROM billing;

CREATE TABLE journal_line (
    practice_id uuid NOT NULL,
    entry_id uuid NOT NULL,
    account text NOT NULL CHECK (account IN (
        'payer-receivable', 'patient-receivable', 'charges', 'cash', 'contractual-adjustment',
        'provider-adjustment', 'unapplied-cash')),
    cents bigint NOT NULL CHECK (cents <> 0),  -- debit above zero, credit below
    PRIMARY KEY (practice_id, entry_id, account),
    FOREIGN KEY (practice_id, entry_id) REFERENCES journal_entry
);
SELECT own_by_practice('journal_line');
REVOKE UPDATE, DELETE, TRUNCATE ON journal_line FROM billing;

CREATE FUNCTION entry_sums_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(cents) FROM journal_line
         WHERE practice_id = NEW.practice_id AND entry_id = NEW.entry_id) <> 0 THEN
        RAISE EXCEPTION 'journal entry % does not sum to zero', NEW.entry_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_sums_to_zero';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER entry_sums_to_zero AFTER INSERT ON journal_line
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION entry_sums_to_zero();
