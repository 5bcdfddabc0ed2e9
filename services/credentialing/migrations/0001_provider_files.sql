-- Provider files: who a clinician is, what the committee decided, whom each payer pays.

CREATE TABLE provider (
    practice_id uuid NOT NULL,
    provider_id uuid NOT NULL,
    npi text NOT NULL CHECK (npi ~ '^[12][0-9]{9}$'),
    -- Data about staff: to be encrypted with the practice's own key.
    family text NOT NULL,
    given text NOT NULL,
    taxonomy text NOT NULL CHECK (taxonomy ~ '^[0-9A-Z]{10}$'),
    opened_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, provider_id),
    CONSTRAINT provider_npi_once UNIQUE (practice_id, npi)
);
SELECT own_by_practice('provider');

-- The committee's decisions, oldest first; a new cycle is a new row.
CREATE TABLE decision (
    practice_id uuid NOT NULL,
    provider_id uuid NOT NULL,
    credentialed_on date NOT NULL,
    expires_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, provider_id, credentialed_on),
    FOREIGN KEY (practice_id, provider_id) REFERENCES provider,
    CHECK (expires_on > credentialed_on),
    CHECK (expires_on <= credentialed_on + interval '36 months')
);
SELECT own_by_practice('decision');

-- [effective_on, ends_on); those of one provider and payer never overlap, which is checked under
-- the provider's row lock (an exclusion constraint would need an extension in every database).
CREATE TABLE enrollment (
    practice_id uuid NOT NULL,
    provider_id uuid NOT NULL,
    payer_id text NOT NULL,
    effective_on date NOT NULL,
    ends_on date,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, provider_id, payer_id, effective_on),
    FOREIGN KEY (practice_id, provider_id) REFERENCES provider,
    CHECK (ends_on > effective_on)
);
SELECT own_by_practice('enrollment');

-- History is kept: what was decided is never edited.
REVOKE UPDATE, DELETE, TRUNCATE ON decision, enrollment FROM credentialing;
REVOKE DELETE, TRUNCATE ON provider FROM credentialing;
