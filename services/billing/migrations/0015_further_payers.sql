-- A visit may have up to three payers. They are asked one after the other; the claim names the one
-- that has it, or that it goes to next.

ALTER TABLE claim
    ADD COLUMN payer_sequence text NOT NULL DEFAULT 'P' CHECK (payer_sequence IN ('P', 'S', 'T')),
    -- All of them in order, as the visit names them; empty: taken over, or the patient pays.
    ADD COLUMN payers text[] NOT NULL DEFAULT '{}' CHECK (cardinality(payers) <= 3),
    -- The last in order that was given the claim, by us or by the payer before.
    ADD COLUMN given_to text NOT NULL DEFAULT 'P' CHECK (given_to IN ('P', 'S', 'T')),
    -- By payer_sequence: the payers' own numbers of the claim, while another one has it.
    ADD COLUMN payer_claim_numbers jsonb NOT NULL DEFAULT '{}';
UPDATE claim SET payers = ARRAY[payer_id] WHERE payer_id IS NOT NULL AND encounter_id IS NOT NULL;

ALTER TABLE posting
    ADD COLUMN payer_sequence text NOT NULL DEFAULT 'P' CHECK (payer_sequence IN ('P', 'S', 'T')),
    ADD COLUMN forwarded_cents bigint NOT NULL DEFAULT 0 CHECK (forwarded_cents >= 0);
COMMENT ON COLUMN posting.forwarded_cents IS
    'Left to the patient by this payer, and asked of the next one first';

-- What each payer decided, as its 835 said it: the next payer is told.
CREATE TABLE adjudication (
    practice_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    payer_sequence text NOT NULL CHECK (payer_sequence IN ('P', 'S', 'T')),
    payer_id text NOT NULL,
    decided_on date NOT NULL,
    said jsonb NOT NULL,
    posted_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, payment_id)
);
CREATE INDEX adjudication_by_claim ON adjudication (practice_id, claim_id);
SELECT own_by_practice('adjudication');
REVOKE UPDATE, DELETE, TRUNCATE ON adjudication FROM billing;
COMMENT ON COLUMN adjudication.said IS
    'Amounts, codes and numbers of the claim and its lines; nothing about the patient';
