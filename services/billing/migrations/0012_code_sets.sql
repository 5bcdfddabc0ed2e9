-- Code lists and NCCI tables, as each practice is licensed to load them; dated. CMS's table of pairs
-- has millions of rows, so entries have no foreign key: they come and go with their set.

CREATE TABLE code_set (
    practice_id uuid NOT NULL,
    code_set_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('icd-10-cm', 'procedures', 'ncci-pairs', 'ncci-units')),
    edition text NOT NULL,
    effective_on date NOT NULL,
    ends_on date CHECK (ends_on > effective_on),
    part integer NOT NULL CHECK (part > 0),
    entries integer NOT NULL,
    sha256 bytea NOT NULL,
    loaded_at timestamptz NOT NULL,
    loaded_by text NOT NULL,
    PRIMARY KEY (practice_id, code_set_id),
    UNIQUE (practice_id, kind, effective_on, part)
);
COMMENT ON COLUMN code_set.ends_on IS 'The first day on which it judges no more; null: until the next edition';
SELECT own_by_practice('code_set');

CREATE TABLE code_set_code (
    practice_id uuid NOT NULL,
    code_set_id uuid NOT NULL,
    code text NOT NULL,
    effective_on date,
    ends_on date,
    most_units integer,
    adjudication smallint,
    PRIMARY KEY (practice_id, code_set_id, code)
);
COMMENT ON COLUMN code_set_code.ends_on IS 'The last day on which the code may be told';
COMMENT ON COLUMN code_set_code.most_units IS 'Of a table of medically unlikely edits';
SELECT own_by_practice('code_set_code');

CREATE TABLE code_pair (
    practice_id uuid NOT NULL,
    code_set_id uuid NOT NULL,
    column1 text NOT NULL,
    column2 text NOT NULL,
    effective_on date NOT NULL,
    deleted_on date,
    modifier_indicator smallint NOT NULL CHECK (modifier_indicator IN (0, 1, 9)),
    PRIMARY KEY (practice_id, code_set_id, column1, column2, effective_on)
);
COMMENT ON COLUMN code_pair.deleted_on IS 'The last day on which the edit is in force';
SELECT own_by_practice('code_pair');
