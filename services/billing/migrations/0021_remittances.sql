-- What a payment says beside its claims, and what a person does about what fits none of ours.

ALTER TABLE posting
    ADD COLUMN payer_claim_number text,
    ADD COLUMN denied_lines integer NOT NULL DEFAULT 0 CHECK (denied_lines >= 0);
CREATE INDEX posting_by_payer_claim ON posting (practice_id, payer_claim_number)
    WHERE reversed_by IS NULL;

ALTER TABLE remittance ADD COLUMN payment_method text NOT NULL DEFAULT '';
COMMENT ON COLUMN remittance.payment_method IS 'BPR04, from 0021 on';

CREATE TABLE provider_adjustment (
    practice_id uuid NOT NULL,
    remittance_id uuid NOT NULL,
    place integer NOT NULL,
    reason text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('payer-advance', 'interest', 'provider-adjustment')),
    period_on date NOT NULL,
    cents bigint NOT NULL,
    PRIMARY KEY (practice_id, remittance_id, place),
    FOREIGN KEY (practice_id, remittance_id) REFERENCES remittance
);
SELECT own_by_practice('provider_adjustment');

-- The claim's own words are kept until a person has decided. SQL has no key, so rows from before
-- cannot have them. Nothing was released: a database that has some is refused, and made anew.
ALTER TABLE unmatched_remittance
    DROP COLUMN control_number,
    ADD COLUMN detail bytea NOT NULL,
    ADD COLUMN resolution text CHECK (resolution IN ('applied', 'refunded', 'dismissed')),
    ADD COLUMN resolved_for text,
    ADD COLUMN claim_id uuid,
    ADD COLUMN resolved_by text,
    ADD COLUMN resolved_at timestamptz,
    ADD CONSTRAINT resolution_is_whole CHECK (
        (resolution IS NULL) = (resolved_at IS NULL) AND (resolution IS NULL) = (resolved_by IS NULL)
        AND (claim_id IS NULL OR resolution = 'applied'));
COMMENT ON COLUMN unmatched_remittance.detail IS
    'An encrypted value (AES-256-GCM) of the claim as the 835 said it, sealed for unmatched/REMITTANCE_ID/PLACE';
CREATE INDEX unmatched_to_do ON unmatched_remittance (practice_id) WHERE resolution IS NULL;
