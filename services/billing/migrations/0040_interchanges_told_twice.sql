-- A TA1 that says that the receiver has the interchange already is for a person.
ALTER TABLE held_answer DROP CONSTRAINT held_answer_source_check;
ALTER TABLE held_answer ADD CONSTRAINT held_answer_source_check
    CHECK (source IN ('TA1', '277CA', '277', '276'));
ALTER TABLE held_answer DROP CONSTRAINT held_answer_reason_check;
ALTER TABLE held_answer ADD CONSTRAINT held_answer_reason_check CHECK (reason IN (
    'unknown-claim', 'claim-not-sent', 'charge-differs', 'unknown-question', 'not-found',
    'not-found-once-had', 'not-found-again', 'not-found-too-late', 'information-requested',
    'rejected-after-all', 'cannot-be-asked', 'interchange-had-before'));
