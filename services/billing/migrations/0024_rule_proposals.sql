-- Rules of the scrubber that could have caught denials: proposed once, decided by a person.

CREATE TABLE rule_proposal (
    practice_id uuid NOT NULL,
    proposal_id uuid NOT NULL,
    rule_id text NOT NULL,
    payer_id text NOT NULL,
    procedure_code text,
    denials integer NOT NULL CHECK (denials > 0),
    denied_cents bigint NOT NULL,
    examples uuid[] NOT NULL,
    proposed_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('proposed', 'accepted', 'declined')),
    decided_at timestamptz,
    decided_by text,
    PRIMARY KEY (practice_id, proposal_id),
    CHECK ((state = 'proposed') = (decided_at IS NULL))
);
SELECT own_by_practice('rule_proposal');
