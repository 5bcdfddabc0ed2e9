-- Practices under management, their agreements with the MSO, and the fees on what was collected.

CREATE TABLE practice (
    practice_id uuid PRIMARY KEY,
    name text NOT NULL,
    npi text NOT NULL CHECK (npi ~ '^[12][0-9]{9}$'),
    tax_id text NOT NULL CHECK (tax_id ~ '^[0-9]{9}$'),
    address_line text NOT NULL,
    city text NOT NULL,
    state text NOT NULL CHECK (state ~ '^[A-Z]{2}$'),
    postal_code text NOT NULL,
    time_zone text NOT NULL,
    onboarded_on date NOT NULL
);
SELECT own_by_practice('practice');

CREATE TABLE agreement (
    practice_id uuid NOT NULL REFERENCES practice,
    agreement_id uuid NOT NULL,
    model text NOT NULL CHECK (model IN ('percentage-of-collections')),
    rate numeric(7, 6) NOT NULL CHECK (rate BETWEEN 0 AND 1),
    effective_on date NOT NULL,
    signed_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, agreement_id),
    -- In force: the latest one that is effective.
    CONSTRAINT agreement_day_once UNIQUE (practice_id, effective_on)
);
SELECT own_by_practice('agreement');

-- One row per practice: its lock puts a practice's fees one after the other.
CREATE TABLE fee_account (
    practice_id uuid PRIMARY KEY,
    entries bigint NOT NULL DEFAULT 0 CHECK (entries >= 0),
    fee_cents bigint NOT NULL DEFAULT 0
);
SELECT own_by_practice('fee_account');

CREATE TABLE payment (
    practice_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    heard bigint GENERATED ALWAYS AS IDENTITY,
    event_id uuid NOT NULL,
    posted_on date NOT NULL,
    service_month date NOT NULL CHECK (extract(day FROM service_month) = 1),
    paid_cents bigint NOT NULL CHECK (abs(paid_cents) <= 1000000000000000),
    -- waiting: no agreement is in force on its day yet; withdrawn: reversed before one was.
    state text NOT NULL CHECK (state IN ('no-fee', 'waiting', 'accrued', 'reversed', 'withdrawn')),
    origin text NOT NULL,
    PRIMARY KEY (practice_id, payment_id)
);
CREATE INDEX payment_waiting ON payment (practice_id, posted_on, heard) WHERE state = 'waiting';
SELECT own_by_practice('payment');

-- The ledger: signed cents, never edited; a reversal is an entry that takes another one back whole.
CREATE TABLE fee_entry (
    practice_id uuid NOT NULL,
    number bigint NOT NULL CHECK (number >= 1),
    fee_entry_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('accrued', 'reversed')),
    payment_id uuid NOT NULL,
    payment_event_id uuid NOT NULL,
    agreement_id uuid NOT NULL,
    posted_on date NOT NULL,
    service_month date NOT NULL,
    collected_cents bigint NOT NULL,
    fee_cents bigint NOT NULL,
    PRIMARY KEY (practice_id, number),
    UNIQUE (practice_id, fee_entry_id),
    CONSTRAINT fee_entry_once UNIQUE (practice_id, payment_id, kind),
    FOREIGN KEY (practice_id, payment_id) REFERENCES payment,
    FOREIGN KEY (practice_id, agreement_id) REFERENCES agreement
);
CREATE INDEX fee_entry_by_month ON fee_entry (practice_id, service_month);
CREATE INDEX fee_entry_by_day ON fee_entry (practice_id, posted_on DESC);
SELECT own_by_practice('fee_entry');

REVOKE UPDATE, DELETE, TRUNCATE ON practice, agreement, fee_entry FROM agreements;
REVOKE DELETE, TRUNCATE ON payment, fee_account FROM agreements;
