-- Each shard of the outbox (a topic partition) is leased to one relay at a time, behind a fence.

SELECT set_config('mainstay.transport', 'on', true);

-- A relay that lives, and the connection that it lives through.
CREATE TABLE outbox_relay (
    owner uuid PRIMARY KEY,
    backend_pid integer NOT NULL,
    backend_start timestamptz NOT NULL,
    leased_until timestamptz NOT NULL
);
ALTER TABLE outbox_relay ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox_relay FORCE ROW LEVEL SECURITY;
CREATE POLICY transport ON outbox_relay USING (is_transport());

-- The database that the shards' places were given in: elsewhere they begin a new epoch.
CREATE TABLE outbox_home (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    system_identifier bigint NOT NULL,
    timeline integer NOT NULL
);
ALTER TABLE outbox_home ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox_home FORCE ROW LEVEL SECURITY;
CREATE POLICY transport ON outbox_home USING (is_transport());

-- The timeline that is written now; the control file's lags behind after a promotion.
CREATE FUNCTION current_timeline() RETURNS integer
LANGUAGE sql VOLATILE AS $$
    SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer
$$;

ALTER TABLE outbox_shard
    ADD COLUMN owner uuid,
    -- Raised whenever the shard changes hands: what its last owner still tries fails.
    ADD COLUMN fence bigint NOT NULL DEFAULT 0,
    -- The one window in flight; its rows' places end at last_sequence.
    ADD COLUMN window_ids bigint[] NOT NULL DEFAULT '{}',
    -- The log may hold more than this database knows of: it is read before anything is sent.
    ADD COLUMN unproven boolean NOT NULL DEFAULT false,
    ADD COLUMN refused text,
    ADD COLUMN refused_id bigint,
    ADD COLUMN refused_at timestamptz;
ALTER TABLE outbox_shard ALTER COLUMN unproven SET DEFAULT true;
ALTER TABLE outbox_shard SET (fillfactor = 50);

UPDATE outbox_shard s SET window_ids = o.ids
  FROM (SELECT topic, partition, array_agg(id ORDER BY sequence) AS ids
          FROM outbox WHERE sequence IS NOT NULL GROUP BY topic, partition) o
 WHERE s.topic = o.topic AND s.partition = o.partition;

ALTER TABLE outbox
    DROP COLUMN sequence,
    ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN not_before timestamptz;
CREATE INDEX outbox_next ON outbox (topic, partition, id) WHERE not_before IS NULL;
CREATE INDEX outbox_delayed ON outbox (not_before) WHERE not_before IS NOT NULL;
-- Rows come and go: its size says nothing about how many are dead.
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
