-- What the bank says has come, to be matched with the remittances that told of it.

CREATE TABLE deposit (
    practice_id uuid NOT NULL,
    deposit_id uuid NOT NULL,
    deposited_on date NOT NULL,
    cents bigint NOT NULL CHECK (cents > 0),
    trace_number text NOT NULL,
    payer_trace_id text,
    state text NOT NULL CHECK (state IN ('waiting', 'differs', 'matched')),
    remittance_id uuid,
    difference_cents bigint,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    matched_at timestamptz,
    PRIMARY KEY (practice_id, deposit_id),
    FOREIGN KEY (practice_id, remittance_id) REFERENCES remittance,
    CHECK ((state = 'waiting') = (remittance_id IS NULL)),
    CHECK ((state = 'differs') = (difference_cents IS NOT NULL)),
    CHECK ((state = 'matched') = (matched_at IS NOT NULL))
);
COMMENT ON COLUMN deposit.payer_trace_id IS
    'TRN03, the company that the money comes from; null: the bank did not say, as for a check';
COMMENT ON COLUMN deposit.difference_cents IS 'The deposit less the payment that it names';
CREATE INDEX deposit_by_trace ON deposit (practice_id, trace_number);
CREATE UNIQUE INDEX deposit_of_remittance ON deposit (practice_id, remittance_id)
    WHERE state = 'matched';
SELECT own_by_practice('deposit');

ALTER TABLE remittance ADD COLUMN missing_since timestamptz;
COMMENT ON COLUMN remittance.missing_since IS 'When it was told that no deposit has come';
CREATE INDEX remittance_by_trace ON remittance (practice_id, trace_number);
