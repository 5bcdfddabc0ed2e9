-- What a practice was told of a state's rule for credits that nobody claims, from a day on.

CREATE TABLE unclaimed_rule (
    practice_id uuid NOT NULL,
    rule_id uuid NOT NULL,
    state text NOT NULL,
    effective_on date NOT NULL,
    dormancy_months integer NOT NULL CHECK (dormancy_months > 0),
    cut_off text NOT NULL,
    report_due text NOT NULL,
    letter_from_cents bigint,
    letter_latest_days integer,
    letter_earliest_days integer,
    none_below_cents bigint NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (practice_id, rule_id),
    UNIQUE (practice_id, state, effective_on)
);
SELECT own_by_practice('unclaimed_rule');

-- Some states ask for no letter about a small credit.
ALTER TABLE unclaimed_property ALTER COLUMN letter_sent_on DROP NOT NULL;
