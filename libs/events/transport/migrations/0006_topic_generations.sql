-- A topic grows by a successor. With the first event on that, in its transaction, the topic is closed:
-- whoever still writes to it is refused, so its events are all committed before the successor's.
CREATE TABLE outbox_closed (
    topic text NOT NULL,
    successor text NOT NULL,
    closed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (successor, topic)
);
CREATE INDEX outbox_closed_topic ON outbox_closed (topic);
ALTER TABLE outbox_closed ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox_closed FORCE ROW LEVEL SECURITY;
CREATE POLICY everyone ON outbox_closed USING (true); -- names of topics, of no practice

-- Whoever writes to a topic shares its lock, whoever closes it has it alone: so closing waits for
-- rows that are not committed yet. Each statement here looks anew, so the second one sees what was
-- committed while the first one waited; in the INSERT itself neither would.
CREATE FUNCTION refuse_closed_topics() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    closed text;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('mainstay.outbox'), hashtext(topic))
       FROM (SELECT DISTINCT topic FROM written ORDER BY topic) topics;
    SELECT topic INTO closed FROM outbox_closed WHERE topic IN (SELECT topic FROM written) LIMIT 1;
    IF FOUND THEN
        -- A serialization failure: tried again, until the process that knows the successor does it.
        RAISE EXCEPTION 'topic % is closed: its events go to its successor', closed
            USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER refuse_closed_topics AFTER INSERT ON outbox
    REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed_topics();

-- A key is the same in all generations of a topic: it waits under the first one's name. `stood_on`
-- is the generation that an event (of a key: its first one) stood on; NULL, on the first.
ALTER TABLE parked_key ADD COLUMN stood_on text;
ALTER TABLE parked_event
    ADD COLUMN stood_on text,
    DROP CONSTRAINT parked_event_practice_id_consumer_topic_partition_offset__key;
CREATE UNIQUE INDEX parked_event_once ON parked_event
    (practice_id, consumer, coalesce(stood_on, topic), partition, offset_);
