-- What payers' answers said of each claim, what is asked after, and what a person has to look at.

CREATE TABLE claim_answer (
    practice_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    answer_id uuid NOT NULL,
    source text NOT NULL CHECK (source IN ('TA1', '999', '277CA', '277')),
    verdict text NOT NULL CHECK (verdict IN (
        'accepted', 'rejected', 'received', 'pending', 'information-requested', 'finalized',
        'finalized-paid', 'finalized-denied', 'not-found', 'cannot-say')),
    interchange_number bigint,
    category text,
    code text,
    entity text,
    effective_on date NOT NULL,
    amount_cents bigint,
    paid_cents bigint,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, claim_id, answer_id)
);
SELECT own_by_practice('claim_answer');
REVOKE UPDATE, DELETE, TRUNCATE ON claim_answer FROM billing;
COMMENT ON COLUMN claim_answer.interchange_number IS
    'The interchange of ours that is answered: the claim''s, or of a 277 the question''s';

-- A claim that a payer is silent about. Without a number: it goes out with the payer's next file.
CREATE TABLE claim_question (
    practice_id uuid NOT NULL,
    trace_number text NOT NULL,
    claim_id uuid NOT NULL,
    payer_id text NOT NULL,
    times_asked integer NOT NULL CHECK (times_asked >= 1),
    due_at timestamptz NOT NULL,
    interchange_number bigint,
    asked_at timestamptz,
    answered_at timestamptz,
    PRIMARY KEY (practice_id, trace_number),
    FOREIGN KEY (practice_id, claim_id) REFERENCES claim,
    CHECK ((interchange_number IS NULL) = (asked_at IS NULL))
);
CREATE INDEX claim_question_by_claim ON claim_question (practice_id, claim_id);
CREATE INDEX claim_question_to_send ON claim_question (practice_id, payer_id)
    WHERE interchange_number IS NULL;
SELECT own_by_practice('claim_question');

-- Answers that moved nothing by themselves: a person says when they are dealt with.
CREATE TABLE held_answer (
    practice_id uuid NOT NULL,
    held_answer_id uuid NOT NULL,
    source text NOT NULL CHECK (source IN ('277CA', '277', '276')),
    reason text NOT NULL CHECK (reason IN (
        'unknown-claim', 'claim-not-sent', 'charge-differs', 'unknown-question', 'not-found',
        'information-requested', 'rejected-after-all', 'cannot-be-asked')),
    reference text NOT NULL,
    claim_id uuid,
    category text,
    code text,
    expected_cents bigint,
    told_cents bigint,
    held_at timestamptz NOT NULL,
    settled_by text,
    settled_at timestamptz,
    PRIMARY KEY (practice_id, held_answer_id),
    CHECK ((settled_by IS NULL) = (settled_at IS NULL))
);
CREATE INDEX held_answer_to_do ON held_answer (practice_id, held_at) WHERE settled_at IS NULL;
SELECT own_by_practice('held_answer');
COMMENT ON COLUMN held_answer.reference IS
    'What the payer calls it (TRN02); of a claim of ours its control number';
