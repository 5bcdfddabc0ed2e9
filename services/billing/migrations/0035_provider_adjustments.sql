-- What a provider adjustment (835 PLB) is about, and what of it is still to be settled.

ALTER TABLE provider_adjustment
    ADD COLUMN reference bytea,
    ADD COLUMN reference_print bytea,
    ADD COLUMN open_cents bigint NOT NULL DEFAULT 0,
    ADD COLUMN claim_id uuid,
    ADD COLUMN original_id uuid,
    ADD CONSTRAINT open_is_a_part CHECK (
        open_cents BETWEEN least(cents, 0) AND greatest(cents, 0)),
    ADD CONSTRAINT reference_is_found CHECK ((reference IS NULL) = (reference_print IS NULL)),
    ADD FOREIGN KEY (practice_id, claim_id) REFERENCES claim,
    ADD FOREIGN KEY (practice_id, original_id) REFERENCES remittance;
ALTER TABLE provider_adjustment ALTER COLUMN open_cents DROP DEFAULT;
COMMENT ON COLUMN provider_adjustment.reference IS
    'An encrypted value (AES-256-GCM) of PLB03-2, sealed for provider-adjustment/REMITTANCE_ID/PLACE; null: from before 0035';
COMMENT ON COLUMN provider_adjustment.reference_print IS
    'A keyed fingerprint of PLB03-2, so that what it settles is found';
COMMENT ON COLUMN provider_adjustment.open_cents IS
    'Of cents, what no other adjustment of its payer and reference has settled; 0 for those from before 0035, which were not followed';
COMMENT ON COLUMN provider_adjustment.original_id IS
    'The remittance whose trace number (TRN02) the reference names';
CREATE INDEX provider_adjustment_open ON provider_adjustment (practice_id, reference_print)
    WHERE open_cents <> 0;

CREATE TABLE provider_adjustment_settled (
    practice_id uuid NOT NULL,
    remittance_id uuid NOT NULL,
    place integer NOT NULL,
    settled_remittance_id uuid NOT NULL,
    settled_place integer NOT NULL,
    cents bigint NOT NULL CHECK (cents > 0),
    PRIMARY KEY (practice_id, remittance_id, place, settled_remittance_id, settled_place),
    FOREIGN KEY (practice_id, remittance_id, place) REFERENCES provider_adjustment,
    FOREIGN KEY (practice_id, settled_remittance_id, settled_place) REFERENCES provider_adjustment
);
COMMENT ON TABLE provider_adjustment_settled IS
    'A later adjustment (remittance_id, place) settled so many cents of an earlier one of the other sign';
CREATE INDEX provider_adjustment_settled_by ON provider_adjustment_settled
    (practice_id, settled_remittance_id, settled_place);
SELECT own_by_practice('provider_adjustment_settled');

-- A recovery names the claim by the payer's number, also when its posting was taken back.
DROP INDEX posting_by_payer_claim;
CREATE INDEX posting_by_payer_claim ON posting (practice_id, payer_claim_number);

-- From here on no entry is added without its event; those that are there are looked at by 0036.
ALTER TABLE journal_entry
    ADD CONSTRAINT entry_names_its_event CHECK (event_id IS NOT NULL) NOT VALID;
