-- The generations of a projection beside the one that is read: `building` while a rebuild fills it,
-- `kept` after a swap, `returning` while a rollback brings it up to date, `as-of` for one look at the
-- past, `leaving` while its rows are removed. A number is never given twice.
CREATE TABLE projection_generation (
    name text NOT NULL,
    generation integer NOT NULL,
    version integer NOT NULL,
    state text NOT NULL CHECK (state IN ('building', 'kept', 'returning', 'as-of', 'leaving')),
    begun_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name, generation)
);
ALTER TABLE projection_generation ENABLE ROW LEVEL SECURITY;
ALTER TABLE projection_generation FORCE ROW LEVEL SECURITY;
CREATE POLICY everyone ON projection_generation USING (true); -- of no practice

ALTER TABLE projection
    ADD COLUMN newest integer NOT NULL DEFAULT 1,
    -- The version that a person went back from: no process rebuilds to it by itself.
    ADD COLUMN rolled_back_from integer,
    ADD COLUMN trouble text;

-- Until now a rebuild that was killed left its rows under the next number.
UPDATE projection SET newest = generation + 1;
INSERT INTO projection_generation (name, generation, version, state)
SELECT name, newest, version, 'leaving' FROM projection;

-- The checkpoints and parked events of a kept generation, out of everybody's sight and fenced.
CREATE TABLE kept_line (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    practice_id uuid NOT NULL,
    consumer text NOT NULL,
    source text NOT NULL CHECK (source IN ('checkpoint', 'parked_key', 'parked_event')),
    line jsonb NOT NULL
);
CREATE INDEX kept_line_by_consumer ON kept_line (consumer);
SELECT own_by_practice('kept_line');
CREATE POLICY transport ON kept_line USING (is_transport());
