-- What a visit's work is worth (work RVUs), and what a clinician is paid for it.

CREATE TABLE clinician (
    practice_id uuid NOT NULL,
    npi text NOT NULL CHECK (npi ~ '^[12][0-9]{9}$'),
    provider_id uuid NOT NULL,
    -- Data about staff: to be encrypted with the practice's own key.
    family text NOT NULL,
    given text NOT NULL,
    credentialed_on date NOT NULL,
    expires_on date NOT NULL,
    PRIMARY KEY (practice_id, npi)
);
SELECT own_by_practice('clinician');

CREATE TABLE rvu_table (
    practice_id uuid NOT NULL,
    rvu_table_id uuid NOT NULL,
    effective_on date NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (practice_id, rvu_table_id)
);
SELECT own_by_practice('rvu_table');

-- A code's value holds from its day until the code's next one. Kept whole: a value never changes.
CREATE TABLE work_rvu (
    practice_id uuid NOT NULL,
    rvu_table_id uuid NOT NULL,
    procedure_code text NOT NULL CHECK (procedure_code ~ '^[A-Z0-9]{5}$'),
    effective_on date NOT NULL,
    hundredths bigint NOT NULL CHECK (hundredths BETWEEN 0 AND 1000000),
    PRIMARY KEY (practice_id, procedure_code, effective_on),
    FOREIGN KEY (practice_id, rvu_table_id) REFERENCES rvu_table
);
CREATE INDEX work_rvu_by_table ON work_rvu (practice_id, rvu_table_id);
SELECT own_by_practice('work_rvu');

CREATE TABLE compensation_plan (
    practice_id uuid NOT NULL,
    compensation_plan_id uuid NOT NULL,
    npi text NOT NULL CHECK (npi ~ '^[12][0-9]{9}$'),
    effective_on date NOT NULL,
    cents_per_work_rvu bigint NOT NULL CHECK (cents_per_work_rvu BETWEEN 0 AND 10000000),
    PRIMARY KEY (practice_id, compensation_plan_id),
    CONSTRAINT compensation_plan_day_once UNIQUE (practice_id, npi, effective_on)
);
SELECT own_by_practice('compensation_plan');

CREATE TABLE productivity_line (
    practice_id uuid NOT NULL,
    line_id uuid NOT NULL,
    encounter_id uuid NOT NULL,
    provider_npi text NOT NULL,
    service_on date NOT NULL,
    heard bigint GENERATED ALWAYS AS IDENTITY,
    state text NOT NULL CHECK (state IN ('waiting', 'recorded')),
    -- Codes without a value on the day: what a waiting line waits for.
    unvalued_codes text[] NOT NULL,
    work_rvu_hundredths bigint CHECK (work_rvu_hundredths BETWEEN 0 AND 1000000000),
    pay_cents bigint CHECK (pay_cents BETWEEN 0 AND 1000000000000000),
    origin text NOT NULL,
    PRIMARY KEY (practice_id, line_id),
    UNIQUE (practice_id, encounter_id),
    CHECK ((state = 'waiting') = (cardinality(unvalued_codes) > 0)),
    CHECK ((state = 'recorded') = (work_rvu_hundredths IS NOT NULL AND pay_cents IS NOT NULL))
);
CREATE INDEX productivity_line_waiting ON productivity_line (practice_id, heard)
    WHERE state = 'waiting';
CREATE INDEX productivity_line_by_day ON productivity_line (practice_id, service_on);
SELECT own_by_practice('productivity_line');

-- The procedures of a line, so that it can be valued when their values arrive.
CREATE TABLE productivity_procedure (
    practice_id uuid NOT NULL,
    line_id uuid NOT NULL,
    line_number integer NOT NULL,
    procedure_code text NOT NULL,
    units integer NOT NULL CHECK (units >= 1),
    PRIMARY KEY (practice_id, line_id, line_number),
    FOREIGN KEY (practice_id, line_id) REFERENCES productivity_line
);
SELECT own_by_practice('productivity_procedure');

REVOKE UPDATE, DELETE, TRUNCATE ON rvu_table, work_rvu, compensation_plan, productivity_procedure
    FROM payroll;
REVOKE DELETE, TRUNCATE ON productivity_line, clinician FROM payroll;
