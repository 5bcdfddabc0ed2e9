-- A connection's state, how often it should be heard, and whether it is.

ALTER TABLE connection
    ADD COLUMN state text NOT NULL DEFAULT 'live'
        CHECK (state IN ('testing', 'live', 'suspended', 'closed')),
    -- NULL: as it was opened.
    ADD COLUMN state_changed_at timestamptz,
    -- How often a message should come; NULL: nobody is told of its silence.
    ADD COLUMN expected jsonb,
    -- One bit for each of the last hundred messages, the newest last: 1 where it was refused.
    ADD COLUMN recent bit(100) NOT NULL DEFAULT repeat('0', 100)::bit(100),
    ADD COLUMN recent_count smallint NOT NULL DEFAULT 0 CHECK (recent_count BETWEEN 0 AND 100),
    ADD COLUMN down_reason text CHECK (down_reason IN ('silent', 'failing')),
    ADD COLUMN down_at timestamptz,
    ADD CHECK ((down_reason IS NULL) = (down_at IS NULL)),
    ADD CHECK (down_reason IS NULL OR state = 'live');

-- Rehearsed: a message of a connection in testing, understood, and without an effect.
ALTER TABLE message DROP CONSTRAINT message_fate_check;
ALTER TABLE message ADD CONSTRAINT message_fate_check
    CHECK (fate IN ('accepted', 'refused', 'duplicate', 'waiting', 'rehearsed'));
