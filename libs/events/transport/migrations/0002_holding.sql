-- Who dies with an event in hand leaves `held` set: the next owner goes on with care. `tried_offset`
-- is the event that was alone in hand last, and `tries` how often.
ALTER TABLE checkpoint
    ADD COLUMN held boolean NOT NULL DEFAULT false,
    ADD COLUMN tried_offset bigint,
    ADD COLUMN tries integer NOT NULL DEFAULT 0;
