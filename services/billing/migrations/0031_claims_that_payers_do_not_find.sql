-- A claim that its payer does not find goes there again by itself, once.

CREATE TABLE claim_sent_again (
    practice_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    lost_interchange bigint NOT NULL,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, claim_id),
    FOREIGN KEY (practice_id, claim_id) REFERENCES claim
);
SELECT own_by_practice('claim_sent_again');
COMMENT ON COLUMN claim_sent_again.lost_interchange IS 'The interchange that the claim went out in before';

ALTER TABLE held_answer DROP CONSTRAINT held_answer_reason_check;
ALTER TABLE held_answer ADD CONSTRAINT held_answer_reason_check CHECK (reason IN (
    'unknown-claim', 'claim-not-sent', 'charge-differs', 'unknown-question', 'not-found',
    'not-found-once-had', 'not-found-again', 'not-found-too-late', 'information-requested',
    'rejected-after-all', 'cannot-be-asked'));
