-- Each practice's directory: how files go to a payer, who answers for them, and where else it works.

CREATE TABLE payer (
    practice_id uuid NOT NULL,
    payer_id text NOT NULL,
    terms jsonb NOT NULL,
    PRIMARY KEY (practice_id, payer_id)
);
COMMENT ON COLUMN payer.terms IS 'services/billing/payers/model.py, PayerTerms';
SELECT own_by_practice('payer');

CREATE TABLE billing_office (
    practice_id uuid PRIMARY KEY,
    contact_name text NOT NULL,
    contact_phone text NOT NULL
);
SELECT own_by_practice('billing_office');

CREATE TABLE service_facility (
    practice_id uuid NOT NULL,
    place_of_service text NOT NULL,
    name text NOT NULL,
    npi text,
    line text NOT NULL,
    city text NOT NULL,
    state text NOT NULL,
    postal_code text NOT NULL,
    PRIMARY KEY (practice_id, place_of_service)
);
SELECT own_by_practice('service_facility');

COMMENT ON COLUMN interchange.payer_id IS
    'The payer that it is for, or one of those that share its receiver';
