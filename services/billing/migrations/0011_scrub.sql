-- Rules before a claim goes out: what payers want, what was found on each claim, who let it go.

-- What a payer wants to agree to beforehand, of services from a day on; the last one told counts.
CREATE TABLE payer_rule (
    practice_id uuid NOT NULL,
    payer_rule_id uuid NOT NULL,
    payer_id text NOT NULL,
    effective_on date NOT NULL,
    authorization_codes text[] NOT NULL,
    told_at timestamptz NOT NULL,
    told_by text NOT NULL,
    PRIMARY KEY (practice_id, payer_rule_id)
);
CREATE INDEX payer_rule_by_payer ON payer_rule (practice_id, payer_id, effective_on, told_at);
SELECT own_by_practice('payer_rule');

-- What rules found; nothing about the patient. mended_at: it is found no more.
CREATE TABLE claim_edit (
    practice_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    rule_id text NOT NULL,
    line_number integer NOT NULL,
    place text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('error', 'warning')),
    explanation text NOT NULL,
    rules_revision text NOT NULL,
    found_at timestamptz NOT NULL,
    mended_at timestamptz,
    PRIMARY KEY (practice_id, claim_id, rule_id, line_number, place),
    FOREIGN KEY (practice_id, claim_id) REFERENCES claim
);
COMMENT ON COLUMN claim_edit.line_number IS '0: the claim, not a line';
SELECT own_by_practice('claim_edit');

-- A person let a claim go in spite of a rule, as its visit was then.
CREATE TABLE edit_override (
    practice_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    revision integer NOT NULL,
    rule_id text NOT NULL,
    because text NOT NULL,
    overridden_by text NOT NULL,
    overridden_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, claim_id, revision, rule_id),
    FOREIGN KEY (practice_id, claim_id) REFERENCES claim
);
SELECT own_by_practice('edit_override');

ALTER TABLE claim ADD COLUMN is_clean boolean, ADD COLUMN rules_revision text;
COMMENT ON COLUMN claim.is_clean IS
    'Whether it never had an error that somebody had to mend or override; null: never scrubbed';
CREATE INDEX claim_by_service ON claim (practice_id, service_on) WHERE is_clean IS NOT NULL;
