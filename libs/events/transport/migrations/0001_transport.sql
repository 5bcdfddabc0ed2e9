-- The mechanism's own tables, the same in every service's database.

CREATE FUNCTION current_practices() RETURNS uuid[]
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(
        string_to_array(nullif(current_setting('mainstay.practices', true), ''), ',')::uuid[],
        '{}'::uuid[])
$$;

CREATE FUNCTION is_transport() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('mainstay.transport', true), '') = 'on'
$$;

-- The standard policy of a practice-owned table.
CREATE FUNCTION own_by_practice(owned regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', owned);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', owned);
    EXECUTE format(
        'CREATE POLICY practice ON %s USING (practice_id = ANY ((SELECT current_practices())::uuid[]))',
        owned);
END
$$;

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    practice_id uuid NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    key text NOT NULL,
    headers jsonb NOT NULL,
    payload bytea NOT NULL,
    -- The event's place in its partition, saved by the relay before it sends.
    sequence bigint
);
SELECT own_by_practice('outbox');
CREATE POLICY transport ON outbox USING (is_transport());

CREATE TABLE outbox_shard (
    topic text NOT NULL,
    partition integer NOT NULL,
    epoch integer NOT NULL DEFAULT 1,
    last_sequence bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, partition)
);
ALTER TABLE outbox_shard ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox_shard FORCE ROW LEVEL SECURITY;
CREATE POLICY transport ON outbox_shard USING (is_transport());

-- One row per consumer and partition, moved by compare-and-set in the effects' transaction.
CREATE TABLE checkpoint (
    consumer text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    epoch integer NOT NULL DEFAULT 0,
    last_sequence bigint NOT NULL DEFAULT 0,
    handled bigint NOT NULL DEFAULT 0,
    moved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, topic, partition)
);
ALTER TABLE checkpoint ENABLE ROW LEVEL SECURITY;
ALTER TABLE checkpoint FORCE ROW LEVEL SECURITY;
CREATE POLICY everyone ON checkpoint USING (true); -- positions only, of no practice

-- A consumer that stopped itself stays stopped until a person resumes it.
CREATE TABLE consumer_stop (
    consumer text PRIMARY KEY,
    reason text NOT NULL,
    stopped_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE consumer_stop ENABLE ROW LEVEL SECURITY;
ALTER TABLE consumer_stop FORCE ROW LEVEL SECURITY;
CREATE POLICY everyone ON consumer_stop USING (true);

CREATE TABLE parked_key (
    practice_id uuid NOT NULL,
    consumer text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    key text NOT NULL,
    request text CHECK (request IN ('retry', 'discard')),
    requested_by text,
    requested_at timestamptz,
    PRIMARY KEY (practice_id, consumer, topic, key)
);
SELECT own_by_practice('parked_key');
CREATE POLICY transport ON parked_key USING (is_transport());

-- The payload is the wire's bytes; marked fields in it follow the contract's protection.
CREATE TABLE parked_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    practice_id uuid NOT NULL,
    consumer text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    offset_ bigint NOT NULL,
    key text NOT NULL,
    headers jsonb NOT NULL,
    payload bytea,
    error text,
    parked_at timestamptz NOT NULL,
    UNIQUE (practice_id, consumer, topic, partition, offset_)
);
CREATE INDEX parked_event_by_key ON parked_event (practice_id, consumer, topic, key, id);
SELECT own_by_practice('parked_event');
CREATE POLICY transport ON parked_event USING (is_transport());

-- What people did to parked events; a rebuild honours the discards.
CREATE TABLE parked_act (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    practice_id uuid NOT NULL,
    consumer text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    offset_ bigint NOT NULL,
    act text NOT NULL CHECK (act IN ('retried', 'discarded')),
    acted_by text NOT NULL,
    acted_at timestamptz NOT NULL
);
SELECT own_by_practice('parked_act');
CREATE POLICY transport ON parked_act USING (is_transport());

CREATE TABLE timer (
    practice_id uuid NOT NULL,
    name text NOT NULL,
    key text NOT NULL,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    origin text,
    PRIMARY KEY (practice_id, name, key)
);
CREATE INDEX timer_due ON timer (due_at);
SELECT own_by_practice('timer');
CREATE POLICY transport ON timer USING (is_transport());

-- Which generation of a projection's rows is read.
CREATE TABLE projection (
    name text PRIMARY KEY,
    generation integer NOT NULL,
    version integer NOT NULL,
    swapped_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE projection ENABLE ROW LEVEL SECURITY;
ALTER TABLE projection FORCE ROW LEVEL SECURITY;
CREATE POLICY everyone ON projection USING (true);

-- The policies of a projection's table: a practice's rows, and all of them to clear a generation.
CREATE FUNCTION own_projection(owned regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM own_by_practice(owned);
    EXECUTE format('CREATE POLICY transport ON %s USING (is_transport())', owned);
END
$$;
